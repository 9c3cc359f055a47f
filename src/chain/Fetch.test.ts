import { setTimeout as delay } from 'node:timers/promises'
import { type AbiFunction, type Hash, type Hex, keccak256, parseAbi } from 'viem'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { type Tamper, tamper } from '../../test/tamper.ts'
import * as Log from '../base/Log.ts'
import * as Anvil from '../drill/Anvil.ts'
import * as Rpc from '../drill/Rpc.ts'
import * as Chain from './Chain.ts'
import * as Facts from './Facts.ts'
import * as Fetch from './Fetch.ts'

const from = '0xf39fd6e51aad88f6f4ce6ab8827279cfffb92266'
/** Emits one log with the calldata as data and its first word as topic, and returns one; without calldata it reverts. */
const runtime = '36600014601e57366000600037600035366000a1600160005260206000f35b60006000fd'
const code = `0x60${(runtime.length / 2).toString(16)}600c60003960${(runtime.length / 2).toString(16)}6000f3${runtime}`

let anvil: Anvil.Anvil
let liar: Tamper
let honest: Tamper
let emitter: Hex
let block: { hash: Hash; number: bigint }
const opened: Chain.Chain[] = []

beforeAll(async () => {
  anvil = await Anvil.start({ chainId: 7_201 })
  liar = await tamper(anvil.httpUrl)
  honest = await tamper(anvil.httpUrl)
  const receipt = (await Rpc.call(anvil.httpUrl, 'eth_sendTransactionSync', [
    { from, data: code, gas: '0x100000' },
  ])) as { contractAddress: Hex }
  emitter = receipt.contractAddress
  await Rpc.call(anvil.httpUrl, 'evm_setAutomine', [false])
  block = await emit(4)
})
afterEach(() => {
  for (const chain of opened.splice(0)) chain.close()
  for (const proxy of [liar, honest]) {
    proxy.rules.clear()
    proxy.asked.length = 0
  }
})
afterAll(async () => {
  await Promise.all([liar, honest].map((proxy) => proxy?.stop()))
  await anvil?.stop()
})

async function emit(count: number) {
  await Rpc.all(
    anvil.httpUrl,
    Array.from(
      { length: count },
      (_, index) =>
        [
          'eth_sendTransaction',
          [{ from, to: emitter, gas: '0x20000', data: `0x1${[0, 1, 1, 2][index % 4]}` }],
        ] as const,
    ),
  )
  await Rpc.call(anvil.httpUrl, 'evm_mine')
  const { hash, number } = (await Rpc.call(anvil.httpUrl, 'eth_getBlockByNumber', ['latest', false])) as {
    hash: Hash
    number: Hex
  }
  return { hash, number: BigInt(number) }
}

async function open(endpoints: readonly string[], options: Partial<Chain.Options> = {}): Promise<Chain.Chain> {
  const chain = await Chain.open({
    name: 'test',
    chain: 'eip155:7201',
    endpoints,
    log: Log.create('silent'),
    timeoutMs: 2_000,
    pollMs: 40,
    ...options,
  })
  opened.push(chain)
  return chain
}

type Raw = Record<string, unknown>

test('a block by number and by hash is the same, with its transactions and logs', async () => {
  const chain = await open([honest.wsUrl])
  const facts = await Fetch.facts(chain, block.hash, {})
  expect(facts).toMatchObject({
    stage: 'included',
    block: { chain: chain.key, number: block.number, hash: block.hash },
  })
  expect(facts.block.transactions.map(({ index, to }) => [index, to])).toEqual(
    [0, 1, 2, 3].map((index) => [index, emitter]),
  )
  expect(facts.block.logs.map(({ logIndex, data, address }) => [logIndex, data, address])).toEqual(
    ['0x10', '0x11', '0x11', '0x12'].map((data, index) => [index, data, emitter]),
  )
  expect(await Fetch.facts(chain, block.number, {})).toEqual(facts)
  const other = await open([honest.httpUrl])
  expect(await Fetch.facts(other, block.number, {})).toEqual(facts)
})

