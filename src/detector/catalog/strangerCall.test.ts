import { type Address, encodeFunctionData, parseAbi } from 'viem'
import { afterAll, beforeAll, expect, test } from 'vitest'
import * as Rehearsal from '../../../test/rehearsal.ts'
import type * as Block from '../../chain/Block.ts'
import type * as Facts from '../../chain/Facts.ts'
import type * as Accounts from '../../drill/Accounts.ts'
import { type Options, strangerCall } from './strangerCall.ts'

const functions = parseAbi(['function pause()', 'function setOracle(address next)'])
const rest = parseAbi([
  'function init()',
  'function setLevel(uint256 next)',
  'function multicall(bytes[] data)',
  'function tryOut(address target, bytes data)',
  'function borrowCode(address code, bytes data)',
])

let rehearsal: Rehearsal.Rehearsal
let code: Address
let proxy: Address
let actor: Address

beforeAll(async () => {
  rehearsal = await Rehearsal.open({ chainId: 41_007 })
  const made = await Rehearsal.artifacts()
  code = await rehearsal.deploy('deployer', made.Gate)
  proxy = await rehearsal.deploy('deployer', made.GateProxy, [code])
  actor = await rehearsal.deploy('deployer', made.Actor)
  await rehearsal.send('guardian', { to: proxy, data: encodeFunctionData({ abi: rest, functionName: 'init' }) })
})
afterAll(() => rehearsal?.stop())

const address = (name: Accounts.Name) => rehearsal.accounts[name].address
const pause = encodeFunctionData({ abi: functions, functionName: 'pause' })
const setOracle = encodeFunctionData({
  abi: functions,
  functionName: 'setOracle',
  args: ['0x00000000000000000000000000000000000000aa'],
})
const detectorOf = (options: Partial<Options> = {}) =>
  strangerCall({
    chain: 'local',
    system: 'gate',
    contract: proxy,
    functions,
    allowed: [address('guardian')],
    ...options,
  })

async function told(
  acts: readonly (readonly [from: Accounts.Name, to: Address, data: `0x${string}`])[],
  options: Partial<Options> = {},
) {
  const detector = detectorOf(options)
  const first = (await rehearsal.client.getBlockNumber({ cacheTime: 0 })) + 1n
  for (const [from, to, data] of acts) await rehearsal.send(from, { to, data })
  return Rehearsal.replay([detector], await rehearsal.facts([detector], first))
}

test('a call that succeeds for a stranger is P1, or as configured; for those allowed nothing', async () => {
  const { findings } = await told([
    ['attacker', proxy, setOracle],
    ['guardian', proxy, setOracle],
    ['guardian', proxy, pause],
  ])
  expect(findings).toHaveLength(1)
  expect(findings[0]).toMatchObject({
    severity: 'P1',
    values: {
      function: 'setOracle',
      caller: address('attacker').toLowerCase(),
      arguments: ['0x00000000000000000000000000000000000000AA'],
    },
  })
  expect(findings[0]?.sentence).toMatch(
    /^0x\w{4}…\w{4}, who is not allowed to, called setOracle on contract 0x\w{4}…\w{4}, and the call succeeded\.$/,
  )
  expect((await told([['attacker', proxy, setOracle]], { severity: 'P2' })).findings[0]?.severity).toBe('P2')
})

test('a proxy and its code together count a call once', async () => {
  const { findings } = await told([['attacker', proxy, setOracle]], { contract: [proxy, code] })
  expect(findings.map(({ severity, subject }) => [severity, subject.toLowerCase()])).toEqual([
    ['P1', `eip155:41007:${proxy}`],
  ])
})

test('deep inside a transaction the caller is the contract that calls, and it may be the one allowed', async () => {
  const through = Rehearsal.run([proxy, setOracle])
  const { findings } = await told([['attacker', actor, through]])
  expect(findings[0]?.actors.map((actor) => actor.toLowerCase())).toEqual([
    `eip155:41007:${actor}`,
    `eip155:41007:${address('attacker').toLowerCase()}`,
  ])
  expect((await told([['attacker', actor, through]], { allowed: [actor] })).findings).toEqual([])
})

