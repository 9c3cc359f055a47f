import { expect, test } from 'vitest'
import type { HoldingSeries } from '../../api/contract.ts'
import { blocksLeft, flowsOf } from './bleeding.ts'

const series = (symbol: string, units: readonly number[], account = 'vault'): HoldingSeries => ({
  account: { id: `eip155:1:${account}` },
  asset: { id: `eip155:1:${symbol}` },
  symbol,
  decimals: 0,
  points: units.map((each, index) => ({ block: String(100 + index), at: '2026-11-20T03:14:07Z', units: String(each) })),
})

test('loss, rate and what is left, while it lasts', () => {
  const [flow] = flowsOf([series('WETH', [1000, 1000, 900, 800, 800])], '102', null)
  expect(flow).toMatchObject({ before: 1000n, held: 800n, lost: 200n, window: 3, perBlock: 66n, lastOutflow: 103 })
  expect(blocksLeft(flow as NonNullable<typeof flow>)).toBe(13)
})

test('an attack that paused for longer than the window has rate zero and no end in sight', () => {
  const [flow] = flowsOf([series('WETH', [1000, 900, ...Array(12).fill(900)])], '101', null)
  expect(flow?.perBlock).toBe(0n)
  expect(blocksLeft(flow as NonNullable<typeof flow>)).toBeNull()
})

test('after containment the loss ends there and the rate is that of the whole attack', () => {
  const [flow] = flowsOf([series('WETH', [1000, 900, 800, 700, 5000])], '101', '103')
  expect(flow).toMatchObject({ held: 700n, lost: 300n, window: 3, perBlock: 100n })
})

test('accounts of one asset are added up; the asset that lost the largest share comes first', () => {
  const flows = flowsOf(
    [series('USDC', [500, 490]), series('WETH', [10, 5], 'a'), series('WETH', [10, 10], 'b')],
    '101',
    null,
  )
  expect(flows.map(({ symbol, before, held }) => [symbol, before, held])).toEqual([
    ['WETH', 20n, 15n],
    ['USDC', 500n, 490n],
  ])
})

test('nothing read, nothing said', () => {
  expect(flowsOf([], '101', null)).toEqual([])
  expect(flowsOf([series('WETH', [])], '101', null)).toEqual([])
})
