/** Something people outside the console should hear of. Channels render it; the outbox delivers it. */
import type { Connection } from '../store/Database.ts'

export type Announcement = {
  readonly kind: 'alert' | 'approval' | 'contained' | 'failed'
  /** The same thing is announced once per key, whatever crashes in between. */
  readonly key: string
  readonly severity: string
  readonly incidentId: string | null
  readonly title: string
  /** Labelled facts, in the order in which they should be read. */
  readonly facts: readonly { readonly label: string; readonly value: string }[]
  /** Path in the console, for example `/incidents/INC-2026-0001`. */
  readonly path: string
}

/** Puts an announcement where it will be delivered from, within the caller's transaction. */
export type Announce = (connection: Connection, announcement: Announcement) => Promise<void>
