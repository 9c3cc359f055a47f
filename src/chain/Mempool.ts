/** Learns of transactions that wait to be included, as far as the endpoints tell. */
import { setImmediate as turn } from 'node:timers/promises'
import type { Hash } from 'viem'
import type * as Log from '../base/Log.ts'
import type * as Block from './Block.ts'
import type * as Endpoint from './Endpoint.ts'
import * as Raw from './Raw.ts'
import type * as Source from './Source.ts'

export type Mempool = {
  /** Calls back with what has come since the last call. Returns the way to stop. */
  readonly listen: (callback: (transactions: Block.Transaction[]) => void) => () => void
  readonly isWanted: () => boolean
  /** Sends `eth_subscribe newPendingTransactions`, and `eth_getTransactionByHash` where only hashes come. */
  readonly subscribe: (source: Source.Source, watch: Endpoint.Endpoint) => Promise<void>
}

/** Transactions that may wait to be handed on, and hashes that may wait to be fetched; more are dropped and counted. */
const capacity = 10_000
/** Hashes remembered, so that a transaction is told once however many endpoints have it. */
const remembered = 50_000
/** `eth_getTransactionByHash` under way at a time, per endpoint. */
const concurrency = 16

export function create({ log, signal }: { readonly log: Log.Log; readonly signal: AbortSignal }): Mempool {
  const callbacks = new Set<(transactions: Block.Transaction[]) => void>()
  const seen = new Set<Hash>()
  let queue: Block.Transaction[] = []
  let flushing = false

  const flush = async () => {
    if (flushing) return
    flushing = true
    // One turn of the loop, so that what arrived together is handed on together.
    await turn()
    flushing = false
    const batch = queue
    queue = []
    if (signal.aborted || batch.length === 0) return
    for (const callback of callbacks) {
      try {
        callback(batch)
      } catch (error) {
        log.error({ err: error }, 'a listener to pending transactions failed')
      }
    }
  }

  const drop = (source: Source.Source) => {
    if (++source.memory.droppedPending % 1_000 === 1)
      log.warn(
        { endpoint: source.url, dropped: source.memory.droppedPending },
        'pending transactions come faster than they are taken',
      )
  }

  const push = (source: Source.Source, raw: unknown) => {
    const transaction = Raw.pending(raw)
    if (seen.has(transaction.hash)) return
    if (queue.length >= capacity) return drop(source)
    remember(seen, transaction.hash)
    queue.push(transaction)
    void flush()
  }

  return {
    listen: (callback) => {
      callbacks.add(callback)
      return () => callbacks.delete(callback)
    },
    isWanted: () => callbacks.size > 0,
    subscribe: async (source, watch) => {
      const fetches: Hash[] = []
      let active = 0
      const fetchNext = async (): Promise<void> => {
        active++
        for (let hash = fetches.shift(); hash !== undefined; hash = fetches.shift()) {
          try {
            const raw = await source.read.request('eth_getTransactionByHash', [hash])
            // Included meanwhile, or dropped by the node: then it is not pending any more.
            if (raw !== null && (raw as { blockHash?: unknown }).blockHash == null) push(source, raw)
          } catch (error) {
            log.debug({ endpoint: source.url, err: error }, 'a pending transaction could not be fetched')
          }
        }
        active--
      }
      const receive = (event: unknown) => {
        try {
          if (typeof event !== 'string') return push(source, event)
          const hash = Raw.hash(event, 'pending hash')
          if (seen.has(hash)) return
          if (fetches.length >= capacity) return drop(source)
          fetches.push(hash)
          if (active < concurrency) void fetchNext()
        } catch (error) {
          log.debug({ endpoint: source.url, err: error }, 'a pending transaction that cannot be read')
        }
      }
      try {
        await watch.subscribe(['newPendingTransactions', true], receive)
      } catch {
        await watch.subscribe(['newPendingTransactions'], receive)
      }
    },
  }
}

function remember(seen: Set<Hash>, hash: Hash): void {
  seen.add(hash)
  if (seen.size > remembered) seen.delete(seen.values().next().value!)
}
