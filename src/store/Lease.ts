/** The right to be the one running server of an installation: a PostgreSQL advisory lock on a connection of its own. */
import pg from 'pg'
import * as Errors from '../base/Errors.ts'
import * as Database from './Database.ts'

export type Lease = {
  /** Aborts when the connection that holds the lock breaks: whoever works under the lease must stop at once. */
  readonly lost: AbortSignal
  readonly release: () => Promise<void>
}

/** Two installations in one server differ by database, and advisory locks are per database, so one number is enough. */
const lockKey = 0x66697265

/** Takes the lease, or throws `HeldError` when another process has it. */
export async function take(url: string): Promise<Lease> {
  const client = new pg.Client({ connectionString: url, application_name: 'firebreak lease', keepAlive: true })
  const controller = new AbortController()
  client.on('error', () => controller.abort(new LostError()))
  client.on('end', () => controller.abort(new LostError()))
  await client.connect().catch((cause: unknown) => {
    throw new Database.UnreachableDatabaseError(url, cause)
  })
  const { rows } = await client.query('select pg_try_advisory_lock($1) as taken', [lockKey])
  if (rows[0]?.taken !== true) {
    const holder = await client.query(
      `select client_addr::text as address, pid, backend_start from pg_stat_activity where application_name = 'firebreak lease' and pid <> pg_backend_pid() limit 1`,
    )
    await client.end()
    throw new HeldError(holder.rows[0])
  }
  return {
    lost: controller.signal,
    release: async () => {
      client.removeAllListeners('end')
      await client.end()
    },
  }
}

export class HeldError extends Errors.BaseError {
  override readonly name = 'Lease.HeldError'
  constructor(holder: { address?: string; backend_start?: Date } | undefined) {
    super('Another Firebreak already runs on this database.', {
      remedy: 'operator',
      facts: holder
        ? { since: holder.backend_start?.toISOString() ?? 'unknown', from: holder.address ?? 'this machine' }
        : {},
      advice: 'Stop that one first, or start this one on another data directory (--data) or DATABASE_URL.',
    })
  }
}

export class LostError extends Errors.BaseError {
  override readonly name = 'Lease.LostError'
  constructor() {
    super('The connection that holds the lease broke; another server may take over.', { remedy: 'retry' })
  }
}
