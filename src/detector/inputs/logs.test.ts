import { type Address, type Hex, pad, parseAbi, toEventSelector } from 'viem'
import { afterAll, beforeAll, expect, expectTypeOf, test } from 'vitest'
import * as Rehearsal from '../../../test/rehearsal.ts'
import type * as Facts from '../../chain/Facts.ts'
import { logs } from './logs.ts'

const events = parseAbi(['event Moved(address indexed who, uint256 amount)', 'event Said(string words)'])
const moved = toEventSelector('Moved(address,uint256)')
const said = toEventSelector('Said(string)')
const who = pad('0x00000000000000000000000000000000000000AA')

let rehearsal: Rehearsal.Rehearsal
let actor: Address
let facts: Facts.Facts

beforeAll(async () => {
  rehearsal = await Rehearsal.open({ chainId: 41_009 })
  actor = await rehearsal.deploy('deployer', (await Rehearsal.artifacts()).Actor)
  const emitted: readonly (readonly [topics: readonly Hex[], data: Hex])[] = [
    [[moved, who], pad('0x07')],
    [[moved, who, who], pad('0x07')],
    [[moved], `${who}${pad('0x07').slice(2)}`],
    [[moved, who], pad('0x07', { size: 33 })],
    [[moved, who], '0x07'],
    [[], pad('0x07')],
    [[who], pad('0x07')],
    [[said], `0x${pad('0x20').slice(2)}${pad('0x02').slice(2)}6869${'00'.repeat(30)}`],
    [[said], pad('0x20')],
  ]
  const { blockNumber } = await rehearsal.send('deployer', {
    to: actor,
    data: Rehearsal.run(...emitted.map(([topics, data]) => [actor, Rehearsal.emit(topics, data)] as const)),
  })
  facts = (await rehearsal.facts([], blockNumber))[0] as Facts.Facts
})
afterAll(() => rehearsal?.stop())

function resolved<value>(input: {
  readonly resolve: (facts: Facts.Facts, report: (problem: { key: string; message: string }) => void) => value
}) {
  const problems: string[] = []
  return { value: input.resolve(facts, ({ key }) => problems.push(key)), problems }
}

test('what fits is decoded, what does not is told, and what is of another event is passed over', () => {
  const { value, problems } = resolved(logs({ address: actor, events }))
  expect(value.map(({ eventName, logIndex, args }) => [eventName, logIndex, args])).toEqual([
    ['Moved', 0, { who: '0x00000000000000000000000000000000000000AA', amount: 7n }],
    ['Said', 7, { words: 'hi' }],
  ])
  expect(problems).toEqual(['log:1', 'log:2', 'log:3', 'log:4', 'log:8'])
})

test('of two layouts of one signature the number of topics chooses', () => {
  const both = parseAbi([
    'event Moved(address indexed who, uint256 amount)',
    'event Moved(address who, uint256 amount)',
  ])
  const { value, problems } = resolved(logs({ address: actor, events: both }))
  expect(value.map(({ logIndex }) => logIndex)).toEqual([0, 2])
  expect(problems).toEqual(['log:1', 'log:3', 'log:4'])
})

test('from anyone: what does not fit is passed over in silence', () => {
  const { value, problems } = resolved(logs({ events }))
  expect(value).toHaveLength(2)
  expect(problems).toEqual([])
})

test('logs of other contracts are left out', () => {
  expect(resolved(logs({ address: '0x00000000000000000000000000000000000000aa', events }))).toEqual({
    value: [],
    problems: [],
  })
})

test('addresses may be given in any case', () => {
  expect(resolved(logs({ address: [actor.toUpperCase().replace('0X', '0x') as Address], events })).value).toHaveLength(
    2,
  )
})

test('the values have the types of the ABI', () => {
  const input = logs({ address: actor, events: parseAbi(['event Moved(address indexed who, uint256 amount)']) })
  expectTypeOf(input.resolve).returns.items.toHaveProperty('args').toEqualTypeOf<{ who: Address; amount: bigint }>()
})
