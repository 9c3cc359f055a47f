/** A JSON-RPC endpoint that is used only while it is known to serve the chain it should serve. */
import type { Hash } from 'viem'
import type * as Clock from '../base/Clock.ts'
import * as Errors from '../base/Errors.ts'
import { httpWire } from './httpWire.ts'
import * as Wire from './Wire.ts'
import { webSocketWire } from './webSocketWire.ts'

export type State = 'connecting' | 'up' | 'down' | 'wrong_chain'

/** What an endpoint must serve. A genesis that is not known yet is learnt from the first endpoint with the right id. */
export type Identity = { readonly chainId: number; genesisHash: Hash | undefined }

export type Options = {
  /** ws, wss, http or https; user, password and keys are never shown. */
  readonly url: string
  readonly identity: Identity
  readonly clock: Clock.Clock
  /** Uniform in [0, 1); spreads reconnections. */
  readonly random: () => number
  readonly timeoutMs: number
  readonly maxResponseBytes: number
  /** Called each time the endpoint has been checked and may be used, with its new connection. */
  readonly onUp?: ((endpoint: Endpoint) => void) | undefined
  /** Called when it fails or is refused. */
  readonly onDown?: ((error: unknown) => void) | undefined
}

export type Endpoint = {
  /** For people: without credentials. */
  readonly url: string
  readonly kind: 'ws' | 'http'
  readonly state: () => State
  /** Of the last failure, kept after recovery. */
  readonly lastError: () => unknown
  /** A moving average, `undefined` before the first answer. */
  readonly latencyMs: () => number | undefined
  /** Throws at once where the endpoint is not up. `timeoutMs` is the endpoint's unless given. */
  readonly request: (method: string, params?: readonly unknown[], timeoutMs?: number) => Promise<unknown>
  /** Several requests in one message, with a promise for each; where the endpoint is not up they reject. */
  readonly batch: (calls: readonly Wire.Call[], timeoutMs?: number) => readonly Promise<unknown>[]
  /** `eth_subscribe` on the present connection; lost with it, so subscribe in `onUp`. WebSocket only. */
  readonly subscribe: (params: readonly unknown[], onEvent: (event: unknown) => void) => Promise<void>
  /** Resolves when the first attempt to use it has ended either way. */
  readonly settled: Promise<void>
  /** Resolves when it is up, or rejects with its last error after `withinMs`. */
  readonly whenUp: (withinMs: number) => Promise<void>
  /** Drops the connection and makes a new one. */
  readonly restart: (reason: string) => void
  readonly close: () => void
}

/** Attempts to reconnect wait between these, in milliseconds, doubling. */
const backoffMs = { least: 100, most: 15_000 }
/** A connection that lasted so long counts as good, and the next attempt to reconnect is quick again. */
const stableMs = 10_000

/**
 * Connects to an endpoint and keeps it connected until `close`. At every WebSocket connection, and for HTTP at the start
 * and after every transport failure, asks `eth_chainId` and `eth_getBlockByNumber(0)`; an endpoint of another chain is
 * not used and is asked again with growing pauses. Throws an `InvalidUrlError`.
 */
