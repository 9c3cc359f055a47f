import { afterEach, beforeEach, expect, test } from 'vitest'
import { type Tamper, tamper } from '../../test/tamper.ts'
import * as Log from '../base/Log.ts'
import * as Anvil from '../drill/Anvil.ts'
import * as Rpc from '../drill/Rpc.ts'
import type * as Block from './Block.ts'
import * as Chain from './Chain.ts'
import * as Follow from './Follow.ts'

const chainId = 7_301
/** Longer than anything takes, because the machine may be busy. */
const eventually = <value>(look: () => value) => expect.poll(look, { timeout: 10_000, interval: 20 })
/** Two nodes of one chain: the same genesis, and the same blocks as long as both are told the same. */
let anvil: Anvil.Anvil
let other: Anvil.Anvil
let first: Tamper
let second: Tamper
const opened: Chain.Chain[] = []

beforeEach(async () => {
  const args = ['--timestamp', '1700000000', '--no-mining']
  ;[anvil, other] = await Promise.all([Anvil.start({ chainId, args }), Anvil.start({ chainId, args })])
  ;[first, second] = await Promise.all([tamper(anvil.httpUrl), tamper(other.httpUrl)])
})
afterEach(async () => {
  for (const chain of opened.splice(0)) chain.close()
  await Promise.all([first, second].map((proxy) => proxy.stop()))
  await Promise.all([anvil, other].map((chain) => chain.stop()))
})

async function open(endpoints: readonly string[]): Promise<Chain.Chain> {
  const chain = await Chain.open({
    name: 'walked',
    chain: `eip155:${chainId}`,
    endpoints,
    log: Log.create('silent'),
    pollMs: 20,
    timeoutMs: 2_000,
  })
  opened.push(chain)
  return chain
}

/** Empty blocks, one second apart. Their content depends on nothing else, so two nodes make the same. */
async function mine(node: Anvil.Anvil, count: number): Promise<void> {
  for (let made = 0; made < count; made++) {
    const head = await headOf(node)
    await Rpc.all(node.httpUrl, [['evm_setNextBlockTimestamp', [Number(head.timestamp) + 1]], ['evm_mine']])
  }
}

async function headOf(
  node: Anvil.Anvil,
  number = 'latest',
): Promise<{ readonly hash: string; readonly number: string; readonly timestamp: string }> {
  return (await Rpc.call(node.httpUrl, 'eth_getBlockByNumber', [number, false])) as {
    hash: string
    number: string
    timestamp: string
  }
}

/** A caller that stores what it is given, as the server does. */
function walker(chain: Chain.Chain, start: bigint | 'latest' = 0n) {
  const stored = new Map<bigint, Block.Header>()
  const steps: { kind: 'block' | 'retract'; hash: string; number: bigint }[] = []
  let cursor: Block.Header | undefined
  const step = () => Follow.next(chain, { cursor, start, known: async (number) => stored.get(number), demand: {} })
  return {
    stored,
    steps,
    step,
    cursor: () => cursor,
    walk: async () => {
      for (let next = await step(); next.kind !== 'wait'; next = await step()) {
        const header = next.kind === 'block' ? next.facts.block : next.header
        steps.push({ kind: next.kind, hash: header.hash, number: header.number })
        if (next.kind === 'block') {
          stored.set(header.number, header)
          cursor = header
        } else {
          stored.delete(header.number)
          cursor = next.parent
        }
      }
      return steps.splice(0)
    },
  }
}

test('every block is given once, in order, from the start asked for', async () => {
  await mine(anvil, 5)
  const { walk } = walker(await open([first.wsUrl]))
  expect((await walk()).map(({ kind, number }) => [kind, number])).toEqual(
    [0n, 1n, 2n, 3n, 4n, 5n].map((number) => ['block', number]),
  )
  await mine(anvil, 2)
  expect((await walk()).map(({ number }) => number)).toEqual([6n, 7n])
  expect(await walk()).toEqual([])
})

test('from the latest block, and a start that is yet to come is waited for', async () => {
  await mine(anvil, 3)
  const chain = await open([first.httpUrl])
  expect((await walker(chain, 'latest').walk()).map(({ number }) => number)).toEqual([3n])
  const later = walker(chain, 5n)
  expect(await later.walk()).toEqual([])
  await mine(anvil, 2)
  expect((await later.walk()).map(({ number }) => number)).toEqual([5n])
})

test.each([1, 5, 32])(
  'a reorganisation of depth %i retracts exactly what was replaced, newest first, then gives what took its place',
  async (depth) => {
    await mine(anvil, 40)
    const { walk } = walker(await open([first.wsUrl]))
    const before = await walk()
    // Another timestamp makes other blocks.
    await Rpc.call(anvil.httpUrl, 'anvil_reorg', [depth, []])
    const after = await walk()
    const replaced = before.slice(-depth).reverse()
    expect(after.slice(0, depth)).toEqual(replaced.map(({ hash, number }) => ({ kind: 'retract', hash, number })))
    expect(after.slice(depth).map(({ kind, number }) => [kind, number])).toEqual(
      replaced.reverse().map(({ number }) => ['block', number]),
    )
    const heads = new Set(before.map(({ hash }) => hash))
    expect(after.slice(depth).some(({ hash }) => heads.has(hash))).toBe(false)
    expect(after.at(-1)?.hash).toBe((await headOf(anvil)).hash)
  },
)

