/** Plain JSON-RPC over HTTP, for the parts of a drill that want one round trip for many calls. */
import { BaseError } from '../base/Errors.ts'

/** A method and its parameters, as they go over the wire. */
export type Call = readonly [method: string, params?: readonly unknown[]]

/** What came back for one call of a batch. */
export type Answer = { readonly result: unknown } | { readonly error: RpcError }

/** Makes one call and returns its result. Throws an `RpcError` when the endpoint refuses or cannot be reached. */
export async function call(url: string, method: string, params: readonly unknown[] = []): Promise<unknown> {
  const [answer] = await batch(url, [[method, params]])
  return take(answer!)
}

/** Makes every call in one request and returns the results in order. Throws the first `RpcError` among them. */
export async function all(url: string, calls: readonly Call[]): Promise<readonly unknown[]> {
  return (await batch(url, calls)).map(take)
}

/**
 * Makes every call in one request and returns an answer for each, in order, refused or not.
 * Throws an `RpcError` only when the endpoint cannot be reached or does not speak JSON-RPC.
 */
export async function batch(url: string, calls: readonly Call[]): Promise<readonly Answer[]> {
  if (calls.length === 0) return []
  const body = calls.map(([method, params = []], id) => ({ jsonrpc: '2.0', id, method, params }))
  const replies = await post(url, body)
  const byId = new Map(replies.map((reply) => [reply.id, reply]))
  return calls.map(([method], id) => {
    const reply = byId.get(id)
    if (reply && !reply.error) return { result: reply.result }
    const reason = reply?.error?.message ?? 'no answer'
    return { error: new RpcError(`${method} was refused: ${reason}`, { facts: { url, code: reply?.error?.code } }) }
  })
}

function take(answer: Answer): unknown {
  if ('error' in answer) throw answer.error
  return answer.result
}

type Reply = {
  readonly id: number
  readonly result?: unknown
  readonly error?: { readonly code: number; readonly message: string }
}

async function post(url: string, body: readonly unknown[]): Promise<readonly Reply[]> {
  try {
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    })
    return (await response.json()) as readonly Reply[]
  } catch (cause) {
    throw new RpcError('The chain did not answer.', {
      facts: { url },
      advice: 'Check that the endpoint is running and that the URL is right.',
      cause,
    })
  }
}

/** The endpoint refused a call, or did not answer. */
export class RpcError extends BaseError {
  override readonly name = 'RpcError'
  constructor(shortMessage: string, options: { facts: Record<string, unknown>; advice?: string; cause?: unknown }) {
    super(shortMessage, { remedy: 'retry', ...options })
  }
}
