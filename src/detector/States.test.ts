import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import * as Data from '../../test/database.ts'
import * as Alert from '../alert/Alert.ts'
import type * as Block from '../chain/Block.ts'
import type * as Facts from '../chain/Facts.ts'
import type * as Detector from './Detector.ts'
import * as Engine from './Engine.ts'
import * as States from './States.ts'

let home: Awaited<ReturnType<typeof Data.open>>
beforeAll(async () => {
  home = await Data.open()
})
afterAll(() => home?.stop())
beforeEach(async () => void (await home.database.deleteFrom('detector_state').execute()))

const block = (number: bigint) =>
  ({ chain: Data.chain, number, hash: `0x${number.toString(16).padStart(64, '0')}` }) as Block.Block
const ledger = (over: Partial<Detector.Any> = {}): Detector.Any => ({
  ...{ name: 'ledger', version: '1', chain: 'main', system: 'vault', inputs: {}, initial: null },
  parameters: { asset: 'WETH' },
  evaluate: () => ({ state: null, findings: [] }),
  ...over,
})
const keep = (number: bigint, state: unknown, detector = ledger()) =>
  States.keep(home.database, block(number), [detector], new Map([[detector.name, state]]))
const load = (detector = ledger()) => States.load(home.database, Data.chain, [detector])

test('the state of the block judged last is loaded, and that of the block before once it is replaced', async () => {
  await keep(1n, { sum: 10n ** 30n })
  await keep(2n, null)
  expect(await load()).toEqual(new Map([['ledger', null]]))
  await States.retract(home.database, Data.chain, block(2n).hash)
  expect(await load()).toEqual(new Map([['ledger', { sum: 10n ** 30n }]]))
})

test('a detector of another version or with other parameters begins anew', async () => {
  await keep(1n, 5n)
  expect(await load()).toEqual(new Map([['ledger', 5n]]))
  expect(await load(ledger({ version: '2' }))).toEqual(new Map())
  const usdc = ledger({ parameters: { asset: 'USDC' } })
  expect(await load(usdc)).toEqual(new Map())
  // The same block judged again, after a crash and a change of the configuration.
  await keep(1n, 6n, usdc)
  expect(await load(usdc)).toEqual(new Map([['ledger', 6n]]))
  expect(await load()).toEqual(new Map())
})

test('whatever the engine lets through, the database takes, and gives back', async () => {
  const text = 'a\u0000 \ud800 \\u0000 "$int":'
  const states = [text, { [text.slice(9)]: [text, undefined, Number.NaN] }, undefined]
  const values = { text, deep: { $int: '12' }, big: 10n ** 70n, inner: { nothing: undefined } }
  const subject = `0x${'1'.repeat(40)}` as const
  const draft = { key: text, severity: 'P1', confidence: 1, sentence: text, subject, values } as const
  for (const [index, state] of states.entries()) {
    const facts = { block: { ...block(BigInt(index)), transactions: [] }, stage: 'included' } as unknown as Facts.Facts
    const odd = ledger({ evaluate: () => ({ state, findings: [draft, draft, { ...draft, key: 'b' }] }) })
    const context = { deploymentId: 'd', ruleSetVersion: 'r', now: new Date(0) }
    const judged = Engine.evaluate([odd], [facts], new Map(), context)
    expect(judged.findings.map(({ isError }) => isError)).toEqual([false, false])
    const kept = await Alert.keep(home.database, judged.findings)
    expect(kept).toHaveLength(2)
    expect(await Alert.raise(home.database, kept, context.now)).toHaveLength(1)
    await States.keep(home.database, facts.block, [odd], judged.states)
    expect((await load(odd)).has('ledger')).toBe(true)
  }
})
