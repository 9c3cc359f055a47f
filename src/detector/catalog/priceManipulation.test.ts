import {
  type Address,
  encodeAbiParameters,
  encodeFunctionData,
  erc20Abi,
  parseEther as ether,
  type Hex,
  pad,
  parseAbi,
  toEventSelector,
} from 'viem'
import { afterAll, beforeAll, expect, test } from 'vitest'
import * as Rehearsal from '../../../test/rehearsal.ts'
import { type Options, priceManipulation } from './priceManipulation.ts'

const mintAbi = parseAbi(['function mint(address to, uint256 value)'])
const syncTopic = toEventSelector('Sync(uint112,uint112)')
const swapTopic = toEventSelector('Swap(address,address,int256,int256,uint160,uint128,int24)')

let rehearsal: Rehearsal.Rehearsal
let token: Address
let vault: Address
let pool: Address

beforeAll(async () => {
  rehearsal = await Rehearsal.open({ chainId: 41_004 })
  const made = await Rehearsal.artifacts()
  token = await rehearsal.deploy('deployer', made.OpenToken)
  vault = await rehearsal.deploy('deployer', made.Actor)
  pool = await rehearsal.deploy('deployer', made.Actor)
})
afterAll(() => rehearsal?.stop())

type Step = readonly [Address, Hex]
const transfer = (to: Address, value: bigint) =>
  encodeFunctionData({ abi: erc20Abi, functionName: 'transfer', args: [to, value] })
const sync = (reserve0: bigint, reserve1: bigint): Step => [
  pool,
  Rehearsal.emit([syncTopic], encodeAbiParameters([{ type: 'uint112' }, { type: 'uint112' }], [reserve0, reserve1])),
]
const payout = (value: bigint): Step => [vault, Rehearsal.run([token, transfer(pool, value)])]
const payback = (value: bigint): Step => [pool, Rehearsal.run([token, transfer(vault, value)])]

/** What is told when the vault holds 1,000, the pool stands at 1000:1000, and then all `steps` happen in one transaction. */
async function told(
  steps: readonly Step[],
  options: Partial<Options> = {},
  before: readonly Step[] = [sync(1_000n, 1_000n)],
) {
  const detector = priceManipulation({
    chain: 'local',
    system: 'vault',
    pools: [{ address: pool, label: 'ONE/TWO' }],
    protects: [{ contract: vault, asset: { address: token, decimals: 18, symbol: 'TKN' } }],
    ...options,
  })
  const first = await rehearsal.client.getBlockNumber({ cacheTime: 0 })
  const held = await rehearsal.client.readContract({
    address: token,
    abi: erc20Abi,
    functionName: 'balanceOf',
    args: [vault],
  })
  if (held < ether('1000'))
    await rehearsal.send('deployer', {
      to: token,
      data: encodeFunctionData({ abi: mintAbi, functionName: 'mint', args: [vault, ether('1000') - held] }),
    })
  if (before.length > 0) await rehearsal.send('trader1', { to: pool, data: Rehearsal.run(...before) })
  await rehearsal.send('attacker', { to: pool, data: Rehearsal.run(...steps) })
  return Rehearsal.replay([detector], await rehearsal.facts([detector], first + 1n)).findings
}

test('moved, paid and put back is P1 and sure; not put back less so; a trifle is P2', async () => {
  const [there] = await told([sync(2_000n, 500n), payout(ether('200')), sync(1_000n, 1_000n)])
  expect(there).toMatchObject({
    severity: 'P1',
    confidence: 0.95,
    values: { amount: ether('200'), balanceBefore: ether('1000'), timesMoved: 4, restored: true },
  })
  const [away] = await told([sync(500n, 2_000n), payout(ether('200'))])
  expect(away).toMatchObject({ severity: 'P1', confidence: 0.88, values: { timesMoved: 4, restored: false } })
  const [trifle] = await told([sync(500n, 2_000n), payout(ether('1')), sync(1_000n, 1_000n)])
  expect(trifle).toMatchObject({ severity: 'P2', confidence: 0.88 })
})

test('the move must reach the factor, exactly', async () => {
  expect(await told([sync(1_000n, 1_249n), payout(ether('200'))])).toEqual([])
  expect(await told([sync(1_000n, 1_250n), payout(ether('200'))])).toHaveLength(1)
  expect(await told([sync(1_000n, 1_250n), payout(ether('200'))], { minMove: 1.5 })).toEqual([])
})

test('trading without a payout, however large, is no attack', async () => {
  expect(await told([sync(10n, 100_000n), sync(1_000n, 1_000n)])).toEqual([])
})

test('what was paid before the price moved does not count: a liquidator sells what it seized', async () => {
  expect(await told([payout(ether('300')), sync(400n, 2_500n)])).toEqual([])
})

test('what comes back within the transaction does not count', async () => {
  expect(await told([sync(400n, 2_500n), payout(ether('300')), payback(ether('300')), sync(1_000n, 1_000n)])).toEqual(
    [],
  )
  const [part] = await told([sync(400n, 2_500n), payout(ether('300')), payback(ether('100'))])
  expect(part?.values).toMatchObject({ amount: ether('200') })
})

test('a pool seen for the first time has no price before, so nothing is said of it', async () => {
  expect(await told([sync(10n, 100_000n), payout(ether('300'))], {}, [])).toEqual([])
})

test('an emptied pool has no price', async () => {
  expect(await told([sync(0n, 0n), payout(ether('300'))])).toEqual([])
})

test('pools like Uniswap V3 tell their price as a root', async () => {
  const swap = (root: bigint): Step => [
    pool,
    Rehearsal.emit(
      [swapTopic, pad('0x01'), pad('0x02')],
      encodeAbiParameters(
        [{ type: 'int256' }, { type: 'int256' }, { type: 'uint160' }, { type: 'uint128' }, { type: 'int24' }],
        [1n, -1n, root, 10n ** 18n, 0],
      ),
    ),
  ]
  const unit = 2n ** 96n
  const options = { pools: [{ address: pool, label: 'ONE/TWO', kind: 'v3' as const }] }
  const [found] = await told([swap(3n * unit), payout(ether('200')), swap(unit)], options, [swap(unit)])
  expect(found).toMatchObject({ severity: 'P1', values: { timesMoved: 9, restored: true } })
  expect(await told([swap((unit * 11n) / 10n), payout(ether('200'))], options, [swap(unit)])).toEqual([])
})

test('logs that do not fit become findings of their own, and the attack is seen beside them', async () => {
  const broken: Step = [pool, Rehearsal.emit([syncTopic], '0x00')]
  const extra: Step = [pool, Rehearsal.emit([syncTopic, pad('0x01')], pad('0x01', { size: 64 }))]
  const found = await told([broken, extra, [pool, Rehearsal.emit([])], sync(2_000n, 500n), payout(ether('200'))])
  expect(found.map(({ severity, values }) => [severity, 'problem' in values])).toEqual([
    ['P3', true],
    ['P3', true],
    ['P1', false],
  ])
})