test('a chain that was rolled back and grew anew, still shorter than ours, is followed', async () => {
  await mine(anvil, 10)
  const { walk, cursor } = walker(await open([first.wsUrl]))
  const before = await walk()
  await Rpc.call(anvil.httpUrl, 'anvil_rollback', [5])
  // Nothing speaks against our branch yet: an endpoint that is behind looks the same.
  expect(await walk()).toEqual([])
  const head = await headOf(anvil)
  await Rpc.all(anvil.httpUrl, [['evm_setNextBlockTimestamp', [Number(head.timestamp) + 7]], ['evm_mine']])
  const after = await walk()
  expect(after.map(({ kind, number }) => [kind, number])).toEqual([
    ...[10n, 9n, 8n, 7n, 6n].map((number) => ['retract', number]),
    ['block', 6n],
  ])
  expect(after.slice(0, 5).map(({ hash }) => hash)).toEqual(
    before
      .slice(-5)
      .reverse()
      .map(({ hash }) => hash),
  )
  expect(cursor()?.hash).toBe((await headOf(anvil)).hash)
})

test('a reorganisation below the only block we know is walked if its parent stayed, and is an error if not', async () => {
  await mine(anvil, 10)
  const chain = await open([first.wsUrl])
  const shallow = walker(chain, 'latest')
  const deep = walker(chain, 'latest')
  await shallow.walk()
  await deep.walk()
  await Rpc.call(anvil.httpUrl, 'anvil_reorg', [1, []])
  expect((await shallow.walk()).map(({ kind, number }) => [kind, number])).toEqual([
    ['retract', 10n],
    ['block', 10n],
  ])
  await Rpc.call(anvil.httpUrl, 'anvil_reorg', [3, []])
  await expect(deep.walk()).rejects.toMatchObject({
    name: 'Follow.UnknownAncestorError',
    remedy: 'operator',
    facts: { oldestKnown: 10n },
  })
})

test('an endpoint that is behind, preferred or not, causes no retract, and the other one is followed', async () => {
  await mine(anvil, 6)
  await mine(other, 4)
  expect((await headOf(other)).hash).toBe((await headOf(anvil, '0x4')).hash)
  for (const endpoints of [
    [second.wsUrl, first.wsUrl],
    [first.wsUrl, second.wsUrl],
  ]) {
    const { walk } = walker(await open(endpoints))
    expect((await walk()).map(({ kind, number }) => [kind, number])).toEqual(
      [0n, 1n, 2n, 3n, 4n, 5n, 6n].map((number) => ['block', number]),
    )
    // Now only the one that is behind answers.
    first.cut({ refuse: true })
    await eventually(() => walk().catch(() => 'failed')).toEqual([])
    first.accept()
  }
})

test('a stale head is waited out: its blocks are absent, and nothing is retracted', async () => {
  await mine(anvil, 6)
  const { walk } = walker(await open([first.wsUrl]))
  await walk()
  const stale = await headOf(anvil, '0x3')
  first.rules.set('eth_getBlockByNumber', {
    kind: 'lie',
    answer: ([number], honest) => (number === 'latest' ? stale : Number(number) > 3 ? null : honest()),
  })
  first.rules.set('eth_getBlockByHash', { kind: 'lie', answer: () => null })
  expect(await walk()).toEqual([])
  first.rules.clear()
  await mine(anvil, 1)
  expect((await walk()).map(({ number }) => number)).toEqual([7n])
})

test('an endpoint on a branch that was left does not drag us along while a preferred one has our block', async () => {
  await mine(anvil, 6)
  await mine(other, 4)
  const head = await headOf(other)
  await Rpc.all(other.httpUrl, [['evm_setNextBlockTimestamp', [Number(head.timestamp) + 9]], ['evm_mine']])
  await mine(other, 2)
  // `other` is at 7 on a branch that left after 4.
  const { walk, cursor } = walker(await open([first.wsUrl, second.wsUrl]))
  await walk()
  expect(cursor()?.hash).toBe((await headOf(anvil)).hash)
  expect(await walk()).toEqual([])
  await mine(anvil, 1)
  expect((await walk()).map(({ kind, number }) => [kind, number])).toEqual([['block', 7n]])
  // The preferred one stands still while the other grows on: then that is the chain.
  await mine(other, 8)
  await expect
    .poll(async () => (await walk()).map(({ kind, number }) => `${kind} ${number}`))
    .toEqual([
      ...[7, 6, 5].map((number) => `retract ${number}`),
      ...Array.from({ length: 11 }, (_, index) => `block ${index + 5}`),
    ])
})

test('an endpoint that fails is no reason to wait for ever: the failure is told when nobody answers', async () => {
  await mine(anvil, 2)
  const { walk } = walker(await open([first.wsUrl]))
  await walk()
  first.rules.set('eth_getLogs', { kind: 'lie', answer: () => 'nonsense' })
  await mine(anvil, 1)
  await expect(walk()).rejects.toMatchObject({ remedy: 'retry' })
  first.rules.clear()
  expect((await walk()).map(({ number }) => number)).toEqual([3n])
})
