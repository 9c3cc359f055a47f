/** Live updates: one stream for the whole console, which says what changed; the queries concerned are asked again. */
import type { QueryClient, QueryKey } from '@tanstack/react-query'
import { useSyncExternalStore } from 'react'
import { send } from './client.ts'
import type { Change } from './contract.ts'
import { eventReader } from './events.ts'
import { paths } from './paths.ts'
import { currentToken } from './token.ts'

export type Connection = { readonly state: 'connecting' | 'live' } | { readonly state: 'lost'; readonly since: number }

/** Longer than two beats of 10 s: silence for this long is a broken line. */
const silence = 25_000
/** Blocks arrive every second on some chains; once a second is as often as anyone reads. */
const calm = 1_000
const prompt = 100

let connection: Connection = { state: 'connecting' }
const listeners = new Set<() => void>()

export function useConnection(): Connection {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    () => connection,
  )
}

/** Keeps the stream open until `signal` aborts. Opens one GET /api/changes at a time. */
export async function follow(queries: QueryClient, signal: AbortSignal): Promise<void> {
  const refresh = refresher(queries)
  for (let attempt = 0; !signal.aborted && currentToken(); attempt++) {
    const line = new AbortController()
    const hangUp = () => line.abort()
    signal.addEventListener('abort', hangUp, { once: true })
    addEventListener('offline', hangUp, { once: true })
    let watchdog = setTimeout(hangUp, silence)
    try {
      const response = await send(paths.changes, { signal: line.signal, headers: { accept: 'text/event-stream' } })
      // What was missed while the line was down is unknown: ask for everything on screen again.
      if (connection.state === 'lost') void queries.invalidateQueries()
      attempt = 0
      say({ state: 'live' })
      const read = eventReader()
      const reader = (response.body as ReadableStream<Uint8Array>)
        .pipeThrough(new TextDecoderStream() as TransformStream<Uint8Array, string>)
        .getReader()
      for (let piece = await reader.read(); !piece.done; piece = await reader.read()) {
        clearTimeout(watchdog)
        watchdog = setTimeout(hangUp, silence)
        for (const { event, data } of read(piece.value)) if (event === 'change') refresh(JSON.parse(data) as Change)
      }
    } catch {
      // Every failure means the same to a reader: not live. The reason shows where a query fails.
    } finally {
      clearTimeout(watchdog)
      signal.removeEventListener('abort', hangUp)
      removeEventListener('offline', hangUp)
    }
    if (signal.aborted) return
    if (connection.state !== 'lost') say({ state: 'lost', since: Date.now() })
    await pause(Math.min(10_000, 250 * 2 ** attempt))
  }
}

/** Which queries a change makes old, and how soon they are asked again. */
export function staleBy(change: Change): { key: QueryKey; within: number }[] {
  const incident = change.noun === 'incident' ? change.id : change.incidentId
  const soon = (...key: string[]) => ({ key, within: prompt })
  const later = (...key: string[]) => ({ key, within: calm })
  const both = incident ? [soon('incident', incident), soon('incidents')] : []
  switch (change.noun) {
    case 'incident':
      return [...both, soon('approval')]
    case 'run':
      return [...both, soon('approval')]
    case 'approval':
      return [...both, soon('approvals'), soon('approval', change.id)]
    case 'alert':
      return [...both, later('alerts')]
    case 'finding':
      return [...both, later('alerts'), later('findings')]
    case 'chain':
      return [later('readiness'), later('incident')]
    case 'outbox':
      return [later('outbox'), later('readiness')]
  }
}

function refresher(queries: QueryClient) {
  const due = new Map<string, ReturnType<typeof setTimeout>>()
  return (change: Change) => {
    for (const { key, within } of staleBy(change)) {
      const name = key.join('/')
      if (due.has(name)) continue
      const ask = () => {
        due.delete(name)
        void queries.invalidateQueries({ queryKey: key }, { cancelRefetch: false })
      }
      due.set(name, setTimeout(ask, within))
    }
  }
}

/** Waits, but not longer than until the device is back online. */
function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(done, milliseconds)
    addEventListener('online', done, { once: true })
    function done() {
      clearTimeout(timer)
      removeEventListener('online', done)
      resolve()
    }
  })
}

function say(next: Connection) {
  connection = next
  for (const listener of listeners) listener()
}
