/** One chain as several endpoints tell it: whoever asks need not know which of them answers. */
import { createPublicClient, custom, type Hash, type Hex, keccak256, type PublicClient } from 'viem'
import * as Clock from '../base/Clock.ts'
import * as Errors from '../base/Errors.ts'
import type * as Log from '../base/Log.ts'
import type * as Block from './Block.ts'
import * as Caip from './Caip.ts'
import * as Endpoint from './Endpoint.ts'
import * as Heads from './Heads.ts'
import * as Mempool from './Mempool.ts'
import * as Source from './Source.ts'
import * as Wire from './Wire.ts'

export type Options = {
  /** As named in the configuration. */
  readonly name: string
  readonly chain: Caip.ChainId
  /** Without it the genesis is learnt from the first endpoint that answers with the right chain id. */
  readonly genesisHash?: Hash | undefined
  /** In order of preference; ws, wss, http or https. */
  readonly endpoints: readonly string[]
  readonly log: Log.Log
  readonly clock?: Clock.Clock | undefined
  readonly random?: (() => number) | undefined
  /** For each request. 5,000 unless given. */
  readonly timeoutMs?: number | undefined
  /** Between polls where no subscription is alive. 1,000 unless given. */
  readonly pollMs?: number | undefined
  /** 64 MiB unless given. */
  readonly maxResponseBytes?: number | undefined
  /** `false` for chains whose headers carry no true bloom filter, or leave some logs out of it, or do not number logs through; missing logs then go unseen. */
  readonly checkBloom?: boolean | undefined
}

export type RequestOptions = {
  readonly timeoutMs?: number | undefined
  /** Says what is wrong with a result, so that the next endpoint is asked; `undefined` where nothing is. */
  readonly fault?: ((result: unknown) => string | undefined) | undefined
}

export type Chain = {
  readonly name: string
  readonly key: Caip.ChainKey
  readonly id: Caip.ChainId
  /**
   * Asks the endpoints in turn until one answers. Moves on after transport failures, faulty results and refusals; a
   * failure of executed code (a revert) is an answer and is thrown at once. For methods that change nothing.
   */
  readonly request: (method: string, params?: readonly unknown[], options?: RequestOptions) => Promise<unknown>
  /**
   * Sends a signed transaction: `eth_sendRawTransaction` to every endpoint at once, on sockets of their own. Resolves
   * with its hash as soon as one has accepted it, or knows it already, or the chain holds it already.
   */
  readonly send: (rawTransaction: Hex) => Promise<Hash>
  /** Calls back with each new head. It may be of a branch that is left again: walk with `Follow.next`. */
  readonly onHead: (callback: (head: Block.Header) => void) => () => void
  /** Calls back with transactions that wait to be included, where a WebSocket endpoint tells of them. */
  readonly onPending: (callback: (transactions: Block.Transaction[]) => void) => () => void
  readonly status: () => readonly Status[]
  readonly close: () => void
  /** For this folder: whom to ask, best first. Waits a while for one to be up; throws a `NoEndpointError`. */
  readonly sources: () => Promise<readonly Source.Source[]>
  /** For this folder: remembers that an endpoint gave a wrong answer, so that it is asked last for a while. */
  readonly suspect: (source: Source.Source, reason: string) => void
  /** The head told of last. */
  readonly head: () => Block.Header | undefined
  readonly checkBloom: boolean
  readonly log: Log.Log
}

export type Status = {
  /** Without credentials. */
  readonly url: string
  readonly kind: 'ws' | 'http'
  readonly state: Endpoint.State
  /** One line, kept after recovery. */
  readonly lastError: string | undefined
  readonly latencyMs: number | undefined
  readonly lastHead: bigint | undefined
  readonly lastHeadAt: Date | undefined
  /** Why it is asked last for now. */
  readonly suspicion: string | undefined
  readonly droppedPending: number
}

/** How long an endpoint that gave a wrong answer is asked after the others, in milliseconds. */
const suspicionMs = 30_000
/** How long `open` waits for preferred endpoints once another is up, in milliseconds. */
const graceMs = 300

