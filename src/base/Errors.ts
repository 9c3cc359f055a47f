/** The one error shape of Firebreak: what happened, the facts, and who can mend it. */

/**
 * Who must act. The CLI's exit code, the HTTP status, the playbook runner and the console banner all read this.
 *
 * - `retry`: nobody; it may work the next time (a cut connection, a busy endpoint).
 * - `operator`: the person who asked (a wrong state, a missing approval).
 * - `config`: whoever keeps the configuration or the environment.
 * - `bug`: the makers of Firebreak.
 */
export type Remedy = 'retry' | 'operator' | 'config' | 'bug'

/** Exit status of a command that ended with an error of this remedy. */
export const exitCodes = { bug: 1, operator: 2, config: 3, retry: 4 } as const satisfies Record<Remedy, number>

/** HTTP status of a response that carries an error of this remedy. */
export const httpStatuses = { bug: 500, operator: 409, config: 422, retry: 503 } as const satisfies Record<
  Remedy,
  number
>

export type Options = {
  readonly remedy: Remedy
  /** Labelled values that a reader needs: the path, the address, what was expected. Never a key or a token. */
  readonly facts?: Readonly<Record<string, unknown>> | undefined
  /** One sentence that says what to do about it. */
  readonly advice?: string | undefined
  readonly cause?: unknown
}

/** An error with a stable name, a short message, labelled facts and advice. Subclasses sit where they are thrown. */
export class BaseError extends Error {
  override readonly name: string = 'BaseError'
  readonly shortMessage: string
  readonly remedy: Remedy
  readonly facts: Readonly<Record<string, unknown>>
  readonly advice: string | undefined

  constructor(shortMessage: string, options: Options) {
    super(render(shortMessage, options), { cause: options.cause })
    this.shortMessage = shortMessage
    this.remedy = options.remedy
    this.facts = options.facts ?? {}
    this.advice = options.advice
  }
}

/** The remedy of anything thrown; what is not ours counts as a bug. */
export function remedyOf(thrown: unknown): Remedy {
  return thrown instanceof BaseError ? thrown.remedy : 'bug'
}

/** The first line of anything thrown. */
export function messageOf(thrown: unknown): string {
  if (thrown instanceof BaseError) return thrown.shortMessage
  if (thrown instanceof AggregateError && thrown.errors.length > 0) return messageOf(thrown.errors[0])
  if (thrown instanceof Error) return thrown.message.split('\n')[0] || thrown.name
  return String(thrown)
}

/** What went wrong on one line, with the facts: for tables and logs. */
export function explain(thrown: unknown): string {
  const facts = thrown instanceof BaseError ? Object.entries(thrown.facts) : []
  return [messageOf(thrown), ...facts.map(([label, value]) => `${label}: ${show(value)}`)]
    .join(' ')
    .replaceAll('\n', ' ')
}

function render(shortMessage: string, { facts = {}, advice, cause }: Options): string {
  const width = Math.max(0, ...Object.keys(facts).map((label) => label.length))
  const lines = Object.entries(facts).map(([label, value]) => `  ${label.padEnd(width)}  ${show(value)}`)
  if (cause !== undefined) lines.push(`  because: ${messageOf(cause)}`)
  if (advice) lines.push(advice)
  return [shortMessage, ...lines].join('\n')
}

function show(value: unknown): string {
  if (typeof value === 'string') return value
  return JSON.stringify(value, (_, inner) => (typeof inner === 'bigint' ? inner.toString() : inner)) ?? String(value)
}
