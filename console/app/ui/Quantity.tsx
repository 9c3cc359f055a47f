import { exact, rounded } from '../api/format.ts'

/** An amount, rounded for reading; every digit on hover, on focus and for screen readers. */
export function Quantity({
  units,
  decimals,
  symbol,
  sign = '',
}: {
  units: string
  decimals: number
  symbol: string
  sign?: '−' | '+' | ''
}) {
  const short = rounded({ units, decimals })
  const whole = exact({ units, decimals })
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: the keyboard reaches the exact value too
    <span className="quantity nowrap" data-tip={`${sign}${whole} ${symbol}`} tabIndex={0}>
      <span className="visually-hidden">{`${sign}${whole} ${symbol}`}</span>
      <span aria-hidden="true">
        {sign}
        {short} <span className="quantity-unit">{symbol}</span>
      </span>
    </span>
  )
}
