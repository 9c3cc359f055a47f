/** Order statistics of measured times. */

/** The value below which a share of the samples lies, by the nearest rank. */
export function quantile(samples: readonly number[], share: number): number {
  const sorted = samples.toSorted((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.max(0, Math.ceil(share * sorted.length) - 1))] ?? Number.NaN
}

/** Least, median, 90th and 99th percentile and greatest, rounded to a hundredth. */
export function of(samples: readonly number[]): {
  min: number
  p50: number
  p90: number
  p99: number
  max: number
  n: number
} {
  const round = (value: number) => Math.round(value * 100) / 100
  const at = (share: number) => round(quantile(samples, share))
  return { min: at(0), p50: at(0.5), p90: at(0.9), p99: at(0.99), max: at(1), n: samples.length }
}