const lies: readonly (readonly [string, string, (answer: Raw & Raw[]) => unknown])[] = [
  ['leaves a log out', 'eth_getLogs', (logs) => logs.slice(0, -1)],
  ['leaves one of two equal logs out', 'eth_getLogs', (logs) => logs.filter((_, index) => index !== 1)],
  ['gives no logs', 'eth_getLogs', () => []],
  [
    'makes a log up',
    'eth_getLogs',
    (logs) => [...logs, { ...logs.at(-1), logIndex: '0x9', address: `0x${'ab'.repeat(20)}` }],
  ],
  ['gives a log twice', 'eth_getLogs', (logs) => [...logs, logs[0]]],
  [
    'gives logs of another block',
    'eth_getLogs',
    (logs) => logs.map((log) => ({ ...log, blockHash: `0x${'ab'.repeat(32)}` })),
  ],
  [
    'gives a log of another transaction',
    'eth_getLogs',
    (logs) => logs.map((log) => ({ ...log, transactionHash: `0x${'ab'.repeat(32)}` })),
  ],
  ['gives a log without address', 'eth_getLogs', (logs) => logs.map((log) => ({ ...log, address: '0x12' }))],
  [
    'gives a log with too many topics',
    'eth_getLogs',
    (logs) => logs.map((log) => ({ ...log, topics: Array(9).fill(`0x${'00'.repeat(32)}`) })),
  ],
  ['gives logs that are no list', 'eth_getLogs', () => ({})],
  ['gives another block', 'eth_getBlockByHash', (answer) => ({ ...answer, hash: keccak256('0x01') })],
  [
    'gives transactions out of order',
    'eth_getBlockByHash',
    (answer) => ({ ...answer, transactions: [...(answer.transactions as Raw[])].reverse() }),
  ],
  [
    'numbers transactions wrongly',
    'eth_getBlockByHash',
    (answer) => ({
      ...answer,
      transactions: (answer.transactions as Raw[]).map((item) => ({ ...item, transactionIndex: '0x0' })),
    }),
  ],
  [
    'gives hashes in place of transactions',
    'eth_getBlockByHash',
    (answer) => ({ ...answer, transactions: (answer.transactions as Raw[]).map(({ hash }) => hash) }),
  ],
  ['gives a time without end', 'eth_getBlockByHash', (answer) => ({ ...answer, timestamp: `0x${'f'.repeat(64)}` })],
  ['gives a block without a parent', 'eth_getBlockByHash', (answer) => ({ ...answer, parentHash: null })],
]

test.each(lies)('an endpoint that %s is found out, and the next one is believed', async (_, method, change) => {
  const chain = await open([liar.wsUrl, honest.wsUrl])
  liar.rules.set(method, { kind: 'lie', answer: async (_params, truth) => change((await truth()) as Raw & Raw[]) })
  const { block: read } = await Fetch.facts(chain, block.hash, {})
  expect(read.logs).toHaveLength(4)
  expect(chain.status()[0]?.suspicion).toEqual(expect.any(String))
  liar.asked.length = 0
  await Fetch.facts(chain, block.hash, {})
  expect(liar.asked).not.toContain('eth_getBlockByHash')
})

test('another block than the one asked for is found out, however well its parts agree', async () => {
  const chain = await open([liar.wsUrl, honest.wsUrl])
  const [early, before] = await Rpc.all(anvil.httpUrl, [
    ['eth_getBlockByNumber', ['0x1', true]],
    ['eth_getBlockByNumber', ['0x0', true]],
  ])
  liar.rules.set('eth_getBlockByHash', { kind: 'lie', answer: () => early })
  liar.rules.set('eth_getLogs', { kind: 'lie', answer: () => [] })
  expect((await Fetch.facts(chain, block.hash, {})).block.hash).toBe(block.hash)
  expect(chain.status()[0]?.suspicion).toMatch(/another block/)
  const other = await open([liar.wsUrl, honest.wsUrl])
  liar.rules.set('eth_getBlockByNumber', {
    kind: 'lie',
    answer: ([number], truth) => (number === '0x0' ? before : number === 'latest' ? truth() : early),
  })
  expect((await Fetch.header(other, block.number))?.hash).toBe(block.hash)
})

test('where all endpoints lie there is no block, but an error that says what each did', async () => {
  const chain = await open([liar.wsUrl, honest.httpUrl])
  for (const proxy of [liar, honest]) proxy.rules.set('eth_getLogs', { kind: 'lie', answer: () => [] })
  const failed = await Fetch.facts(chain, block.hash, {}).catch((thrown) => thrown)
  expect(failed).toMatchObject({ name: 'Fetch.InconsistentBlockError', remedy: 'retry' })
  expect(failed.message).toContain('logs that are not those the block filters for')
})

test('without the bloom check a missing log goes unseen, as documented', async () => {
  const chain = await open([liar.wsUrl], { checkBloom: false })
  liar.rules.set('eth_getLogs', { kind: 'lie', answer: () => [] })
  expect((await Fetch.facts(chain, block.hash, {})).block.logs).toEqual([])
})

test('an endpoint that does not have the block yet is passed over; where none has it there is none', async () => {
  const chain = await open([liar.wsUrl, honest.wsUrl])
  liar.rules.set('eth_getBlockByHash', { kind: 'lie', answer: () => null })
  expect((await Fetch.facts(chain, block.hash, {})).block.hash).toBe(block.hash)
  expect(chain.status()[0]?.suspicion).toBeUndefined()
  expect(await Fetch.find(chain, block.number + 1_000n, {})).toBeUndefined()
  await expect(Fetch.facts(chain, keccak256('0x02'), {})).rejects.toMatchObject({
    name: 'Fetch.UnknownBlockError',
    remedy: 'retry',
  })
})

