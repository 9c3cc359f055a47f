/** An exact quantity of an asset: an integer and the decimals that scale it. */

export type Amount = {
  /** In the smallest unit (wei, say). */
  readonly units: bigint
  readonly decimals: number
  readonly symbol: string
}

/**
 * Decimal text without rounding.
 * @example toDecimal({ units: 1_500_000n, decimals: 6, symbol: 'USDC' }) // '1.5'
 */
export function toDecimal({ units, decimals }: Pick<Amount, 'units' | 'decimals'>): string {
  const digits = (units < 0n ? -units : units).toString().padStart(decimals + 1, '0')
  const whole = digits.slice(0, digits.length - decimals)
  const fraction = digits.slice(digits.length - decimals).replace(/0+$/, '')
  return `${units < 0n ? '-' : ''}${whole}${fraction ? `.${fraction}` : ''}`
}

/**
 * Text for a reader: thousands grouped, `places` decimals, the unit behind.
 * @example format({ units: 1234567890000000000000n, decimals: 18, symbol: 'WETH' }) // '1,234.57 WETH'
 */
export function format(amount: Amount, places = 2): string {
  const step = 10n ** BigInt(Math.max(0, amount.decimals - places))
  const half = amount.units < 0n ? -step / 2n : step / 2n
  const rounded = ((amount.units + half) / step) * step
  const [whole = '0', fraction = ''] = toDecimal({ units: rounded, decimals: amount.decimals }).split('.')
  const grouped = whole.replace(/\B(?=(\d{3})+$)/g, ',')
  return `${grouped}${places > 0 ? `.${fraction.padEnd(places, '0').slice(0, places)}` : ''} ${amount.symbol}`
}
