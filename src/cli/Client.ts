/** Talks to a running server: finds it by its data directory, speaks its API, turns its problems back into errors. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type * as Operations from '../api/contract/Operations.ts'
import * as Errors from '../base/Errors.ts'

export type Client = {
  readonly get: <answer>(path: string) => Promise<answer>
  readonly post: <answer>(path: string, body: unknown) => Promise<answer>
}

/** A client for the server of a data directory, or for the one at `url`. */
export function open(dataDirectory: string, url?: string): Client {
  const base = url?.replace(/\/+$/, '') ?? read(join(dataDirectory, 'url'), dataDirectory)
  const token = process.env.FIREBREAK_TOKEN ?? read(join(dataDirectory, 'token'), dataDirectory)
  const ask = async <answer>(path: string, init: RequestInit): Promise<answer> => {
    const response = await fetch(`${base}${path}`, {
      ...init,
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    }).catch((cause: unknown) => {
      throw new UnreachableServerError(base, cause)
    })
    const body: unknown = await response.json().catch((cause: unknown) => {
      throw new UnreachableServerError(base, cause)
    })
    if (!response.ok) throw new ProblemError(body as Operations.Problem)
    return body as answer
  }
  return {
    get: (path) => ask(path, {}),
    post: (path, body) => ask(path, { method: 'POST', body: JSON.stringify(body) }),
  }
}

function read(path: string, dataDirectory: string): string {
  try {
    return readFileSync(path, 'utf8').trim()
  } catch {
    throw new NoServerError(dataDirectory)
  }
}

export class NoServerError extends Errors.BaseError {
  override readonly name = 'Client.NoServerError'
  constructor(dataDirectory: string) {
    super(`No server has been started in ${dataDirectory}.`, {
      remedy: 'operator',
      advice: 'Start one with `firebreak start`, or name its data directory with --data.',
    })
  }
}

export class UnreachableServerError extends Errors.BaseError {
  override readonly name = 'Client.UnreachableServerError'
  constructor(url: string, cause: unknown) {
    super(`No Firebreak answers at ${url}.`, {
      remedy: 'retry',
      cause: (cause as { cause?: unknown }).cause ?? cause,
      advice: 'Is `firebreak start` still running?',
    })
  }
}

/** What the server answered, as it said it. */
export class ProblemError extends Errors.BaseError {
  override readonly name: string
  constructor({ error, message, remedy, facts, advice }: Operations.Problem) {
    super(message, { remedy, facts, advice: advice ?? undefined })
    this.name = error
  }
}
