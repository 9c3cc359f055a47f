import { type Address, encodeFunctionData, parseAbi } from 'viem'
import { afterAll, beforeAll, expect, test } from 'vitest'
import * as Rehearsal from '../../../test/rehearsal.ts'
import type * as Facts from '../../chain/Facts.ts'
import { calls } from './calls.ts'

const functions = parseAbi(['function setLevel(uint256 next)', 'function pause()'])
const multicallAbi = parseAbi(['function multicall(bytes[] data)'])
const setLevel = (next: bigint) => encodeFunctionData({ abi: functions, functionName: 'setLevel', args: [next] })

let rehearsal: Rehearsal.Rehearsal
let code: Address
let proxy: Address
let actor: Address

beforeAll(async () => {
  rehearsal = await Rehearsal.open({ chainId: 41_010 })
  const made = await Rehearsal.artifacts()
  code = await rehearsal.deploy('deployer', made.Gate)
  proxy = await rehearsal.deploy('deployer', made.GateProxy, [code])
  actor = await rehearsal.deploy('deployer', made.Actor)
})
afterAll(() => rehearsal?.stop())

async function seen(to: Address, data: `0x${string}`, address: Address | readonly Address[] = [proxy, code]) {
  const input = calls({ address, functions })
  const { blockNumber } = await rehearsal.send('attacker', { to, data })
  const detector = {
    name: '',
    version: '',
    chain: '',
    system: '',
    inputs: { input },
    initial: null,
    evaluate: () => ({ state: null, findings: [] }),
  }
  const [facts] = await rehearsal.facts([detector], blockNumber)
  const problems: string[] = []
  const value = input.resolve(facts as Facts.Facts, ({ key }) => problems.push(key))
  return {
    value: value.map(({ functionName, args, kind, path, from, to, caller, succeeded }) => ({
      functionName,
      args,
      kind,
      path,
      from,
      to,
      caller,
      succeeded,
    })),
    problems,
  }
}
const attacker = () => rehearsal.accounts.attacker.address.toLowerCase()

test('a call through a proxy is seen at the proxy and at its code, both with the caller', async () => {
  const { value } = await seen(proxy, setLevel(5n))
  const same = { functionName: 'setLevel', args: [5n], caller: attacker(), succeeded: true }
  expect(value).toEqual([
    { ...same, kind: 'call', path: [], from: attacker(), to: proxy },
    { ...same, kind: 'delegatecall', path: [0], from: proxy, to: code },
  ])
})

test('the caller is handed on through delegatecalls within delegatecalls', async () => {
  const { value } = await seen(
    proxy,
    encodeFunctionData({ abi: multicallAbi, functionName: 'multicall', args: [[setLevel(6n)]] }),
  )
  expect(value.map(({ kind, path, caller }) => [kind, path, caller])).toEqual([
    ['delegatecall', [0, 0], attacker()],
    ['delegatecall', [0, 0, 0], attacker()],
  ])
})

test('a contract that calls is the caller; a call that an outer one undid did not succeed', async () => {
  const { value } = await seen(
    actor,
    Rehearsal.run([proxy, setLevel(7n)], [proxy, encodeFunctionData({ abi: functions, functionName: 'pause' })]),
    proxy,
  )
  expect(value.map(({ functionName, caller, path, succeeded }) => [functionName, caller, path, succeeded])).toEqual([
    ['setLevel', actor, [0], false],
    ['pause', actor, [1], false],
  ])
})

test('calldata that does not fit is told where the call succeeded, and passed over where it failed', async () => {
  const head = setLevel(1n).slice(0, 10) as `0x${string}`
  expect(await seen(proxy, `${head}01`)).toEqual({ value: [], problems: [] })
  // A call to an account without code succeeds whatever it says.
  const plain = rehearsal.accounts.trader1.address
  expect(await seen(actor, Rehearsal.run([plain, `${head}01`]), plain)).toEqual({
    value: [],
    problems: [expect.stringMatching(/^call:0x[0-9a-f]{64}:0$/)],
  })
})

test('other functions and other contracts are left out', async () => {
  expect(
    (
      await seen(
        proxy,
        encodeFunctionData({
          abi: parseAbi(['function setOracle(address next)']),
          functionName: 'setOracle',
          args: [actor],
        }),
      )
    ).value,
  ).toEqual([])
  expect((await seen(proxy, setLevel(5n), actor)).value).toEqual([])
})

test('of waiting transactions their own call is known; without traces a block cannot be judged', async () => {
  const input = calls({ address: proxy, functions })
  const { blockNumber } = await rehearsal.send('attacker', { to: proxy, data: setLevel(9n) })
  const [facts] = (await rehearsal.facts([], blockNumber)) as [Facts.Facts]
  expect(() => input.resolve(facts, () => {})).toThrow('The calls of this block are not known.')
  const pending: Facts.Facts = { ...facts, stage: 'pending', pending: facts.block.transactions }
  expect(input.resolve(pending, () => {}).map(({ args, caller, path }) => [args, caller, path])).toEqual([
    [[9n], attacker(), []],
  ])
})
