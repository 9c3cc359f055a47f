/** One JSON-RPC conversation with one server, whatever carries it; and the two ways in which a request can fail. */
import * as Errors from '../base/Errors.ts'

/** A method and its parameters. */
export type Call = readonly [method: string, params: readonly unknown[]]

/** A conversation that works until `closed` resolves. Nothing is retried here. */
export type Wire = {
  /**
   * Sends requests and gives a promise for the result of each: an `RpcError` where the server refused it, a
   * `TransportError` where no proper answer came. Several go as one JSON-RPC batch, because a server that answers them
   * one by one may hold all but the first back until that is acknowledged (40 ms were seen); singly where the server
   * takes no batches. Many may be under way at a time, and a promise that nobody awaits does no harm.
   */
  readonly request: (calls: readonly Call[], timeoutMs: number) => readonly Promise<unknown>[]
  /** `eth_subscribe`: resolves once the server agreed; `onEvent` gets each event. Absent where the transport cannot push. */
  readonly subscribe?: (
    params: readonly unknown[],
    onEvent: (event: unknown) => void,
    timeoutMs: number,
  ) => Promise<void>
  /** Resolves with the reason when the conversation is over. */
  readonly closed: Promise<TransportError>
  readonly close: (reason: string) => void
}

export type Options = {
  /** With its credentials; it goes to the server and nowhere else. */
  readonly url: URL
  /** How the server may be named in errors. */
  readonly name: string
  readonly maxResponseBytes: number
  readonly timeoutMs: number
}

/** What is sent for a call. */
export function encode(id: number, [method, params]: Call): object {
  return { jsonrpc: '2.0', id, method, params }
}

/** The promises themselves; that nobody awaits one of them is no unhandled rejection. */
export function kept(promises: readonly Promise<unknown>[]): readonly Promise<unknown>[] {
  for (const promise of promises) promise.catch(() => {})
  return promises
}

/** The result in a JSON-RPC answer; throws an `RpcError` or, where it is neither result nor error, a `TransportError`. */
export function unwrap(answer: unknown, method: string, name: string): unknown {
  if (typeof answer !== 'object' || answer === null) throw new TransportError(name, 'the answer is no JSON-RPC object')
  const { result, error } = answer as { readonly result?: unknown; readonly error?: unknown }
  if (typeof error === 'object' && error !== null) throw rpcError(error, method, name)
  if (result === undefined) throw new TransportError(name, 'the answer has neither result nor error')
  return result
}

/** How a URL may be shown: no user, no password, and neither keys in the path nor values in the query. */
export function redact(url: URL): string {
  const path = url.pathname.replace(/[^/]{16,}/g, '…').replace(/\/$/, '')
  const query = [...url.searchParams.keys()].map((key) => `${key.slice(0, 16)}=…`).join('&')
  return `${url.protocol}//${url.host}${path}${query ? `?${query}` : ''}`
}

/** Whether the refusal is the outcome of running code (a revert, a halt), so that another server would say the same. */
export function isExecutionFailure(thrown: unknown): thrown is RpcError {
  if (!(thrown instanceof RpcError)) return false
  return (
    thrown.code === 3 ||
    /revert|invalid opcode|opcode not found|out of gas|stack (over|under)flow|invalid jump|EVM error/i.test(
      thrown.shortMessage,
    )
  )
}

/** Whether the server does not offer the method, which will be as true at the next request. */
export function isMissingMethod(thrown: unknown): thrown is RpcError {
  if (!(thrown instanceof RpcError)) return false
  return (
    thrown.code === -32601 ||
    thrown.code === -32004 ||
    /unsupported method|method\b.*\b(not (found|supported|available|allowed|whitelisted)|disabled|does not exist)/i.test(
      thrown.shortMessage,
    )
  )
}

function rpcError(error: object, method: string, name: string): RpcError | TransportError {
  const { code, message, data } = error as {
    readonly code?: unknown
    readonly message?: unknown
    readonly data?: unknown
  }
  const text = typeof message === 'string' ? message.slice(0, 1_000) : 'no message'
  const number = typeof code === 'number' ? code : -32603
  // A busy server says so in many ways; all of them mean: ask elsewhere or later.
  if (number === -32005 || number === 429 || /rate limit|too many requests/i.test(text))
    return new TransportError(name, `it is busy: ${text}`)
  return new RpcError(method, name, number, text, data)
}

/** No proper answer came: a cut, a delay, half an answer, a busy server. */
export class TransportError extends Errors.BaseError {
  override readonly name = 'Wire.TransportError'
  /** What the server asked for before the next attempt. */
  readonly retryAfterMs: number | undefined
  constructor(
    endpoint: string,
    reason: string,
    options: { readonly retryAfterMs?: number | undefined; readonly cause?: unknown } = {},
  ) {
    super('The endpoint gave no proper answer.', { remedy: 'retry', facts: { endpoint, reason }, cause: options.cause })
    this.retryAfterMs = options.retryAfterMs
  }
}

/** The server refused the request. `code` and `data` are as it gave them; its words are the short message. */
export class RpcError extends Errors.BaseError {
  override readonly name = 'Wire.RpcError'
  readonly code: number
  readonly data: unknown
  constructor(method: string, endpoint: string, code: number, message: string, data?: unknown) {
    super(message, {
      remedy: code === -32601 ? 'config' : code === -32602 ? 'bug' : code === 3 ? 'operator' : 'retry',
      facts: { method, code, endpoint },
    })
    this.code = code
    this.data = data
  }
}