test('a multicall hands on its caller: a stranger is seen, one allowed is not', async () => {
  const multicall = encodeFunctionData({ abi: rest, functionName: 'multicall', args: [[setOracle]] })
  for (const contract of [[proxy], [proxy, code]]) {
    const { findings } = await told(
      [
        ['attacker', proxy, multicall],
        ['guardian', proxy, multicall],
      ],
      { contract },
    )
    expect(findings.map(({ values }) => values.caller)).toEqual([address('attacker').toLowerCase()])
  }
})

test('a foreign contract that runs the code in its own storage is none of our concern', async () => {
  const borrowed = encodeFunctionData({ abi: rest, functionName: 'borrowCode', args: [code, setOracle] })
  expect((await told([['attacker', actor, borrowed]], { contract: [proxy, code] })).findings).toEqual([])
})

test('attempts that fail are P4 and counted over blocks, per caller', async () => {
  const { findings, states } = await told([
    ['attacker', proxy, pause],
    ['attacker', actor, encodeFunctionData({ abi: rest, functionName: 'tryOut', args: [proxy, pause] })],
    ['attacker', proxy, pause],
    ['attacker', proxy, encodeFunctionData({ abi: rest, functionName: 'setLevel', args: [1n] })],
  ])
  expect(findings.map(({ severity, values }) => [severity, values.caller, values.total])).toEqual([
    ['P4', address('attacker').toLowerCase(), 1n],
    ['P4', actor, 1n],
    ['P4', address('attacker').toLowerCase(), 2n],
  ])
  expect(findings[2]?.sentence).toMatch(/tried pause on contract \S+ and failed; 2 attempts so far\.$/)
  expect([...states.values()]).toEqual([
    {
      attempts: [
        [address('attacker').toLowerCase(), 2n],
        [actor, 1n],
      ],
    },
  ])
})

test('a call undone by the one around it is an attempt', async () => {
  const { findings } = await told([['attacker', actor, Rehearsal.run([proxy, setOracle], [proxy, pause])]])
  expect(findings.map(({ severity, values }) => [severity, values.functions, values.inThisBlock])).toEqual([
    ['P4', ['setOracle', 'pause'], 2],
  ])
})

test('a waiting transaction is an early warning, and changes no state', async () => {
  await rehearsal.client.setAutomine(false)
  try {
    const hash = await rehearsal.sendPending('attacker', { to: proxy, data: setOracle })
    await rehearsal.sendPending('guardian', { to: proxy, data: setOracle })
    const detector = detectorOf()
    const [head] = await rehearsal.facts([detector], await rehearsal.client.getBlockNumber({ cacheTime: 0 }))
    const pending = await rehearsal.pending()
    const facts: Facts.Facts = {
      ...(head as Facts.Facts),
      stage: 'pending',
      block: { ...(head as Facts.Facts).block, logs: [] },
      pending: pending as Block.Transaction[],
    }
    const { findings, states } = Rehearsal.replay([detector], [facts])
    expect(findings).toHaveLength(1)
    expect(findings[0]).toMatchObject({ severity: 'P3', stage: 'pending', transactionHash: hash })
    expect(findings[0]?.sentence).toMatch(
      /^0x\w{4}…\w{4} is about to call setOracle on contract \S+, which is not for it\./,
    )
    expect([...states]).toEqual([])
  } finally {
    await rehearsal.client.setAutomine(true)
    await rehearsal.client.mine({ blocks: 1 })
  }
})

test('calldata that does not fit is a finding of its own; without traces the detector says that it is blind', async () => {
  const { findings } = await told([
    ['attacker', proxy, `${setOracle.slice(0, 10)}1234` as `0x${string}`],
    ['attacker', proxy, setOracle.slice(0, 9) as `0x${string}`],
  ])
  expect(findings.map(({ severity }) => severity).filter((severity) => severity === 'P1')).toEqual([])
  const detector = detectorOf()
  const [facts] = await rehearsal.facts([detector], await rehearsal.client.getBlockNumber({ cacheTime: 0 }))
  const { calls: _, ...untraced } = facts as Facts.Facts
  expect(Rehearsal.replay([detector], [untraced]).findings[0]?.sentence).toContain(
    'The calls of this block are not known.',
  )
})
