import { parseEther as ether } from 'viem'
import { afterEach, expect, test } from 'vitest'
import * as Accounts from './Accounts.ts'
import * as Anvil from './Anvil.ts'
import * as Rpc from './Rpc.ts'
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

test('the world stands: a vault with cash and a fair price, owned by a 2-of-3 Safe', async () => {
  const world = await build()
  const vault = (view: string, args: readonly unknown[] = []) => World.read(world, 'vault', view, args)
  expect(await vault('cash')).toBe(ether('1000'))
  expect(await vault('totalAssets')).toBe(ether('1020.02'))
  expect(await vault('price')).toBe(ether('0.01'))
  expect(await vault('badDebt')).toBe(0n)
  expect(await vault('isSolvent')).toBe(true)
  expect(await vault('healthy', [world.accounts.borrower1.address])).toBe(true)
  expect(await vault('owner')).toBe(world.contracts.safe.address)
  expect(await vault('guardian')).toBe(world.accounts.guardian.address)
  expect(await World.read(world, 'safe', 'getThreshold')).toBe(2n)
  expect(await World.read(world, 'safe', 'getOwners')).toEqual(
    Accounts.owners.map((name) => world.accounts[name].address),
  )
})

test('every contract is where the world says, except the attacker’s, which is yet to come', async () => {
  const world = await build()
  const contracts = Object.entries(world.contracts)
  const codes = await Rpc.all(
    world.url,
    contracts.map(([, { address }]) => ['eth_getCode', [address, 'latest']]),
  )
  expect(contracts.filter((_, index) => codes[index] === '0x').map(([name]) => name)).toEqual(['attack'])
})

test('two chains of different id hold the same world', async () => {
  const [one, two] = await Promise.all([build({ chainId: 1_001 }), build({ chainId: 1_002, blockTime: 1 })])
  expect(two.contracts).toEqual(one.contracts)
  expect(two.accounts.guardian.address).toBe(one.accounts.guardian.address)
  expect([one.chainId, two.chainId]).toEqual([1_001, 1_002])
})

test.each([
  ['mines at once', {}],
  ['mines every second', { blockTime: 1 }],
  ['mines on demand', { args: ['--no-mining'] }],
])('a chain that %s is built on quickly and left as it was', async (_, options) => {
  const chain = await Anvil.start({ chainId: 31_337, ...options })
  started.push(chain)
  const mode = () =>
    Rpc.all(chain.httpUrl, [
      ['anvil_getAutomine'],
      ['anvil_getIntervalMining'],
      ['eth_getBlockByNumber', ['0x0', false]],
    ])
  const before = await mode()
  const began = performance.now()
  const { readyAt } = await World.deploy({ url: chain.httpUrl })
  expect(performance.now() - began).toBeLessThan(4_000)
  expect(await mode()).toEqual(before)
  expect(readyAt).toBeGreaterThanOrEqual(5n)
  await Rpc.call(chain.httpUrl, 'evm_mine')
  const limits = await Rpc.call(chain.httpUrl, 'eth_getBlockByNumber', ['latest', false])
  expect(limits).toMatchObject({ gasLimit: '0x1c9c380' })
})

test('a second world on the same chain is an error that asks for a fresh chain', async () => {
  const { url } = await build()
  await expect(World.deploy({ url })).rejects.toThrow(/Start from a fresh chain/)
})

test('those in charge alone hold the switches', async () => {
  const world = await build()
  const vault = world.contracts.vault.address
  const call = (from: Accounts.Name, functionName: string, args: readonly unknown[] = []) =>
    Rpc.call(world.url, 'eth_call', [
      { from: world.accounts[from].address, to: vault, data: World.encode(world, 'vault', functionName, args) },
      'latest',
    ]).then(
      () => 'allowed',
      () => 'denied',
    )
  expect(await call('guardian', 'pause')).toBe('allowed')
  expect(await call('trader1', 'pause')).toBe('denied')
  expect(await call('guardian', 'setBorrowCap', [0n])).toBe('denied')
  expect(await call('guardian', 'setGuardian', [world.accounts.trader1.address])).toBe('denied')
  const sender = Sender.open(world.url, world.chainId, world.accounts)
  await Sender.sendAll(sender, [{ from: 'guardian', to: vault, data: World.encode(world, 'vault', 'pause') }])
  await expect.poll(() => World.read(world, 'vault', 'paused')).toBe(true)
  expect(await call('guardian', 'unpause')).toBe('denied')
  expect(await call('lender1', 'redeem', [1n])).toBe('denied')
  expect(await call('lender1', 'supply', [1n])).toBe('denied')
})
