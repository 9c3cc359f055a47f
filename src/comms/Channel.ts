/** Where announcements go: a channel renders one and hands it over, or throws so that the outbox tries again. */
import * as Errors from '../base/Errors.ts'
import type { Announcement } from '../incident/Announcement.ts'

export type Delivery = {
  readonly announcement: Announcement
  /** The same for each try of one message; receivers drop what they have seen. */
  readonly idempotencyKey: string
  /** Where the console is, for links; without a slash at the end. */
  readonly consoleUrl: string
  readonly now: Date
}

export type Channel = {
  readonly kind: string
  /** Says where it delivers to; throws where a secret that it needs is missing. Sends nothing. */
  readonly ready?: (() => string) | undefined
  readonly deliver: (delivery: Delivery) => Promise<void>
}

/** A value that may be a secret: written out, or the name of the environment variable that holds it. */
export type Secret = string | { readonly env: string }

/** Reads a secret when it is needed, so that none is kept in the configuration. */
export function reveal(secret: Secret): string {
  if (typeof secret === 'string') return secret
  const value = process.env[secret.env]
  if (!value) throw new MissingSecretError(secret.env)
  return value
}

/** Most bytes of an answer that are read: enough for an error message. */
const answerLimit = 2_000

/** Posts JSON and throws unless the answer is 2xx. 429 and 5xx may work later; other answers need a person. */
export async function post(url: string, body: string, headers: Readonly<Record<string, string>>): Promise<void> {
  let response: Response
  try {
    response = await fetch(url, {
      method: 'POST',
      body,
      headers: { 'content-type': 'application/json', 'user-agent': 'firebreak', ...headers },
      redirect: 'error',
      signal: AbortSignal.timeout(10_000),
    })
  } catch (cause) {
    throw new UnreachableError(url, cause)
  }
  const text = await beginning(response).catch(() => '')
  if (!response.ok) throw new RejectedError(url, response.status, text, retryAfter(response.headers.get('retry-after')))
}

/** The first bytes of an answer; the rest is neither waited for nor kept. */
async function beginning(response: Response): Promise<string> {
  const reader = response.body?.getReader()
  const chunks: Uint8Array[] = []
  let bytes = 0
  while (reader && bytes < answerLimit) {
    const { value, done } = await reader.read()
    if (done) break
    chunks.push(value)
    bytes += value.length
  }
  await reader?.cancel()
  return Buffer.concat(chunks).subarray(0, answerLimit).toString('utf8')
}

/** Milliseconds that a `Retry-After` in seconds asks for. */
function retryAfter(header: string | null): number | undefined {
  const seconds = Number(header)
  return header !== null && Number.isFinite(seconds) && seconds >= 0 ? Math.min(seconds, 3_600) * 1_000 : undefined
}

/** The host only: paths of webhooks are secrets. */
export function hostOf(url: string): string {
  return URL.canParse(url) ? new URL(url).host : 'an invalid URL'
}

export class MissingSecretError extends Errors.BaseError {
  override readonly name = 'Channel.MissingSecretError'
  constructor(variable: string) {
    super(`The environment variable ${variable} is not set.`, { remedy: 'config' })
  }
}

export class UnreachableError extends Errors.BaseError {
  override readonly name = 'Channel.UnreachableError'
  constructor(url: string, cause: unknown) {
    super(`${hostOf(url)} cannot be reached.`, {
      remedy: 'retry',
      cause: (cause as { cause?: unknown }).cause ?? cause,
    })
  }
}

export class RejectedError extends Errors.BaseError {
  override readonly name = 'Channel.RejectedError'
  readonly retryAfterMs: number | undefined
  constructor(url: string, status: number, answer: string, retryAfterMs: number | undefined) {
    super(`${hostOf(url)} answered ${status}${answer ? `: ${answer.split('\n')[0]?.slice(0, 200)}` : ''}.`, {
      remedy: status === 429 || status >= 500 || status === 408 ? 'retry' : 'config',
    })
    this.retryAfterMs = retryAfterMs
  }
}
