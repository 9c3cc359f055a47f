/** Facts as a reader wants them. Integers stay integers: no amount passes through a float. */
import type { Amount } from './contract.ts'

type Quantity = Pick<Amount, 'units' | 'decimals'>

/** Decimal text without rounding: `'1234.5'`. */
export function exact({ units, decimals }: Quantity): string {
  const negative = units.startsWith('-')
  const digits = (negative ? units.slice(1) : units).padStart(decimals + 1, '0')
  const whole = digits.slice(0, digits.length - decimals)
  const fraction = decimals > 0 ? digits.slice(-decimals).replace(/0+$/, '') : ''
  return `${negative ? '-' : ''}${group(whole)}${fraction ? `.${fraction}` : ''}`
}

/**
 * Rounded for reading: two decimals, or two significant digits below 0.01, so that a small loss never reads as none.
 * @example rounded({ units: '1234567890000000000000', decimals: 18 }) // '1,234.57'
 */
export function rounded({ units, decimals }: Quantity, places = 2): string {
  const value = BigInt(units)
  const size = value < 0n ? -value : value
  if (size === 0n) return '0'
  const digits = size.toString()
  // How many decimals are needed to show two significant digits of a number below one hundredth.
  const leading = decimals - digits.length
  const wanted = Math.min(decimals, leading >= 2 ? leading + 2 : places)
  const step = 10n ** BigInt(decimals - wanted)
  const count = ((size + step / 2n) / step).toString().padStart(wanted + 1, '0')
  const fraction = wanted > 0 ? `.${count.slice(-wanted)}` : ''
  return `${value < 0n ? '−' : ''}${group(count.slice(0, count.length - wanted))}${fraction}`
}

/** A block number or a count, grouped: `'21,034,567'`. */
export function group(integer: string | number | bigint): string {
  return integer.toString().replace(/\B(?=(\d{3})+$)/g, ',')
}

/** For plotting only; loses digits. */
export function approximately({ units, decimals }: Quantity): number {
  return Number(units) / 10 ** decimals
}

const second = 1_000
const minute = 60 * second
const hour = 60 * minute
const day = 24 * hour

/** `'38 s'`, `'4 min 07 s'`, `'1 h 02 min'`, `'3 d 4 h'`; two parts at most. */
export function duration(milliseconds: number): string {
  const ms = Math.max(0, milliseconds)
  if (ms > 0 && ms < second) return 'under 1 s'
  if (ms < minute) return `${Math.floor(ms / second)} s`
  if (ms < hour) return `${Math.floor(ms / minute)} min ${pad(((ms % hour) / second) % 60)} s`
  if (ms < day) return `${Math.floor(ms / hour)} h ${pad((ms % hour) / minute)} min`
  return `${Math.floor(ms / day)} d ${Math.floor((ms % day) / hour)} h`
}

/** One part only, for lists: `'just now'`, `'12 min ago'`, `'in 4 min'`. */
export function relative(at: string, now: number): string {
  const gap = now - Date.parse(at)
  const size = Math.abs(gap)
  if (size < 2 * second) return 'just now'
  const [count, unit] =
    size < minute
      ? [size / second, 's']
      : size < hour
        ? [size / minute, 'min']
        : size < day
          ? [size / hour, 'h']
          : [size / day, 'd']
  return gap < 0 ? `in ${Math.floor(count as number)} ${unit}` : `${Math.floor(count as number)} ${unit} ago`
}

/** `'09:31'`, `'1:02:09'`; zero once it is over. */
export function countdown(milliseconds: number): string {
  const left = Math.max(0, Math.ceil(milliseconds / second))
  const hours = Math.floor(left / 3600)
  const tail = `${pad((left % 3600) / 60)}:${pad(left % 60)}`
  return hours > 0 ? `${hours}:${tail}` : tail
}

/** `'03:14:07'` in UTC. */
export function utcTime(at: string | number): string {
  return new Date(at).toISOString().slice(11, 19)
}

/** `'2026-11-20 03:14:07 UTC'`. */
export function utc(at: string | number): string {
  return `${utcDate(at)} ${utcTime(at)} UTC`
}

export function utcDate(at: string | number): string {
  return new Date(at).toISOString().slice(0, 10)
}

/** `'1.2 KB'` in powers of 1,000. */
export function bytes(count: number): string {
  if (count < 1_000) return `${count} B`
  if (count < 1_000_000) return `${(count / 1_000).toFixed(1)} KB`
  return `${(count / 1_000_000).toFixed(1)} MB`
}

/** `'post_incident'` → `'Post incident'`. */
export function words(name: string): string {
  const text = name.replace(/[_-]+/g, ' ').trim()
  return text.charAt(0).toUpperCase() + text.slice(1)
}

/** `1 alert`, `2 alerts`. */
export function count(number: number, noun: string, plural = `${noun}s`): string {
  return `${group(number)} ${number === 1 ? noun : plural}`
}

function pad(number: number): string {
  return Math.floor(number).toString().padStart(2, '0')
}
