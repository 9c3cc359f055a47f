import { type Address, encodeFunctionData, parseAbi } from 'viem'
import { afterAll, beforeAll, expect, test } from 'vitest'
import * as Rehearsal from '../../test/rehearsal.ts'
import * as Errors from '../base/Errors.ts'
import type * as Facts from '../chain/Facts.ts'
import * as Detector from './Detector.ts'
import * as Engine from './Engine.ts'
import type * as Finding from './Finding.ts'
import { calls } from './inputs/calls.ts'
import { logs } from './inputs/logs.ts'

const abi = parseAbi([
  'function mint(address to, uint256 value)',
  'event Transfer(address indexed from, address indexed to, uint256 value)',
])
const context: Engine.Context = {
  deploymentId: 'deployment',
  ruleSetVersion: 'rules',
  now: new Date('2026-11-20T00:00:00Z'),
}

let rehearsal: Rehearsal.Rehearsal
let token: Address
let blocks: readonly Facts.Facts[]

beforeAll(async () => {
  rehearsal = await Rehearsal.open({ chainId: 41_008 })
  token = await rehearsal.deploy('deployer', (await Rehearsal.artifacts()).OpenToken)
  for (const value of [1n, 2n, 3n])
    await rehearsal.send('trader1', {
      to: token,
      data: encodeFunctionData({ abi, functionName: 'mint', args: [rehearsal.accounts.trader2.address, value] }),
    })
  blocks = await rehearsal.facts([counter(), watcher()], 2n)
})
afterAll(() => rehearsal?.stop())

const draft = (key: string, values: Finding.Draft['values'] = {}): Finding.Draft => ({
  key,
  severity: 'P3',
  confidence: 1,
  sentence: 'Something moved.',
  subject: token,
  values,
})
/** Sums what was minted, and tells of it. */
function counter(over: Partial<Detector.Any> = {}): Detector.Any {
  return {
    ...Detector.define({
      name: 'counter',
      version: '1.0.0',
      chain: 'local',
      system: 'token',
      inputs: { transfers: logs({ address: token, events: abi }) },
      initial: 0n,
      evaluate: ({ block, state }) => {
        const sum = block.inputs.transfers.reduce((total, { args }) => total + args.value, state)
        return { state: sum, findings: sum === state ? [] : [draft('sum', { sum })] }
      },
    }),
    ...over,
  }
}
/** Tells of every call, also of those that wait. */
function watcher(): Detector.Any {
  return Detector.define({
    name: 'watcher',
    version: '1.0.0',
    chain: 'local',
    system: 'token',
    inputs: { calls: calls({ address: token, functions: abi }) },
    initial: 0,
    evaluate: ({ block, state }) => ({
      state: state + 1,
      findings: block.inputs.calls.map(({ transactionHash }) => ({ ...draft(transactionHash), transactionHash })),
    }),
  })
}
const failing = (thrown: unknown): Detector.Any =>
  counter({
    name: 'failing',
    evaluate: () => {
      throw thrown
    },
  })

test('findings carry where they were made, by which detector and by which rules', () => {
  const [facts] = blocks as [Facts.Facts]
  const { findings, states } = Engine.evaluate([counter()], [facts], new Map(), context)
  const { number, hash, chain } = facts.block
  expect(findings).toEqual([
    {
      ...{
        id: expect.stringMatching(/^finding_[0-9a-f]{32}$/),
        deploymentId: 'deployment',
        ruleSetVersion: 'rules',
        foundAt: context.now,
      },
      ...{ chain, blockNumber: number, blockHash: hash, stage: 'included', transactionHash: undefined },
      ...{
        detector: 'counter',
        detectorVersion: '1.0.0',
        system: 'token',
        severity: 'P3',
        confidence: 1,
        sentence: 'Something moved.',
        isError: false,
      },
      ...{ subject: expect.stringMatching(/^eip155:41008:0x[0-9a-fA-F]{40}$/), actors: [], values: { sum: 1n } },
    },
  ])
  expect([...states]).toEqual([['counter', 1n]])
})

