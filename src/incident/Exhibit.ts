/** Evidence: bytes with a digest, collected once, never changed. Each is entered in the timeline with its digest. */
import type { Selectable } from 'kysely'
import * as Errors from '../base/Errors.ts'
import * as Id from '../base/Id.ts'
import type { Connection } from '../store/Database.ts'
import type { Tables } from '../store/Tables.ts'
import * as Timeline from './Timeline.ts'

export type Exhibit = Selectable<Tables['exhibit']>
export type Draft = {
  readonly kind: 'containment_verification'
  readonly title: string
  readonly mediaType: 'application/json'
  readonly content: string | Uint8Array
  readonly by: Timeline.Actor
}

/** Adds an exhibit to an incident. The same content under the same title is the same exhibit. */
export async function add(connection: Connection, incidentId: string, draft: Draft, now: Date): Promise<string> {
  const content = Buffer.from(draft.content as string)
  const sha256 = Id.sha256(content)
  const id = Id.of('exhibit', incidentId, draft.kind, draft.title, sha256)
  await connection
    .insertInto('exhibit')
    .values({
      id,
      incident_id: incidentId,
      kind: draft.kind,
      title: draft.title,
      media_type: draft.mediaType,
      sha256,
      content,
      collected_at: now,
      collected_by: draft.by,
    })
    .onConflict((conflict) => conflict.column('id').doNothing())
    .execute()
  const entry = {
    kind: 'exhibit',
    actor: draft.by,
    summary: `Evidence added: ${draft.title}`,
    detail: { exhibit: id, sha256, bytes: content.length },
    key: `exhibit:${id}`,
  } as const
  await Timeline.append(connection, incidentId, entry, now)
  return id
}

/** One exhibit with its content. */
export async function show(connection: Connection, id: string): Promise<Exhibit> {
  const exhibit = await connection.selectFrom('exhibit').selectAll().where('id', '=', id).executeTakeFirst()
  if (!exhibit) throw new UnknownExhibitError(id)
  return exhibit
}

/** Whether the content still has the digest that was recorded with it. */
export function isIntact(exhibit: Exhibit): boolean {
  return Id.sha256(exhibit.content) === exhibit.sha256
}

export class UnknownExhibitError extends Errors.BaseError {
  override readonly name = 'Exhibit.UnknownExhibitError'
  constructor(id: string) {
    super(`There is no exhibit \`${id}\`.`, { remedy: 'operator' })
  }
}
