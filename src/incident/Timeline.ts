/**
 * The spine of an incident: what happened, by whom, in order, each entry sealed by the hash of the one before it, so
 * that nothing can be changed or left out unseen.
 */
import type { Selectable } from 'kysely'
import * as Id from '../base/Id.ts'
import * as Json from '../base/Json.ts'
import type { Connection } from '../store/Database.ts'
import type { Tables } from '../store/Tables.ts'

export type Entry = Selectable<Tables['timeline']>
export type Kind = 'finding' | 'transition' | 'step' | 'approval' | 'transaction' | 'exhibit' | 'note' | 'retraction'
/** Who did it: a part of the machine, or a person of the configuration. */
export type Actor = `machine:${string}` | `person:${string}`

export type Draft = {
  readonly kind: Kind
  readonly actor: Actor
  readonly summary: string
  readonly detail?: unknown
  /** The same event told twice (after a crash, say) has the same key and stands once. */
  readonly key: string
}

/** Hash before the first entry: commits the chain to its incident. */
export function genesis(incidentId: string): string {
  return Id.sha256(`firebreak timeline of ${incidentId}`)
}

/** Appends an entry and returns it; returns the one that stands where the key is there already. Wants a transaction. */
export async function append(connection: Connection, incidentId: string, draft: Draft, now: Date): Promise<Entry> {
  const [entry] = await appendAll(connection, incidentId, [draft], now)
  return entry as Entry
}

/**
 * Appends entries in order; those whose key is there already are left out and returned as they stand. Locks the
 * incident's row until the transaction ends, because each entry seals the one before it.
 */
export async function appendAll(
  connection: Connection,
  incidentId: string,
  drafts: readonly Draft[],
  now: Date,
): Promise<readonly Entry[]> {
  await connection.selectFrom('incident').select('id').where('id', '=', incidentId).forUpdate().execute()
  return appendLocked(connection, incidentId, drafts, now)
}

/** As `appendAll`, for a transaction that has locked the incident's row already, or has just made it. */
export async function appendLocked(
  connection: Connection,
  incidentId: string,
  drafts: readonly Draft[],
  now: Date,
): Promise<readonly Entry[]> {
  const keys = drafts.map(({ key }) => key)
  const rows = await connection
    .selectFrom('timeline')
    .selectAll()
    .where('incident_id', '=', incidentId)
    .where(({ eb, or, selectFrom }) =>
      or([
        eb('event_key', 'in', keys),
        eb(
          'sequence',
          '=',
          selectFrom('timeline')
            .select(({ fn }) => fn.max('sequence').as('last'))
            .where('incident_id', '=', incidentId),
        ),
      ]),
    )
    .orderBy('sequence')
    .execute()
  const told = new Map(rows.map((entry) => [entry.event_key, entry]))
  const fresh: Entry[] = []
  let last = rows.at(-1)
  for (const draft of drafts) {
    if (told.has(draft.key)) continue
    last = seal(incidentId, draft, last, now)
    told.set(draft.key, last)
    fresh.push(last)
  }
  if (fresh.length > 0)
    await connection
      .insertInto('timeline')
      .values(fresh.map((entry) => ({ ...entry, detail: JSON.stringify(entry.detail) })))
      .execute()
  return keys.flatMap((key) => told.get(key) ?? [])
}

function seal(incidentId: string, draft: Draft, last: Entry | undefined, now: Date): Entry {
  const entry = {
    incident_id: incidentId,
    sequence: (last?.sequence ?? 0) + 1,
    // The record never runs backwards, even where the machine's clock does.
    at: last && last.at > now ? last.at : now,
    kind: draft.kind,
    actor: draft.actor,
    summary: Json.clean(draft.summary),
    detail: Json.plain(draft.detail ?? {}),
    previous_hash: last?.hash ?? genesis(incidentId),
    event_key: draft.key,
  }
  return { ...entry, hash: digest(entry) }
}

/** The whole timeline, oldest first. */
export async function read(connection: Connection, incidentId: string): Promise<Entry[]> {
  return connection
    .selectFrom('timeline')
    .selectAll()
    .where('incident_id', '=', incidentId)
    .orderBy('sequence')
    .execute()
}

/** The sequence of the first entry at which the chain breaks, or `undefined` where it holds from end to end. */
export function firstBreak(incidentId: string, entries: readonly Entry[]): number | undefined {
  let previous = genesis(incidentId)
  for (const [index, entry] of entries.entries()) {
    if (entry.sequence !== index + 1 || entry.previous_hash !== previous || entry.hash !== digest(entry))
      return entry.sequence
    previous = entry.hash
  }
  return undefined
}

/** SHA-256 over the canonical JSON (RFC 8785) of an entry and the hash before it. */
export function digest(entry: Omit<Entry, 'hash'>): string {
  const { incident_id, sequence, at, kind, actor, summary, detail, previous_hash, event_key } = entry
  return Id.sha256(
    Id.canonical({
      incident: incident_id,
      sequence,
      at: at.toISOString(),
      kind,
      actor,
      summary,
      detail,
      previous: previous_hash,
      key: event_key,
    }),
  )
}
