/** Lengths of time as people write them. */
import * as Errors from './Errors.ts'

/** A length of time such as `90s`, `15m`, `2h`, `7d` or `250ms`. */
export type Duration = `${number}${'ms' | 's' | 'm' | 'h' | 'd'}`

const units = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const

/**
 * Milliseconds of a duration.
 * @example toMilliseconds('15m') // 900000
 */
export function toMilliseconds(duration: Duration): number {
  const match = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)$/.exec(duration)
  if (!match) throw new InvalidDurationError(duration)
  return Number(match[1]) * units[match[2] as keyof typeof units]
}

export class InvalidDurationError extends Errors.BaseError {
  override readonly name = 'Duration.InvalidDurationError'
  constructor(text: string) {
    super(`\`${text}\` is not a duration.`, {
      remedy: 'config',
      advice: 'Write a number and a unit: 250ms, 90s, 15m, 2h or 7d.',
    })
  }
}
