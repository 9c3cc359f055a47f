import { parseEther as ether } from 'viem'
import { afterEach, expect, test } from 'vitest'
import * as Anvil from './Anvil.ts'
import * as Attack from './Attack.ts'
import * as Loss from './Loss.ts'
import * as Rpc from './Rpc.ts'
import * as Safe from './Safe.ts'
import * as Sender from './Sender.ts'
import * as World from './World.ts'

const started: Anvil.Anvil[] = []
const build = async (options: Partial<Anvil.Options> = {}) => {
  const chain = await Anvil.start({ chainId: 31_337, ...options })
  started.push(chain)
  return World.deploy({ url: chain.httpUrl })
}
afterEach(async () => {
  await Promise.all(started.splice(0).map((chain) => chain.stop()))
})

const head = async ({ url }: World.World) => BigInt((await Rpc.call(url, 'eth_blockNumber')) as string)
const pausing = (world: World.World) => ({
  to: world.contracts.vault.address,
  data: World.encode(world, 'vault', 'pause'),
})
const send = (world: World.World, transaction: Sender.Transaction) =>
  Sender.sendAll(Sender.open(world.url, world.chainId, world.accounts), [transaction])

test('left alone, the attack takes most of the vault, a slice in each block', async () => {
  const world = await build()
  const report = await Attack.run({ world, rounds: 7 })
  expect(report.rounds.map(({ status }) => status)).toEqual(Array(7).fill('success'))
  expect(new Set(report.rounds.map(({ blockNumber }) => blockNumber)).size).toBe(7)

  const { lost, before, after } = await Loss.between(world, world.readyAt, await head(world))
  expect(before.cash).toBe(ether('1000'))
  expect(after.cash).toBe(ether('20'))
  expect(lost).toBeGreaterThan(ether('600'))
  expect(lost).toBe(after.badDebt - (after.totalAssets - before.totalAssets))
  expect(report.profit).toBeGreaterThan(ether('600'))
  // The lenders lose more than the attacker gains: the rest went to the exchanges in fees and to the moved price.
  expect(report.profit).toBeLessThan(lost)
  expect(await World.read(world, 'weth', 'balanceOf', [world.accounts.attacker.address])).toBe(report.profit)
  expect(await World.read(world, 'vault', 'isSolvent')).toBe(false)
})

test('one round takes between an eighth and a fifth of the cash, and leaves the invariant broken', async () => {
  const world = await build()
  const { rounds } = await Attack.run({ world, rounds: 1 })
  const { lost } = await Loss.between(world, world.readyAt, rounds[0]!.blockNumber!)
  expect(lost).toBeGreaterThan(ether('120'))
  expect(lost).toBeLessThan(ether('200'))
  expect(await World.read(world, 'vault', 'badDebt', [], rounds[0]!.blockNumber! - 1n)).toBe(0n)
  expect(await World.read(world, 'vault', 'badDebt', [], rounds[0]!.blockNumber)).toBeGreaterThan(ether('120'))
})

test('a pause by the guardian after the first round stops every later one', async () => {
  const world = await build()
  const first = await Attack.run({ world, rounds: 1 })
  await send(world, { from: 'guardian', ...pausing(world) })
  const later = await Attack.run({ world, rounds: 6, slice: first.slice })
  expect(later.deployment).toBeUndefined()
  expect(later.rounds.map(({ status }) => status)).toEqual(Array(6).fill('reverted'))
  expect(later.profit).toBe(0n)
  const { lost } = await Loss.between(world, first.rounds[0]!.blockNumber!, await head(world))
  expect(lost).toBe(0n)
})

test('a pause that pays more overtakes a round that already waits', async () => {
  const world = await build({ args: ['--no-mining'] })
  const running = Attack.run({ world, rounds: 1 })
  const waiting = () => Rpc.call(world.url, 'eth_getBlockTransactionCountByNumber', ['pending'])
  await expect.poll(waiting).toBe('0x1')
  await Rpc.call(world.url, 'evm_mine')
  await expect.poll(waiting).toBe('0x1')
  await send(world, { from: 'guardian', ...pausing(world), maxFeePerGas: 100n * 10n ** 9n })
  await Rpc.call(world.url, 'evm_mine')
  const { rounds } = await running
  expect(rounds.map(({ status }) => status)).toEqual(['reverted'])
  const { lost } = await Loss.between(world, world.readyAt, await head(world))
  expect(lost).toBe(0n)
})

test('two owners of the Safe pause and unpause; one alone does not', async () => {
  const world = await build()
  const alone = await Safe.order(world, { ...pausing(world), signers: ['owner3'] })
  await send(world, alone)
  expect(await World.read(world, 'vault', 'paused')).toBe(false)

  await send(world, await Safe.order(world, { ...pausing(world), signers: ['owner3', 'owner1'] }))
  await expect.poll(() => World.read(world, 'vault', 'paused')).toBe(true)
  const { rounds } = await Attack.run({ world, rounds: 1 })
  expect(rounds[0]?.status).toBe('reverted')

  const unpause = { to: world.contracts.vault.address, data: World.encode(world, 'vault', 'unpause') }
  await send(world, await Safe.order(world, unpause))
  await expect.poll(() => World.read(world, 'vault', 'paused')).toBe(false)
})

test('the attack ends when it is told to', async () => {
  const world = await build()
  const control = new AbortController()
  const { rounds } = await Attack.run({ world, signal: control.signal, onRound: () => control.abort() })
  expect(rounds).toHaveLength(1)
})

test('a loss from a later block to an earlier one is refused', async () => {
  const world = await build()
  await expect(Loss.between(world, 2n, 1n)).rejects.toThrow(/earlier block to a later one/)
})
