/** Learns of new heads: told by WebSocket, asked by polling where nobody tells or the teller has gone quiet. */
import type * as Clock from '../base/Clock.ts'
import type * as Log from '../base/Log.ts'
import type * as Block from './Block.ts'
import type * as Endpoint from './Endpoint.ts'
import * as Raw from './Raw.ts'
import * as Source from './Source.ts'

export type Heads = {
  /** The head told of last. */
  readonly latest: () => Block.Header | undefined
  /** Calls back with each new head, once however many endpoints tell of it. Returns the way to stop. */
  readonly listen: (callback: (head: Block.Header) => void) => () => void
  /** Subscribes on a fresh connection. Sends `eth_subscribe newHeads` and one `eth_getBlockByNumber(latest)`. */
  readonly subscribe: (source: Source.Source, watch: Endpoint.Endpoint) => Promise<void>
  /** Polls until the signal aborts. Sends `eth_getBlockByNumber(latest)`. */
  readonly poll: (sources: readonly Source.Source[]) => Promise<void>
}

export type Options = {
  readonly clock: Clock.Clock
  readonly log: Log.Log
  readonly pollMs: number
  readonly signal: AbortSignal
}

/** A subscription is doubted after so many polling intervals without an event, and endpoints nobody relies on are asked as rarely. */
const patience = 5
/** Heads remembered, so that slower endpoints do not tell them again. */
const remembered = 256

export function create({ clock, log, pollMs, signal }: Options): Heads {
  const callbacks = new Set<(head: Block.Header) => void>()
  const told = new Map<string, Set<Source.Source>>()
  let latest: Block.Header | undefined

  const note = (source: Source.Source, raw: unknown): boolean => {
    const { number, hash, parentHash, timestamp } = Raw.header(raw)
    const head: Block.Header = { number, hash, parentHash, timestamp }
    if (source.memory.head?.hash === hash) return false
    source.memory.head = head
    source.memory.headAt = clock.now()
    const tellers = told.get(hash)
    // An endpoint that comes back to a head it had left has seen the chain turn back; that is news.
    if (tellers && !tellers.has(source)) {
      tellers.add(source)
      return true
    }
    told.set(hash, new Set(tellers).add(source))
    if (told.size > remembered) told.delete(told.keys().next().value!)
    latest = head
    for (const callback of callbacks) {
      try {
        callback(head)
      } catch (error) {
        log.error({ err: error }, 'a listener to new heads failed')
      }
    }
    return true
  }

  const ask = async (source: Source.Source) => {
    try {
      const isNews = note(source, await source.read.request('eth_getBlockByNumber', ['latest', false]))
      if (!isNews || source.memory.eventAt === undefined) return
      // One head found before it was told is a race; several in a row are a subscription that has died unseen.
      if (++source.memory.missed >= 2) source.watch?.restart('the subscription went silent')
    } catch (error) {
      log.debug({ endpoint: source.url, err: error }, 'no head')
    }
  }

  return {
    latest: () => latest,
    listen: (callback) => {
      callbacks.add(callback)
      return () => callbacks.delete(callback)
    },
    subscribe: async (source, watch) => {
      source.memory.eventAt = undefined
      source.memory.missed = 0
      await watch.subscribe(['newHeads'], (event) => {
        source.memory.eventAt = performance.now()
        source.memory.missed = 0
        try {
          note(source, event)
        } catch (error) {
          log.warn({ endpoint: source.url, err: error }, 'a head that cannot be read')
          // Reconnecting waits longer each time, so a server that sends nonsense cannot keep us busy with it.
          watch.restart('it told a head that cannot be read')
        }
      })
      source.memory.eventAt = performance.now()
      note(source, await watch.request('eth_getBlockByNumber', ['latest', false]))
    },
    poll: async (sources) => {
      for (let round = 0; !signal.aborted; round++) {
        const isTelling = ({ watch, memory }: Source.Source) =>
          watch?.state() === 'up' &&
          memory.eventAt !== undefined &&
          performance.now() - memory.eventAt < patience * pollMs
        const nobodyTells = !sources.some(isTelling)
        const due = Source.ordered(sources).filter(
          (source) => !isTelling(source) && (nobodyTells || round % patience === 0),
        )
        // Not awaited: a slow endpoint must not keep us from asking the others.
        for (const source of due) void ask(source)
        await clock.sleep(pollMs, signal).catch(() => {})
      }
    },
  }
}