export function open(options: Options): Endpoint {
  const { identity, clock, random, timeoutMs, maxResponseBytes } = options
  const url = parse(options.url)
  const name = Wire.redact(url)
  const kind = url.protocol.startsWith('ws') ? 'ws' : 'http'
  const closing = new AbortController()
  const { promise: settled, resolve: settle } = Promise.withResolvers<void>()
  const waiters = new Set<() => void>()
  let state: State = 'connecting'
  let wire: Wire.Wire | undefined
  let lastError: unknown
  let latencyMs: number | undefined

  const measured = async (answer: Promise<unknown>): Promise<void> => {
    const askedAt = performance.now()
    await answer
    const took = performance.now() - askedAt
    latencyMs = latencyMs === undefined ? took : latencyMs * 0.8 + took * 0.2
  }

  const ask = (calls: readonly Wire.Call[], within: number): readonly Promise<unknown>[] => {
    if (calls.length === 0) return []
    if (state !== 'up' || !wire)
      return Wire.kept(
        calls.map(async () => Promise.reject(lastError ?? new Wire.TransportError(name, 'it is not connected yet'))),
      )
    const answers = wire.request(calls, within)
    void measured(answers[0]!).catch(() => {})
    return answers
  }

  /** One life of the endpoint: connect, check, serve until it fails. Always throws the reason of its end. */
  const live = async (): Promise<never> => {
    const wireOptions: Wire.Options = { url, name, maxResponseBytes, timeoutMs }
    const connected = kind === 'ws' ? await webSocketWire(wireOptions) : httpWire(wireOptions)
    wire = connected
    try {
      if (closing.signal.aborted) throw new Wire.TransportError(name, 'closed')
      await check(connected, identity, name, timeoutMs)
    } catch (thrown) {
      connected.close('it is not used')
      throw thrown
    }
    state = 'up'
    for (const wake of waiters) wake()
    settle()
    options.onUp?.(endpoint)
    throw await connected.closed
  }

  const run = async () => {
    for (let attempt = 0; !closing.signal.aborted; attempt++) {
      const beganAt = performance.now()
      try {
        await live()
      } catch (thrown) {
        wire = undefined
        if (closing.signal.aborted) break
        if (state === 'up' && performance.now() - beganAt > stableMs) attempt = 0
        lastError = thrown
        state = thrown instanceof WrongChainError ? 'wrong_chain' : 'down'
        options.onDown?.(thrown)
      }
      settle()
      const asked = lastError instanceof Wire.TransportError ? Math.min(lastError.retryAfterMs ?? 0, 60_000) : 0
      const pause = Math.max(
        asked,
        Math.min(backoffMs.most, backoffMs.least * 2 ** Math.min(attempt, 20)) * (0.5 + random() / 2),
      )
      await clock.sleep(pause, closing.signal).catch(() => {})
    }
    state = 'down'
    settle()
  }

  const endpoint: Endpoint = {
    url: name,
    kind,
    state: () => state,
    lastError: () => lastError,
    latencyMs: () => latencyMs,
    request: (method, params = [], within = timeoutMs) => ask([[method, params]], within)[0]!,
    batch: (calls, within = timeoutMs) => ask(calls, within),
    subscribe: async (params, onEvent) => {
      if (state !== 'up' || !wire?.subscribe) throw new Wire.TransportError(name, 'it cannot push events now')
      await wire.subscribe(params, onEvent, timeoutMs)
    },
    settled,
    whenUp: (withinMs) =>
      new Promise((resolve, reject) => {
        if (state === 'up') return resolve()
        const done = (finish: () => void) => () => {
          clearTimeout(timer)
          waiters.delete(wake)
          finish()
        }
        const wake = done(resolve)
        const timer = setTimeout(
          done(() => reject(lastError ?? new Wire.TransportError(name, `not connected within ${withinMs} ms`))),
          withinMs,
        )
        waiters.add(wake)
      }),
    restart: (reason) => wire?.close(reason),
    close: () => {
      closing.abort()
      wire?.close('closed')
    },
  }
  void run()
  return endpoint
}

/** Throws a `WrongChainError` unless the server has the right chain id and genesis; learns a genesis not known before. */
async function check(wire: Wire.Wire, identity: Identity, name: string, timeoutMs: number): Promise<void> {
  // One by one: it is not known yet whether the server takes batches, and nobody waits for these.
  const [id] = await Promise.all(wire.request([['eth_chainId', []]], timeoutMs))
  const [genesis] = await Promise.all(wire.request([['eth_getBlockByNumber', ['0x0', false]]], timeoutMs))
  const chainId = typeof id === 'string' && /^0x[0-9a-f]{1,13}$/i.test(id) ? Number(id) : undefined
  if (chainId !== identity.chainId)
    throw new WrongChainError(
      name,
      'chain id',
      identity.chainId,
      chainId ?? `not a chain id: ${JSON.stringify(id)?.slice(0, 80)}`,
    )
  const hash = (genesis as { readonly hash?: unknown } | null)?.hash
  if (typeof hash !== 'string' || !/^0x[0-9a-f]{64}$/i.test(hash))
    throw new WrongChainError(name, 'genesis', identity.genesisHash ?? 'a hash', 'no block 0')
  identity.genesisHash ??= hash.toLowerCase() as Hash
  if (hash.toLowerCase() !== identity.genesisHash)
    throw new WrongChainError(name, 'genesis', identity.genesisHash, hash.toLowerCase())
}

/** The URL, if an endpoint can have it. Throws an `InvalidUrlError`, which does not show it. */
export function parse(text: string): URL {
  const url = URL.parse(text)
  if (!url || !['ws:', 'wss:', 'http:', 'https:'].includes(url.protocol))
    throw new InvalidUrlError(url ? Wire.redact(url) : 'not a URL')
  return url
}

/** The endpoint serves another chain than the configuration says. */
export class WrongChainError extends Errors.BaseError {
  override readonly name = 'Endpoint.WrongChainError'
  constructor(endpoint: string, what: 'chain id' | 'genesis', expected: unknown, got: unknown) {
    super(`The endpoint ${endpoint} serves another chain.`, {
      remedy: 'config',
      facts: { endpoint, compared: what, expected, got },
      advice: 'Correct the URL or the chain in the configuration. Until then the endpoint is not used.',
    })
  }
}

export class InvalidUrlError extends Errors.BaseError {
  override readonly name = 'Endpoint.InvalidUrlError'
  constructor(got: string) {
    super('An endpoint needs a URL of a JSON-RPC server.', {
      remedy: 'config',
      facts: { got },
      advice: 'Write ws://, wss://, http:// or https://, then host and path.',
    })
  }
}
