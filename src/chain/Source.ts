/** One configured URL: its connections, and what has been learnt of it since the start. */
import type * as Block from './Block.ts'
import * as Endpoint from './Endpoint.ts'

export type Source = {
  /** For people: without credentials. */
  readonly url: string
  readonly kind: Endpoint.Endpoint['kind']
  /** Questions go here. */
  readonly read: Endpoint.Endpoint
  /** Subscriptions live here, so that a burst of events never delays an answer. WebSocket only. */
  readonly watch: Endpoint.Endpoint | undefined
  /** Transactions go out here: on a socket that also carries events they were seen to wait 40 ms. */
  readonly send: Endpoint.Endpoint
  readonly memory: Memory
}

/** What has been learnt; changes all the time. */
export type Memory = {
  head: Block.Header | undefined
  headAt: Date | undefined
  /** Since when the subscription has told nothing, by `performance.now`; `undefined` without a subscription. */
  eventAt: number | undefined
  /** Heads in a row that polling found and the subscription had not told. */
  missed: number
  /** Until when it is asked last, by `performance.now`. */
  suspectUntil: number
  suspicion: string | undefined
  /** Methods that it does not offer. */
  readonly lacks: Set<string>
  /** Pending transactions of it that were thrown away because they came faster than they were taken. */
  droppedPending: number
}

/** Opens the connections to a URL: three by WebSocket, one pool by HTTP. `onWatch` is called whenever subscriptions are to be made. */
export function open(options: Endpoint.Options, onWatch: (source: Source, watch: Endpoint.Endpoint) => void): Source {
  const memory: Memory = {
    head: undefined,
    headAt: undefined,
    eventAt: undefined,
    missed: 0,
    suspectUntil: 0,
    suspicion: undefined,
    lacks: new Set(),
    droppedPending: 0,
  }
  // Behind a new connection there may be another server, which offers more.
  const read = Endpoint.open({ ...options, onUp: () => memory.lacks.clear() })
  const apart = read.kind === 'ws'
  const source: Source = {
    url: read.url,
    kind: read.kind,
    read,
    // All three fail together and for one reason, so one of them tells of it.
    watch: apart
      ? Endpoint.open({ ...options, onDown: undefined, onUp: (endpoint) => onWatch(source, endpoint) })
      : undefined,
    send: apart ? Endpoint.open({ ...options, onDown: undefined }) : read,
    memory,
  }
  return source
}

export function close({ read, watch, send }: Source): void {
  for (const endpoint of [read, watch, send]) endpoint?.close()
}

/** Blocks behind the best head known at which an endpoint is asked after the others. */
const tolerated = 3n

/** The sources that may be asked, best first: as configured, but those that lied or that lag behind come last. */
export function ordered(sources: readonly Source[]): readonly Source[] {
  const usable = sources.filter(({ read }) => read.state() === 'up')
  if (usable.length < 2) return usable
  const best = usable.reduce(
    (most, { memory }) => (memory.head && memory.head.number > most ? memory.head.number : most),
    0n,
  )
  const now = performance.now()
  const rank = ({ memory }: Source) =>
    (memory.suspectUntil > now ? 2 : 0) + (memory.head && best - memory.head.number > tolerated ? 1 : 0)
  // `sort` is stable, so equal ranks keep the configured order.
  return usable.sort((a, b) => rank(a) - rank(b))
}