/**
 * Connects to a chain and resolves when an endpoint is up; the others go on trying. Asks `eth_chainId` and block 0 of
 * each. Throws a `NoEndpointError` that names every endpoint and its reason where none can be used.
 *
 * @example
 * const chain = await Chain.open({ name: 'mainnet', chain: 'eip155:1', endpoints: ['wss://…'], log })
 * chain.key // 'eip155:1@0xd4e56740…'
 */
export async function open(options: Options): Promise<Chain> {
  const {
    name,
    log: parent,
    clock = Clock.system,
    random = Math.random,
    timeoutMs = 5_000,
    pollMs = 1_000,
    maxResponseBytes = 64 * 1_024 ** 2,
    checkBloom = true,
  } = options
  const log = parent.child({ chain: name })
  const closing = new AbortController()
  const identity: Endpoint.Identity = {
    chainId: Caip.reference(options.chain),
    genesisHash: options.genesisHash?.toLowerCase() as Hash | undefined,
  }
  const heads = Heads.create({ clock, log, pollMs, signal: closing.signal })
  const mempool = Mempool.create({ log, signal: closing.signal })

  const attempt = (source: Source.Source, subscribed: Promise<void>) =>
    void subscribed.catch((error) => log.warn({ endpoint: source.url, err: error }, 'could not subscribe'))
  const onWatch = (source: Source.Source, watch: Endpoint.Endpoint) => {
    attempt(source, heads.subscribe(source, watch))
    if (mempool.isWanted()) attempt(source, mempool.subscribe(source, watch))
  }
  // All are read before any is opened, so that a wrong one leaves nothing behind.
  for (const url of options.endpoints) Endpoint.parse(url)
  const sources = options.endpoints.map((url) =>
    Source.open({ url, identity, clock, random, timeoutMs, maxResponseBytes, onDown: tellOnce(log) }, onWatch),
  )
  const close = () => {
    closing.abort()
    for (const source of sources) Source.close(source)
  }

  await firstVerdicts(sources, clock, closing.signal)
  if (!identity.genesisHash || Source.ordered(sources).length === 0) {
    close()
    throw new NoEndpointError(name, sources)
  }

  const usable = async (withinMs: number): Promise<readonly Source.Source[]> => {
    if (Source.ordered(sources).length === 0)
      await Promise.any(sources.map(({ read }) => read.whenUp(withinMs))).catch(() => {})
    const ready = Source.ordered(sources)
    if (ready.length === 0) throw new NoEndpointError(name, sources)
    return ready
  }
  const suspect = (source: Source.Source, reason: string) => {
    source.memory.suspectUntil = performance.now() + suspicionMs
    source.memory.suspicion = reason
    log.warn({ endpoint: source.url, reason }, 'endpoint gave a wrong answer')
  }

  const request: Chain['request'] = async (method, params = [], { timeoutMs: within = timeoutMs, fault } = {}) => {
    let refusal: Wire.RpcError | undefined
    let failure: unknown
    for (const source of await usable(within)) {
      try {
        const result = await source.read.request(method, params, within)
        const wrong = fault?.(result)
        if (wrong === undefined) return result
        suspect(source, wrong)
        failure ??= new Wire.TransportError(source.url, wrong)
      } catch (thrown) {
        if (Wire.isExecutionFailure(thrown)) throw thrown
        if (thrown instanceof Wire.RpcError) refusal ??= thrown
        else failure ??= thrown
      }
    }
    throw refusal ?? failure
  }

  const send: Chain['send'] = async (rawTransaction) => {
    const hash = keccak256(rawTransaction)
    const attempts = sources.map(async ({ send }) => {
      if (send.state() !== 'up') await send.whenUp(timeoutMs)
      await send.request('eth_sendRawTransaction', [rawTransaction]).catch((thrown) => {
        if (!isKnown(thrown)) throw thrown
      })
      return hash
    })
    try {
      return await Promise.any(attempts)
    } catch (thrown) {
      // It may have been included long ago, when a run that was cut off sends it again.
      const isIncluded = await request('eth_getTransactionByHash', [hash]).catch(() => null)
      if (isIncluded) return hash
      const reasons = (thrown as AggregateError).errors
      throw (
        reasons.find((reason) => reason instanceof Wire.RpcError) ?? reasons[0] ?? new NoEndpointError(name, sources)
      )
    }
  }

  void heads.poll(sources)
  return {
    name,
    key: Caip.chainKey(options.chain, identity.genesisHash),
    id: options.chain,
    request,
    send,
    onHead: heads.listen,
    onPending: (callback) => {
      const isFirst = !mempool.isWanted()
      const stop = mempool.listen(callback)
      if (isFirst)
        for (const source of sources)
          if (source.watch?.state() === 'up') attempt(source, mempool.subscribe(source, source.watch))
      return stop
    },
    status: () => sources.map(describe),
    close,
    sources: () => usable(timeoutMs),
    suspect,
    head: heads.latest,
    checkBloom,
    log,
  }
}

