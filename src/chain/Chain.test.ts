import { setTimeout as delay } from 'node:timers/promises'
import { privateKeyToAccount } from 'viem/accounts'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { type Rule, type Tamper, tamper } from '../../test/tamper.ts'
import * as Log from '../base/Log.ts'
import * as Anvil from '../drill/Anvil.ts'
import * as Rpc from '../drill/Rpc.ts'
import type * as Block from './Block.ts'
import * as Chain from './Chain.ts'

const to = '0x70997970c51812dc3a010c7d01b50e0d17dc79c8'
const account = privateKeyToAccount('0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80')

/** Longer than anything takes, because the machine may be busy. */
const eventually = <value>(look: () => value) => expect.poll(look, { timeout: 10_000, interval: 20 })

let anvil: Anvil.Anvil
/** The same chain id, begun at another time: another genesis. */
let twin: Anvil.Anvil
let first: Tamper
let second: Tamper
const opened: Chain.Chain[] = []

beforeAll(async () => {
  anvil = await Anvil.start({ chainId: 7_101, args: ['--timestamp', '1700000000'] })
  twin = await Anvil.start({ chainId: 7_101, args: ['--timestamp', '1700000001'] })
  first = await tamper(anvil.httpUrl)
  second = await tamper(anvil.httpUrl)
})
afterEach(() => {
  for (const chain of opened.splice(0)) chain.close()
  for (const proxy of [first, second]) {
    proxy.rules.clear()
    proxy.accept()
    proxy.redirect(anvil.httpUrl)
    proxy.asked.length = 0
  }
})
afterAll(async () => {
  await Promise.all([first, second].map((proxy) => proxy?.stop()))
  await Promise.all([anvil, twin].map((chain) => chain?.stop()))
})

async function open(endpoints: readonly string[], options: Partial<Chain.Options> = {}): Promise<Chain.Chain> {
  const chain = await Chain.open({
    name: 'test',
    chain: 'eip155:7101',
    endpoints,
    log: Log.create('silent'),
    timeoutMs: 2_000,
    pollMs: 40,
    ...options,
  })
  opened.push(chain)
  return chain
}

const stateOf = (chain: Chain.Chain) => chain.status().map(({ state }) => state)
const mine = () => Rpc.call(anvil.httpUrl, 'evm_mine')

const faults: readonly (readonly [string, Rule])[] = [
  ['cuts', { kind: 'cut' }],
  ['never answers', { kind: 'silence' }],
  ['answers too late', { kind: 'delay', ms: 4_000 }],
  ['sends half an answer', { kind: 'truncate' }],
  ['is busy', { kind: 'busy' }],
  ['does not know the method', { kind: 'refuse', code: -32601, message: 'the method eth_gasPrice does not exist' }],
]

test.each(['wsUrl', 'httpUrl'] as const)(
  'the next endpoint answers where the first (%s) fails, whatever the way',
  async (url) => {
    for (const [, rule] of faults) {
      const chain = await open([first[url], second[url]])
      first.rules.set('eth_gasPrice', rule)
      second.asked.length = 0
      expect(await chain.request('eth_gasPrice')).toMatch(/^0x/)
      expect(second.asked).toContain('eth_gasPrice')
      first.rules.clear()
      await eventually(() => stateOf(chain)).toEqual(['up', 'up'])
      chain.close()
    }
  },
)

test('a result that the asker finds faulty is asked of the next endpoint, and the first is asked last from then on', async () => {
  const chain = await open([first.wsUrl, second.wsUrl])
  first.rules.set('eth_gasPrice', { kind: 'lie', answer: () => null })
  const fault = (result: unknown) => (result === null ? 'no price' : undefined)
  expect(await chain.request('eth_gasPrice', [], { fault })).toMatch(/^0x/)
  expect(chain.status()[0]?.suspicion).toBe('no price')
  first.asked.length = 0
  await chain.request('eth_gasPrice', [], { fault })
  expect(first.asked).not.toContain('eth_gasPrice')
})

test('a revert is an answer: no other endpoint is asked', async () => {
  const chain = await open([first.wsUrl, second.wsUrl])
  await expect(chain.request('eth_call', [{ data: '0x60006000fd' }])).rejects.toMatchObject({
    name: 'Wire.RpcError',
    code: 3,
    data: '0x',
    remedy: 'operator',
  })
  expect(second.asked).not.toContain('eth_call')
})

test('the only endpoint is cut: a request waits for it to come back', async () => {
  const chain = await open([first.wsUrl], { timeoutMs: 2_000 })
  first.cut({ refuse: true })
  await eventually(() => stateOf(chain)).toEqual(['down'])
  const asked = chain.request('eth_blockNumber')
  await delay(100)
  first.accept()
  expect(await asked).toMatch(/^0x/)
})

