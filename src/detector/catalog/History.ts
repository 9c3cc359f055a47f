/**
 * What is usual for a quantity, from the last few hundred times it was seen.
 *
 * Amounts that move on a chain spread over orders of magnitude, so they are kept as log2. Median and MAD (median
 * absolute deviation) hold until half of what is kept is foreign, so that an attack in several steps does not make
 * itself look usual (Rousseeuw & Croux 1993: breakdown point 50 %).
 */

/** log2 of amounts, oldest first. */
export type History = readonly number[]

export type Comparison = {
  readonly observations: number
  /** Robust standard deviations above the median; negative below it. */
  readonly distance: number
  readonly timesMedian: number
  /** How many times the largest amount that is kept. */
  readonly timesLargest: number
}

/** How many amounts are kept: enough for a stable median, few enough to be written with every block. */
export const limit = 512

/**
 * Below this many amounts nothing is said of what is usual. The MAD of 20 draws is off by about a quarter (it has 37 %
 * of the efficiency of the standard deviation), which still leaves three true deviations of the four asked for.
 */
export const enough = 20

/** log2 of a positive integer of any size; 0 of anything smaller than 2. Monotone, never NaN. */
export function log2(amount: bigint): number {
  if (amount < 2n) return 0
  // Past 2^1023 a bigint does not fit into a float: take its leading digits and add the rest of the exponent.
  const excess = Math.max(0, amount.toString(16).length * 4 - 52)
  return Math.log2(Number(amount >> BigInt(excess))) + excess
}

/** The history with one more amount, without the oldest where it is full. Amounts that are not positive leave no trace. */
export function record(history: History, amount: bigint, most = limit): History {
  if (amount <= 0n) return history
  // A thousandth of a doubling is finer than any verdict and keeps the stored state short.
  return [...history, Math.round(log2(amount) * 1024) / 1024].slice(-most)
}

/** How an amount stands to the history, or `undefined` while there is too little of it. */
export function compare(history: History, amount: bigint, least = enough): Comparison | undefined {
  if (history.length === 0 || history.length < least) return undefined
  const centre = median(history)
  const spread = median(history.map((value) => Math.abs(value - centre)))
  // 1.4826 makes the MAD of a normal distribution its standard deviation. Where all amounts are nearly equal the MAD is
  // 0; one doubling is the smallest step that is called a deviation at all.
  const scale = Math.max(1, 1.4826 * spread)
  const value = log2(amount)
  const largest = history.reduce((most, past) => Math.max(most, past), 0)
  const times = (other: number) => 2 ** Math.min(1000, value - other)
  return {
    observations: history.length,
    distance: (value - centre) / scale,
    timesMedian: times(centre),
    timesLargest: times(largest),
  }
}

/**
 * Four robust deviations above the median, or three doublings above everything kept. The second guards against a
 * history that was stretched on purpose: alternating dust and large amounts widens the MAD without limit.
 */
export function isUnusual({ distance, timesLargest }: Comparison): boolean {
  return distance >= 4 || timesLargest >= 8
}

/** Twice as far as unusual, or eight times anything kept: not the tail of what is known, but something else. */
export function isExtreme({ distance, timesLargest }: Comparison): boolean {
  return distance >= 8 || timesLargest >= 8
}

/**
 * Lower bound of the probability that an amount this far out is not one of the history, whatever its distribution
 * (Cantelli's inequality, with median and MAD in the place of mean and deviation).
 */
export function confidence({ distance }: Comparison): number {
  return distance <= 0 ? 0 : Math.min(0.99, 1 - 1 / (1 + distance ** 2))
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  const upper = sorted[middle] ?? 0
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? 0) + upper) / 2
}