/** A viem client whose requests go through the chain; what viem calls retries is done here already. */
export function toClient(chain: Chain): PublicClient {
  const transport = custom({ request: ({ method, params }) => chain.request(method, params ?? []) }, { retryCount: 0 })
  return createPublicClient({ transport }) as PublicClient
}

/** Warns of a failure; the same again at each attempt to reconnect is worth no more than a debug line. */
function tellOnce(log: Log.Log): (error: unknown) => void {
  let told: string | undefined
  return (error) => {
    const reason = reasonOf(error)
    log[reason === told ? 'debug' : 'warn']({ reason, err: error }, 'endpoint not usable')
    told = reason
  }
}

/** Waits until every endpoint has been tried, or a while after the first is up. */
async function firstVerdicts(
  sources: readonly Source.Source[],
  clock: Clock.Clock,
  signal: AbortSignal,
): Promise<void> {
  const all = Promise.all(sources.map(({ read }) => read.settled))
  const up = sources.map(async ({ read }) => {
    await read.settled
    if (read.state() !== 'up') throw read.lastError()
  })
  const enough = Promise.any(up).then(
    () => clock.sleep(graceMs, signal).catch(() => {}),
    () => {},
  )
  await Promise.race([all, enough])
}

function describe({ url, kind, read, memory }: Source.Source): Status {
  const error = read.lastError()
  return {
    url,
    kind,
    state: read.state(),
    lastError: error === undefined ? undefined : reasonOf(error),
    latencyMs: read.latencyMs(),
    lastHead: memory.head?.number,
    lastHeadAt: memory.headAt,
    suspicion: memory.suspectUntil > performance.now() ? memory.suspicion : undefined,
    droppedPending: memory.droppedPending,
  }
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Errors.BaseError)) return Errors.messageOf(error)
  const { reason, compared, expected, got } = error.facts
  return reason === undefined
    ? `${error.shortMessage} The ${compared} should be ${expected} and is ${got}.`
    : String(reason)
}

/** Whether a node refuses a transaction because it has it already; each client says so in its own words. */
function isKnown(thrown: unknown): boolean {
  return (
    thrown instanceof Wire.RpcError &&
    /already (known|imported|exists|in mempool)|known transaction|AlreadyKnown|existing tx|same hash/i.test(
      thrown.shortMessage,
    )
  )
}

/** No endpoint of the chain can be used. */
export class NoEndpointError extends Errors.BaseError {
  override readonly name = 'Chain.NoEndpointError'
  constructor(chain: string, sources: readonly Source.Source[]) {
    const errors = sources.map(({ read }) => read.lastError())
    super(`No endpoint of the chain ${chain} can be used.`, {
      remedy: errors.length > 0 && errors.some((error) => Errors.remedyOf(error) === 'retry') ? 'retry' : 'config',
      facts: Object.fromEntries(
        sources.map(({ url }, index) => [
          url,
          errors[index] === undefined ? 'not connected yet' : reasonOf(errors[index]),
        ]),
      ),
      advice: 'Check that the endpoints are running, reachable from here, and of this chain.',
    })
  }
}