test.each(['wsUrl', 'httpUrl'] as const)(
  'an endpoint (%s) of another chain id is not used, says why, and hides its key',
  async (url) => {
    first.rules.set('eth_chainId', { kind: 'lie', answer: () => '0x1' })
    const secret = `${first[url].replace('://', '://user:pass@')}/v2/0123456789abcdef0123456789abcdef?token=abc`
    const chain = await open([secret, second[url]])
    const [wrong] = chain.status()
    expect(wrong).toMatchObject({
      state: 'wrong_chain',
      url: `${first[url]}/v2/…?token=…`,
      lastError: expect.stringContaining('should be 7101 and is 1'),
    })
    first.asked.length = 0
    await chain.request('eth_gasPrice')
    expect(first.asked).not.toContain('eth_gasPrice')
    first.rules.clear()
    await eventually(() => stateOf(chain)).toEqual(['up', 'up'])
  },
)

test('a WebSocket on which nothing comes any more is given up and made anew', async () => {
  const chain = await open([first.wsUrl, second.wsUrl], { timeoutMs: 800 })
  first.rules.set('*', { kind: 'silence' })
  await chain.request('eth_gasPrice')
  expect(chain.status()[0]).toMatchObject({ state: 'down', lastError: 'nothing came within 800 ms' })
  first.rules.clear()
  await eventually(() => stateOf(chain)).toEqual(['up', 'up'])
})

test('with no endpoint of the right chain, opening fails and names each with its reason', async () => {
  first.rules.set('eth_chainId', { kind: 'lie', answer: () => '0x1' })
  const genesisHash = `0x${'11'.repeat(32)}` as const
  const failed = await open([first.wsUrl, second.httpUrl, 'http://127.0.0.1:9'], { genesisHash }).catch(
    (thrown) => thrown,
  )
  expect(failed).toMatchObject({ name: 'Chain.NoEndpointError' })
  expect(failed.message).toContain(`${first.wsUrl}  `)
  expect(failed.message).toContain('should be 7101 and is 1')
  expect(failed.message).toContain(`should be ${genesisHash}`)
  expect(failed.message).toContain('ECONNREFUSED')
  await expect(open([first.wsUrl])).rejects.toMatchObject({ remedy: 'config' })
})

test('a genesis that is not configured is learnt from the first endpoint, and another with the same chain id is not used', async () => {
  second.redirect(twin.httpUrl)
  second.rules.set('eth_chainId', { kind: 'delay', ms: 100 })
  const chain = await open([second.wsUrl, first.wsUrl])
  expect(stateOf(chain)).toEqual(['wrong_chain', 'up'])
  const genesis = (await Rpc.call(anvil.httpUrl, 'eth_getBlockByNumber', ['0x0', false])) as { hash: string }
  expect(chain.key).toBe(`eip155:7101@${genesis.hash}`)
})

test.each(['wsUrl', 'httpUrl'] as const)(
  'an endpoint (%s) that comes back with another genesis is not used again',
  async (url) => {
    const chain = await open([first[url], second[url]])
    first.redirect(twin.httpUrl)
    first.cut()
    // HTTP notices at the next request, and only then has to be checked.
    first.rules.set('eth_gasPrice', { kind: 'cut' })
    await chain.request('eth_gasPrice')
    first.rules.clear()
    await eventually(() => stateOf(chain)).toEqual(['wrong_chain', 'up'])
    expect(chain.status()[0]?.lastError).toMatch(/The genesis should be 0x/)
  },
)

test('a head is told once by two endpoints, and goes on being told when the sockets are cut', async () => {
  const chain = await open([first.wsUrl, second.wsUrl, anvil.httpUrl])
  const heads: Block.Header[] = []
  chain.onHead((head) => heads.push(head))
  await delay(100)
  heads.length = 0
  await mine()
  await eventually(() => heads.length).toBe(1)
  await delay(150)
  expect(heads).toHaveLength(1)

  first.cut({ refuse: true })
  second.cut({ refuse: true })
  await eventually(() => stateOf(chain)).toEqual(['down', 'down', 'up'])
  await mine()
  await eventually(() => heads.length).toBe(2)
  expect(heads[1]?.parentHash).toBe(heads[0]?.hash)
  expect(chain.status()[2]?.lastHead).toBe(heads[1]?.number)
})