test('state is folded over blocks, and rolled back by giving an earlier one', () => {
  const { findings, states } = Rehearsal.replay([counter()], blocks)
  expect(findings.map(({ values }) => values.sum)).toEqual([1n, 3n, 6n])
  expect([...states]).toEqual([['counter', 6n]])
  const again = Rehearsal.replay([counter()], blocks.slice(1), new Map([['counter', 1n]]))
  expect(again.findings).toEqual(findings.slice(1))
})

test('the same block evaluated twice gives the same identifiers; another version of a detector gives others', () => {
  const ids = (detector: Detector.Any) => Rehearsal.replay([detector], blocks).findings.map(({ id }) => id)
  expect(ids(counter())).toEqual(ids(counter()))
  expect(new Set(ids(counter())).size).toBe(blocks.length)
  expect(ids(counter({ version: '2.0.0' })).some((id) => ids(counter()).includes(id))).toBe(false)
})

test('a detector that throws becomes a finding that names it, keeps its state, and the others run', () => {
  const mistake = new Errors.BaseError('There is no such pool.', {
    remedy: 'config',
    facts: { pool: token, wanted: 3n },
  })
  const detectors = [
    failing(mistake),
    failing(new TypeError('x is not a function')),
    failing('thrown text'),
    counter(),
  ].map((detector, index) => (index < 3 ? { ...detector, name: `failing${index}` } : detector))
  const { findings, states } = Engine.evaluate(detectors, blocks.slice(0, 1), new Map([['failing0', 5n]]), context)
  expect(
    findings.map(({ detector, severity, isError, sentence, values }) => [
      detector,
      `${severity} ${isError}`,
      sentence,
      values,
    ]),
  ).toEqual([
    [
      'failing0',
      'P3 true',
      'Detector failing0 could not judge this block: There is no such pool.',
      { problem: 'There is no such pool.', pool: token, wanted: '3' },
    ],
    [
      'failing1',
      'P3 true',
      'Detector failing1 could not judge this block: x is not a function',
      { problem: 'x is not a function' },
    ],
    ['failing2', 'P3 true', 'Detector failing2 could not judge this block: thrown text', { problem: 'thrown text' }],
    ['counter', 'P3 false', 'Something moved.', { sum: 1n }],
  ])
  expect([...states.keys()]).toEqual(['counter'])
})

/** A detector that returns what no type would let it. */
const odd = (findings: readonly unknown[], state: unknown = 0n) =>
  counter({ name: 'odd', evaluate: () => ({ state, findings: findings as Finding.Draft[] }) })
const judge = (...detectors: Detector.Any[]) => Engine.evaluate(detectors, blocks.slice(0, 1), new Map(), context)

test('a finding that cannot be kept is told instead, and takes nothing with it', () => {
  const changes: readonly [string, object][] = [
    ['its subject is no address', { subject: 'nowhere' }],
    ['its key is no text', { key: undefined }],
    ['its severity is none of P1 to P5', { severity: 'P0' }],
    ['its confidence is not between 0 and 1', { confidence: Number.NaN }],
    ['its confidence is not between 0 and 1', { confidence: 90 }],
    ['it has no sentence', { sentence: undefined }],
    ['an actor is no address', { actors: [token, '0x1'] }],
    ['its transaction hash is none', { transactionHash: '0x\u0000' }],
    ['it has no values', { values: undefined }],
    ['Its values cannot be kept', { values: { 'a\u0000': 1 } }],
    ['Its values cannot be kept', { values: { '\ud800': 1 } }],
    ['Its values cannot be kept', { values: { nested: [{ $int: 'many' }] } }],
  ]
  const circular: Record<string, unknown> = {}
  circular.self = circular
  const drafts = [...changes, ['Its values cannot be written as JSON', { values: circular }] as const]
  const { findings, states } = judge(
    odd([draft('first'), ...drafts.map(([, change], index) => ({ ...draft(`odd ${index}`), ...change })), null], 7n),
    counter(),
  )
  expect(findings.map(({ detector, isError, sentence }) => `${detector} ${isError} ${sentence}`)).toEqual([
    'odd false Something moved.',
    ...drafts.map(([what]) =>
      expect.stringContaining(`odd could not judge this block: What it returned does not fit: ${what}`),
    ),
    expect.stringContaining('odd could not judge this block'),
    'counter false Something moved.',
  ])
  expect([...states]).toEqual([
    ['odd', 7n],
    ['counter', 1n],
  ])
})

