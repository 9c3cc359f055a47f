import { type Address, encodeFunctionData, parseAbi } from 'viem'
import { afterAll, beforeAll, expect, expectTypeOf, test } from 'vitest'
import * as Rehearsal from '../../../test/rehearsal.ts'
import * as Engine from '../Engine.ts'
import { brokenInvariant } from './brokenInvariant.ts'

const gateAbi = parseAbi([
  'function level() view returns (uint256)',
  'function paused() view returns (bool)',
  'function owner() view returns (address)',
  'function setLevel(uint256 next)',
])
const at = { chain: 'local', system: 'gate' } as const

let rehearsal: Rehearsal.Rehearsal
let gate: Address

beforeAll(async () => {
  rehearsal = await Rehearsal.open({ chainId: 41_005 })
  gate = await rehearsal.deploy('deployer', (await Rehearsal.artifacts()).Gate)
})
afterAll(() => rehearsal?.stop())

const level = () => ({ address: gate, abi: gateAbi, functionName: 'level' }) as const
/** One block per level. */
async function through(levels: readonly number[]) {
  const first = (await rehearsal.client.getBlockNumber({ cacheTime: 0 })) + 1n
  for (const next of levels)
    await rehearsal.send('deployer', {
      to: gate,
      data: encodeFunctionData({ abi: gateAbi, functionName: 'setLevel', args: [BigInt(next)] }),
    })
  return first
}

test('told when it breaks, not while it stays broken, and again after it held', async () => {
  const detector = brokenInvariant({
    ...at,
    reads: { level: level() },
    holds: ({ level }) => level <= 10n,
    severity: 'P2',
  })
  const first = await through([5, 11, 12, 12, 4, 30, 3])
  const { findings } = Rehearsal.replay([detector], await rehearsal.facts([detector], first))
  expect(findings.map(({ blockNumber, severity, values }) => [blockNumber - first, severity, values])).toEqual([
    [1n, 'P2', { since: first + 1n, answers: { level: 11n } }],
    [5n, 'P2', { since: first + 5n, answers: { level: 30n } }],
  ])
  expect(findings[0]?.sentence).toMatch(
    /^What must always hold of contract 0x\w{4}…\w{4} no longer does: level is 11\.$/,
  )
})

test('`after` waits for so many blocks in a row', async () => {
  const detector = brokenInvariant({
    ...at,
    reads: { level: level() },
    holds: ({ level }) => level <= 10n,
    describe: ({ level }) => `The level stands at ${level}.`,
    severity: 'P3',
    after: 3,
  })
  const first = await through([11, 11, 5, 11, 12, 13, 14])
  const { findings, states } = Rehearsal.replay([detector], await rehearsal.facts([detector], first))
  expect(findings.map(({ blockNumber, sentence, values }) => [blockNumber - first, sentence, values.since])).toEqual([
    [5n, 'The level stands at 13.', first + 3n],
  ])
  expect([...states.values()]).toEqual([{ since: first + 3n, blocks: 3 }])
})

test('the answers have the types of the views', () => {
  brokenInvariant({
    ...at,
    severity: 'P3',
    reads: {
      level: level(),
      paused: { address: gate, abi: gateAbi, functionName: 'paused' },
      owner: { address: gate, abi: gateAbi, functionName: 'owner' },
    },
    holds: (answers) => {
      expectTypeOf(answers).toEqualTypeOf<{
        readonly level: bigint
        readonly paused: boolean
        readonly owner: Address
      }>()
      return true
    },
  })
})

test('a view that stops answering, and a condition that throws, are errors that say so', async () => {
  const other = parseAbi(['function gone() view returns (uint256)'])
  const detectors = [
    brokenInvariant({
      ...at,
      name: 'gone',
      reads: { gone: { address: gate, abi: other, functionName: 'gone' } },
      holds: () => true,
      severity: 'P1',
    }),
    brokenInvariant({
      ...at,
      name: 'throws',
      reads: { level: level() },
      holds: () => {
        throw new Error('a mistake in the condition')
      },
      severity: 'P1',
    }),
    brokenInvariant({
      ...at,
      name: 'works',
      reads: { level: level() },
      holds: ({ level }) => level < 10n,
      severity: 'P1',
    }),
  ]
  const { findings } = Rehearsal.replay(detectors, await rehearsal.facts(detectors, await through([77])))
  expect(findings.map(({ detector, severity, sentence }) => [detector, severity, sentence.split(': ').at(-1)])).toEqual(
    [
      ['gone', 'P3', expect.stringMatching(/^The view `gone` of 0x\w+ gave no answer\.$/)],
      ['throws', 'P3', 'a mistake in the condition'],
      ['works', 'P1', 'level is 77.'],
    ],
  )
  expect(() =>
    brokenInvariant({
      ...at,
      reads: { x: { address: gate, abi: other, functionName: 'typo' } },
      holds: () => true,
      severity: 'P1',
    }),
  ).toThrow('has no function `typo`')
})

test('the rule-set version changes with the condition', () => {
  const one = brokenInvariant({ ...at, reads: { level: level() }, holds: ({ level }) => level <= 10n, severity: 'P2' })
  const two = brokenInvariant({ ...at, reads: { level: level() }, holds: ({ level }) => level <= 11n, severity: 'P2' })
  expect(Engine.ruleSetVersion([one])).not.toBe(Engine.ruleSetVersion([two]))
})