test('a subscription that goes silent is noticed: heads come by polling, and it is made anew', async () => {
  const chain = await open([first.wsUrl])
  await delay(100)
  first.rules.set('eth_subscription', { kind: 'silence' })
  first.asked.length = 0
  const heads: Block.Header[] = []
  chain.onHead((head) => heads.push(head))
  for (let count = 1; count <= 3; count++) {
    await mine()
    await eventually(() => heads.length).toBe(count)
  }
  await eventually(() => first.asked).toContain('eth_subscribe')
})

test.each([
  ['whole', undefined],
  [
    'by hash, fetched',
    {
      kind: 'refuse',
      code: -32602,
      message: 'too many arguments',
      when: (params: readonly unknown[]) => params[1] === true,
    } as const,
  ],
])('pending transactions are told %s', async (_, rule) => {
  await Rpc.call(anvil.httpUrl, 'evm_setAutomine', [false])
  const chain = await open([first.wsUrl])
  if (rule) first.rules.set('eth_subscribe', rule)
  const told: Block.Transaction[] = []
  const subscribed = first.asked.length
  chain.onPending((transactions) => told.push(...transactions))
  await eventually(() => first.asked.slice(subscribed)).toContain('eth_subscribe')
  await delay(50)
  const nonce = Number(await chain.request('eth_getTransactionCount', [account.address, 'pending']))
  const hash = await chain.send(await sign(nonce))
  await expect
    .poll(() => told)
    .toMatchObject([{ hash, index: -1, from: account.address.toLowerCase(), to, value: 5n, nonce }])
  await mine()
  await Rpc.call(anvil.httpUrl, 'evm_setAutomine', [true])
})

test('a transaction is sent to every endpoint; one that is known or included already counts as sent', async () => {
  const chain = await open([first.wsUrl, second.httpUrl])
  await Rpc.call(anvil.httpUrl, 'evm_setAutomine', [false])
  const raw = await sign(Number(await chain.request('eth_getTransactionCount', [account.address, 'latest'])))
  first.rules.set('eth_sendRawTransaction', { kind: 'cut' })
  const hash = await chain.send(raw)
  first.rules.clear()
  // Known to the pool: the refusal itself says so, and no look at the chain is needed.
  for (const proxy of [first, second]) proxy.rules.set('eth_getTransactionByHash', { kind: 'lie', answer: () => null })
  expect(await chain.send(raw)).toBe(hash)
  for (const proxy of [first, second]) proxy.rules.clear()
  await mine()
  expect(await chain.send(raw)).toBe(hash)
  await Rpc.call(anvil.httpUrl, 'evm_setAutomine', [true])
  expect(first.asked).toContain('eth_sendRawTransaction')
  await expect(chain.send(await sign(0, 6n))).rejects.toMatchObject({
    name: 'Wire.RpcError',
    shortMessage: expect.stringMatching(/nonce too low/i),
  })
})

test.each(['wsUrl', 'httpUrl'] as const)(
  'an answer longer than is allowed (%s) is cut off, and the next endpoint asked',
  async (url) => {
    const chain = await open([first[url], second[url]], { maxResponseBytes: 100_000 })
    first.rules.set('eth_gasPrice', { kind: 'lie', answer: () => `0x${'0'.repeat(200_000)}` })
    expect(await chain.request('eth_gasPrice')).toMatch(/^0x.{1,20}$/)
    await eventually(() => stateOf(chain)).toEqual(['up', 'up'])
    expect(chain.status()[0]?.lastError).toMatch(/longer than 100000 bytes|Max payload size exceeded/)
  },
)

test.each(['wsUrl', 'httpUrl'] as const)('nonsense from an endpoint (%s) harms nobody', async (url) => {
  const chain = await open([first[url], second[url]])
  for (const nonsense of [undefined, 'x', [], { hash: 1 }, { number: '0x', hash: '0x' }]) {
    first.rules.set('eth_getBlockByNumber', { kind: 'lie', answer: () => nonsense })
    await delay(60)
    expect(await chain.request('eth_chainId')).toBe('0x1bbd')
  }
})

test('a viem client asks through the chain and understands its reverts', async () => {
  const client = Chain.toClient(await open([first.wsUrl]))
  expect(await client.getChainId()).toBe(7101)
  expect(await client.getBalance({ address: to })).toBeGreaterThan(0n)
  await expect(client.call({ data: '0x60006000fd' })).rejects.toThrow(/revert/)
})

async function sign(nonce: number, value = 5n) {
  return account.signTransaction({
    chainId: 7_101,
    to,
    value,
    gas: 21_000n,
    nonce,
    maxFeePerGas: 10n ** 11n,
    maxPriorityFeePerGas: 1n,
  })
}