test.each(['cut', 'truncate', 'silence', 'busy'] as const)(
  'an endpoint that fails in the midst of a block (%s) is passed over',
  async (kind) => {
    for (const method of ['eth_getLogs', 'eth_getBlockByHash']) {
      const chain = await open([liar.wsUrl, honest.httpUrl], { timeoutMs: 800 })
      liar.rules.set(method, { kind })
      expect((await Fetch.facts(chain, block.hash, {})).block.logs).toHaveLength(4)
      liar.rules.clear()
    }
  },
)

const [answering, refusing, absent] = parseAbi([
  'function answer(uint256) view returns (uint256)',
  'function refuse() view returns (uint256)',
  'function none() view returns (uint256)',
]) as readonly AbiFunction[]

test('reads are answered at the block: a value, a revert, no contract', async () => {
  const fallbackless = (await deploy('60006000fd')) as Hex
  const { hash } = await emit(1)
  const chain = await open([honest.wsUrl])
  const reads: Facts.Read[] = [
    { address: emitter, function: answering!, args: [1n] },
    { address: fallbackless, function: refusing!, args: [] },
    { address: `0x${'77'.repeat(20)}`, function: absent!, args: [] },
  ]
  const answers = await Fetch.facts(chain, hash, { reads })
  expect(reads.map((read) => answers.reads.get(Facts.readKey(read)))).toEqual([
    { value: 1n },
    { error: 'execution reverted' },
    { error: expect.stringMatching(/no contract at the address/) },
  ])
  // At a block before the contract was deployed there is none.
  const before = await Fetch.facts(chain, block.hash, { reads })
  expect(before.reads.get(Facts.readKey(reads[1]!))).toEqual({ error: expect.stringMatching(/no contract/) })
})

test('a read that the endpoint does not answer is asked of the next one, and never becomes a revert', async () => {
  const reads: Facts.Read[] = [{ address: emitter, function: answering!, args: [1n] }]
  const chain = await open([liar.wsUrl, honest.wsUrl], { timeoutMs: 800 })
  for (const rule of [
    { kind: 'cut' },
    { kind: 'silence' },
    { kind: 'refuse', code: -32000, message: 'header not found' },
  ] as const) {
    liar.rules.set('eth_call', rule)
    expect((await Fetch.facts(chain, block.hash, { reads })).reads.get(Facts.readKey(reads[0]!))).toEqual({ value: 1n })
  }
  for (const proxy of [liar, honest])
    proxy.rules.set('eth_call', { kind: 'refuse', code: -32000, message: 'header not found' })
  await expect(Fetch.facts(chain, block.hash, { reads })).rejects.toMatchObject({ remedy: 'retry' })
})

test('a server that takes no batches is asked singly', async () => {
  const chain = await open([honest.httpUrl])
  const { default: http } = await import('node:http')
  const server = http.createServer(async (request, response) => {
    const body = (await request.toArray()).join('')
    if (body.startsWith('['))
      return response
        .writeHead(400)
        .end('{"jsonrpc":"2.0","id":null,"error":{"code":-32600,"message":"batches are not for you"}}')
    response.end(
      await (
        await fetch(anvil.httpUrl, { method: 'POST', headers: { 'content-type': 'application/json' }, body })
      ).text(),
    )
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const single = await open([`http://127.0.0.1:${(server.address() as { port: number }).port}`])
  expect(await Fetch.facts(single, block.hash, {})).toEqual(await Fetch.facts(chain, block.hash, {}))
  single.close()
  server.closeAllConnections()
  server.close()
})

test('a block of twenty transactions is here soon after it is visible', async () => {
  const chain = await open([anvil.wsUrl])
  const took: number[] = []
  for (let count = 0; count < 40; count++) {
    const visible = Promise.withResolvers<number>()
    const stop = chain.onHead(async (head) => {
      const beganAt = performance.now()
      await Fetch.facts(chain, head, {})
      visible.resolve(performance.now() - beganAt)
    })
    await emit(20)
    took.push(await visible.promise)
    stop()
    await delay(2)
  }
  took.sort((a, b) => a - b)
  process.stdout.write(`facts of 20 transactions: p50 ${took[20]!.toFixed(2)} ms, p90 ${took[36]!.toFixed(2)} ms\n`)
  expect(took[20]).toBeLessThan(25)
})

async function deploy(deployed: string): Promise<unknown> {
  const length = (deployed.length / 2).toString(16).padStart(2, '0')
  const hash = await Rpc.call(anvil.httpUrl, 'eth_sendTransaction', [
    { from, data: `0x60${length}600c60003960${length}6000f3${deployed}`, gas: '0x100000' },
  ])
  await delay(20)
  await Rpc.call(anvil.httpUrl, 'evm_mine')
  return ((await Rpc.call(anvil.httpUrl, 'eth_getTransactionReceipt', [hash])) as Raw).contractAddress
}
