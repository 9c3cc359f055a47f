import { type Address, encodeFunctionData, parseAbi } from 'viem'
import { afterAll, beforeAll, expect, expectTypeOf, test } from 'vitest'
import * as Rehearsal from '../../../test/rehearsal.ts'
import type * as Facts from '../../chain/Facts.ts'
import type * as Detector from '../Detector.ts'
import { group } from './group.ts'
import { pending } from './pending.ts'
import { read } from './read.ts'

const abi = parseAbi([
  'function mint(address to, uint256 value)',
  'function totalSupply() view returns (uint256)',
  'function balanceOf(address account) view returns (uint256)',
  'function gone() view returns (uint256)',
])

let rehearsal: Rehearsal.Rehearsal
let token: Address
let holder: Address
let first: bigint

beforeAll(async () => {
  rehearsal = await Rehearsal.open({ chainId: 41_011 })
  token = await rehearsal.deploy('deployer', (await Rehearsal.artifacts()).OpenToken)
  holder = rehearsal.accounts.trader1.address
  first = (await rehearsal.client.getBlockNumber({ cacheTime: 0 })) + 1n
  for (const value of [1n, 2n])
    await rehearsal.send('deployer', {
      to: token,
      data: encodeFunctionData({ abi, functionName: 'mint', args: [holder, value] }),
    })
})
afterAll(() => rehearsal?.stop())

async function values<value>(input: Detector.Input<value>): Promise<readonly value[]> {
  const detector = {
    name: '',
    version: '',
    chain: '',
    system: '',
    inputs: { input },
    initial: null,
    evaluate: () => ({ state: null, findings: [] }),
  }
  return (await rehearsal.facts([detector], first, first + 1n)).map((facts) => input.resolve(facts, () => {}))
}

test('a view is answered as of the end of each block, in its type', async () => {
  const supply = read({ address: token, abi, functionName: 'totalSupply' })
  expectTypeOf(supply).toEqualTypeOf<Detector.Input<bigint>>()
  expect(await values(supply)).toEqual([1n, 3n])
  expect(await values(read({ address: token, abi, functionName: 'balanceOf', args: [holder] }))).toEqual([1n, 3n])
})

test('a view that reverts throws, or is undefined where that is asked for', async () => {
  await expect(values(read({ address: token, abi, functionName: 'gone' }))).rejects.toThrow('The view `gone` of')
  const optional = read({ address: token, abi, functionName: 'gone', optional: true })
  expectTypeOf(optional).toEqualTypeOf<Detector.Input<bigint | undefined>>()
  expect(await values(optional)).toEqual([undefined, undefined])
})

test('a group answers by name, and asks for all that its members ask for', async () => {
  const both = group({
    supply: read({ address: token, abi, functionName: 'totalSupply' }),
    held: read({ address: token, abi, functionName: 'balanceOf', args: [holder] }),
  })
  expect(both.demand.reads).toHaveLength(2)
  expect(await values(both)).toEqual([
    { supply: 1n, held: 1n },
    { supply: 3n, held: 3n },
  ])
  expect(await values(group({}))).toEqual([{}, {}])
})

test('waiting transactions are those to the addresses given, and none in blocks', async () => {
  const input = pending({ to: token })
  const [facts] = (await rehearsal.facts([], first)) as [Facts.Facts]
  expect(input.resolve(facts, () => {})).toEqual([])
  const waiting: Facts.Facts = { ...facts, stage: 'pending', pending: facts.block.transactions }
  expect(input.resolve(waiting, () => {}).map(({ to }) => to)).toEqual([token])
  expect(pending({ to: holder }).resolve(waiting, () => {})).toEqual([])
})
