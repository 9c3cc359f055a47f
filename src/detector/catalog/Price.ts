/** Prices of pools as exact fractions, and how far a transaction moved them. */
import { type Address, parseAbi } from 'viem'
import type { DecodedLog } from '../inputs/logs.ts'
import * as History from './History.ts'

/** Of token1 per token0, both in their smallest units. */
export type Price = readonly [numerator: bigint, denominator: bigint]
export type Prices = { readonly [pool: Address]: Price }

export type Move = {
  readonly pool: Address
  readonly before: Price
  readonly extreme: Price
  readonly end: Price
  /** The log with which the price had first moved far enough. */
  readonly since: number
}

/** Uniswap V2 tells its reserves after each step, V3 its price after each swap. */
export const events = parseAbi([
  'event Sync(uint112 reserve0, uint112 reserve1)',
  'event Swap(address indexed sender, address indexed recipient, int256 amount0, int256 amount1, uint160 sqrtPriceX96, uint128 liquidity, int24 tick)',
])

const scale = 10_000n

/** The pools that the steps of one transaction moved by `factor` ten-thousandths or more, from `prices` before it. */
export function movesOf(steps: readonly DecodedLog<typeof events>[], prices: Prices, factor: bigint): readonly Move[] {
  return [...Map.groupBy(steps, ({ address }) => address)].flatMap(([pool, own]): readonly Move[] => {
    const before = prices[pool]
    const first = before && own.find((step) => isMoved(priceOf(step), before, factor))
    const end = own.at(-1)
    if (!before || !first || !end) return []
    const extreme = own.map(priceOf).reduce((a, b) => (times(b, before) > times(a, before) ? b : a))
    return [{ pool, before, extreme, end: priceOf(end), since: first.logIndex }]
  })
}

/** The price that a log tells of. */
export function priceOf(step: DecodedLog<typeof events>): Price {
  // The price of V3 is the square of sqrtPriceX96 / 2^96.
  return step.eventName === 'Sync'
    ? [step.args.reserve1, step.args.reserve0]
    : [step.args.sqrtPriceX96 ** 2n, 2n ** 192n]
}

/** Whether one price is `factor` ten-thousandths of the other or more, exact; an empty pool has no price. */
export function isMoved([n, d]: Price, [nBefore, dBefore]: Price, factor: bigint): boolean {
  const [now, then] = [n * dBefore, nBefore * d]
  return now > 0n && then > 0n && (now * scale >= then * factor || then * scale >= now * factor)
}

/** By which factor two prices differ, at least 1; for comparison and for the reader. */
export function times([n, d]: Price, [nBefore, dBefore]: Price): number {
  const [now, then] = [n * dBefore, nBefore * d]
  return now === 0n || then === 0n ? 1 : 2 ** Math.min(1_000, Math.abs(History.log2(now) - History.log2(then)))
}
