import { parseEther as ether } from 'viem'
import { afterEach, expect, test } from 'vitest'
import * as Anvil from './Anvil.ts'
import * as Attack from './Attack.ts'
import * as Intent from './Intent.ts'
import * as Loss from './Loss.ts'
import * as Random from './Random.ts'
import * as Sender from './Sender.ts'
import * as Traffic from './Traffic.ts'
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

const planned = (seed: number, blocks = 22) => Traffic.plan({ random: Random.seeded(seed), blocks })

test('the same seed plans the same traffic, another seed another', () => {
  expect(planned(7)).toEqual(planned(7))
  expect(planned(7)).not.toEqual(planned(8))
})

test.each([1, 2, 3, 4, 5])(
  'a plan from seed %i has 200 transactions of many kinds, about twelve in a block',
  (seed) => {
    const plan = planned(seed)
    expect(plan.flat().length).toBeGreaterThanOrEqual(200)
    expect(new Set(plan.flat().map(({ kind }) => kind)).size).toBeGreaterThanOrEqual(14)
    for (const block of plan) expect(block.length).toSatisfy((size: number) => size >= 9 && size <= 15)
  },
)

test('honest traffic goes through, whale, Safe and arbitrage included, and costs the lenders nothing', async () => {
  const world = await build({ blockTime: 0.15 })
  const changes: Traffic.Sent[] = []
  const sent = await Traffic.run({ world, plan: planned(1), onChange: (change) => changes.push(change) })
  const { total, byKind, byStatus } = Traffic.tally(sent)
  expect(total).toBeGreaterThanOrEqual(200)
  expect(Object.keys(byKind).length).toBeGreaterThanOrEqual(8)
  expect(total - (byStatus.success ?? 0)).toBeLessThanOrEqual(5)
  expect(byStatus.pending).toBeUndefined()
  expect(changes).toHaveLength(2 * total)

  const statuses = (kind: Intent.Kind) => sent.filter((one) => one.kind === kind).map(({ status }) => status)
  expect(statuses('arbitrage')).toEqual(['success', 'success', 'success', 'success'])
  expect(statuses('largeRedeem')).toEqual(['success'])
  expect(statuses('setBorrowCap')).toEqual(['success'])

  const redeemed = sent.find(({ kind }) => kind === 'largeRedeem')!.blockNumber!
  const outflow = await Loss.between(world, redeemed - 1n, redeemed)
  expect(outflow.after.redeemed - outflow.before.redeemed).toBeGreaterThan(ether('150'))
  expect(outflow.lost).toBeLessThanOrEqual(0n)

  const last = BigInt(Math.max(...sent.map(({ blockNumber }) => Number(blockNumber))))
  const { lost } = await Loss.between(world, world.readyAt, last)
  expect(lost).toBeLessThanOrEqual(0n)
  expect(await World.read(world, 'vault', 'isSolvent')).toBe(true)
})

test('arbitrage brings two prices together and earns', async () => {
  const world = await build()
  const gap = async () => {
    const [here, there] = await Promise.all(
      (['pair', 'pairElsewhere'] as const).map(async (name) => {
        const [one, two] = (await World.read(world, name, 'getReserves')) as [bigint, bigint, number]
        return Number(one) / Number(two)
      }),
    )
    return Math.abs(here! / there! - 1)
  }
  const random = Random.seeded(3)
  const sender = Sender.open(world.url, world.chainId, world.accounts)
  const perform = async (kind: Intent.Kind) =>
    Sender.sendAll(sender, [await Intent.transaction(world, Intent.make(random, kind))])
  await perform('sellElsewhere')
  await expect.poll(gap).toBeGreaterThan(0.05)
  await perform('arbitrage')
  await expect.poll(gap).toBeLessThan(0.007)
  const earned = await World.read(world, 'weth', 'balanceOf', [world.accounts.arbitrageur.address])
  expect(earned).toBeGreaterThan(ether('0.01'))
})

test('traffic runs on a chain that mines at once, and ends early when told to', async () => {
  const world = await build()
  const plan = planned(2)
  const control = new AbortController()
  let mined = 0
  const sent = await Traffic.run({
    world,
    plan,
    signal: control.signal,
    onChange: ({ status }) => status === 'success' && ++mined > 20 && control.abort(),
  })
  expect(mined).toBe(sent.length)
  expect(sent.length).toBeLessThan(plan.flat().length / 2)
  expect(sent.map(({ status }) => status)).toEqual(sent.map(() => 'success'))
})

test('beside an attack that is paused, honest failures are counted apart and the loss stays at what was taken', async () => {
  const world = await build({ blockTime: 0.15 })
  const control = new AbortController()
  const traffic = Traffic.run({ world, plan: planned(4, 40), signal: control.signal })
  const guard = Sender.open(world.url, world.chainId, world.accounts)
  const pause = { to: world.contracts.vault.address, data: World.encode(world, 'vault', 'pause') }
  let paused: Promise<unknown> | undefined
  const { rounds } = await Attack.run({
    world,
    onRound: () => {
      paused ??= Sender.sendAll(guard, [{ from: 'guardian', ...pause, maxFeePerGas: 100n * 10n ** 9n }])
    },
  })
  await paused
  control.abort()
  const { byStatus } = Traffic.tally(await traffic)
  expect(rounds.filter(({ status }) => status === 'success').length).toBeLessThanOrEqual(2)
  expect(rounds.at(-1)?.status).toBe('reverted')
  expect(byStatus.paused).toBeGreaterThan(0)
  expect((byStatus.reverted ?? 0) + (byStatus.refused ?? 0) + (byStatus.missing ?? 0)).toBeLessThanOrEqual(5)
  const { lost } = await Loss.between(world, rounds[0]!.blockNumber! - 1n, rounds.at(-1)!.blockNumber!)
  expect(lost).toBeGreaterThan(ether('100'))
  expect(lost).toBeLessThan(ether('400'))
})
