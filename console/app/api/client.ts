/** The one place that talks to the server. */
import type { Problem } from './contract.ts'
import { currentToken, dropToken } from './token.ts'

/** A refusal in the server's own words. */
export class ApiError extends Error {
  override readonly name = 'ApiError'
  readonly status: number
  readonly problem: Problem
  constructor(status: number, problem: Problem, options?: ErrorOptions) {
    super(problem.message, options)
    this.status = status
    this.problem = problem
  }
}

export async function get<T>(path: string, signal?: AbortSignal): Promise<T> {
  return (await send(path, signal ? { signal } : {})).json() as Promise<T>
}

export async function post<T>(path: string, body: unknown = {}): Promise<T> {
  const init = { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }
  return (await send(path, init)).json() as Promise<T>
}

export async function getBytes(path: string): Promise<Blob> {
  return (await send(path, {})).blob()
}

/** Sends one request with the token. Throws `ApiError` for every refusal, also when there is no answer at all. */
export async function send(path: string, init: RequestInit): Promise<Response> {
  const headers = new Headers(init.headers)
  const token = currentToken()
  if (token) headers.set('authorization', `Bearer ${token}`)
  let response: Response
  try {
    response = await fetch(path, { ...init, headers })
  } catch (cause) {
    if (cause instanceof DOMException && cause.name === 'AbortError') throw cause
    throw new ApiError(0, unreachable, { cause })
  }
  if (response.ok) return response
  if (response.status === 401 && token === currentToken()) dropToken()
  throw new ApiError(response.status, await problemOf(response))
}

async function problemOf(response: Response): Promise<Problem> {
  const body: unknown = await response.json().catch(() => null)
  if (typeof body === 'object' && body !== null && 'message' in body && 'remedy' in body) return body as Problem
  return {
    error: 'Console.UnexpectedAnswerError',
    message: `The server answered ${response.status} without saying why.`,
    remedy: response.status >= 500 ? 'retry' : 'bug',
    advice: null,
    facts: {},
  }
}

const unreachable: Problem = {
  error: 'Console.UnreachableError',
  message: 'The server does not answer.',
  remedy: 'retry',
  advice: 'It may be restarting, or this device is offline. The console keeps trying.',
  facts: {},
}