test('text that only looks odd is kept', () => {
  const values = { text: 'a\u0000 \ud800 \\u0000 "$int":', deep: { $int: '12' }, big: -(10n ** 40n) }
  const { findings } = judge(odd([{ ...draft('a\u0000b', values), sentence: 'A\u0000 name.' }]))
  expect(findings.map(({ isError, sentence }) => [isError, sentence])).toEqual([[false, 'A\ufffd name.']])
})

test('of findings with one key the gravest is kept, and of far too many the gravest, with a word about it', () => {
  const twice = [draft('a'), { ...draft('a'), severity: 'P1' }, { ...draft('a'), severity: 'P2' }, draft('b')]
  expect(judge(odd(twice)).findings.map(({ severity }) => severity)).toEqual(['P1', 'P3'])
  const many = [...Array.from({ length: 4_000 }, (_, index) => draft(`${index}`)), { ...draft('last'), severity: 'P1' }]
  const { findings } = judge(odd(many))
  expect(findings).toHaveLength(3_000)
  expect(findings[0]?.severity).toBe('P1')
  expect(findings.at(-1)?.sentence).toContain('4001 findings of one block')
})

test('a state that cannot be kept stays as it was, and a promise is no answer', () => {
  const state: Record<string, unknown> = {}
  state.self = state
  const circular = judge(odd([draft('a')], state))
  expect(circular.findings.map(({ isError }) => isError)).toEqual([false, true])
  expect(circular.states.size).toBe(0)
  const evaluate = async () => Promise.reject(new Error('later'))
  const { findings } = judge(counter({ evaluate: evaluate as never }), failing(Object.create(null)))
  expect(findings.map(({ sentence }) => sentence.split(': ').slice(1).join(': '))).toEqual([
    'It returned a promise: `evaluate` must not be asynchronous.',
    'something was thrown that is no error',
  ])
})

test('a window gives the blocks before, fewer at the beginning', () => {
  const seen: bigint[][] = []
  const detector = counter({
    window: 2,
    evaluate: ({ blocks }) => {
      seen.push(blocks.map(({ number }: { number: bigint }) => number))
      return { state: 0n, findings: [] }
    },
  })
  Rehearsal.replay([detector], blocks)
  expect(seen).toEqual([[2n], [2n, 3n], [3n, 4n]])
})

test('in the pending stage only those run that ask for it, nothing is remembered, and a new head changes no identifier', () => {
  const included = blocks.at(-1) as Facts.Facts
  const waiting = included.block.transactions
  const at = (facts: Facts.Facts): Facts.Facts => ({
    stage: 'pending',
    block: { ...facts.block, logs: [], transactions: [] },
    pending: waiting,
    reads: new Map(),
  })
  const one = Engine.evaluate([counter(), watcher()], [at(blocks[0] as Facts.Facts)], new Map(), context)
  const two = Engine.evaluate([counter(), watcher()], [at(blocks[1] as Facts.Facts)], new Map(), context)
  expect(one.findings.map(({ detector, stage, transactionHash }) => [detector, stage, transactionHash])).toEqual([
    ['watcher', 'pending', waiting[0]?.hash],
  ])
  expect(one.states.size).toBe(0)
  expect(two.findings.map(({ id }) => id)).toEqual(one.findings.map(({ id }) => id))
  const later = Engine.evaluate([watcher()], [included], new Map(), context)
  expect(later.findings.map(({ id }) => id)).not.toEqual(one.findings.map(({ id }) => id))
})

test('the version of the rules changes with what could change a verdict, not with the order', () => {
  const other = counter({ name: 'other' })
  const version = Engine.ruleSetVersion([counter(), other])
  expect(Engine.ruleSetVersion([other, counter()])).toBe(version)
  for (const change of [
    { version: '1.0.1' },
    { parameters: { limit: 1n } },
    { window: 3 },
    { chain: 'elsewhere' },
    { system: 'another' },
  ])
    expect(Engine.ruleSetVersion([counter(change), other])).not.toBe(version)
  expect(Engine.ruleSetVersion([counter()])).not.toBe(version)
})

test('without a block there is nothing to say', () => {
  expect(Engine.evaluate([counter()], [], new Map(), context)).toEqual({ findings: [], states: new Map() })
})
