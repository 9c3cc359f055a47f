/** The right to be the one running server of an installation: a PostgreSQL advisory lock on a connection of its own. */
import { Socket } from 'node:net'
import pg from 'pg'
import * as Errors from '../base/Errors.ts'
import * as Database from './Database.ts'

export type Lease = {
  /**
   * Aborts when the connection that holds the lock breaks, or no longer answers: whoever works under the lease must stop
   * at once.
   */
  readonly lost: AbortSignal
  readonly release: () => Promise<void>
}

export type Options = {
  /** Between questions whether the connection still answers, and how long an answer may take. 5,000 unless given. */
  readonly pingMs?: number | undefined
}

/** Two installations in one server differ by database, and advisory locks are per database, so one number is enough. */
const lockKey = 0x66697265

/** Takes the lease, or throws `HeldError` when another process has it. */
export async function take(url: string, { pingMs = 5_000 }: Options = {}): Promise<Lease> {
  const socket = new Socket()
  const client = new pg.Client({
    connectionString: url,
    application_name: 'firebreak lease',
    keepAlive: true,
    keepAliveInitialDelayMillis: 10_000,
    stream: () => socket,
  })
  const controller = new AbortController()
  let released = false
  const lose = (cause?: unknown) => {
    if (!released) controller.abort(new LostError(cause))
    // No farewell: where nothing answers, it would be waited for in vain.
    socket.destroy()
  }
  client.on('error', lose)
  client.on('end', lose)
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
  // An idle connection can be cut without either end being told: the lock is gone then, and only asking shows it.
  const timer = setInterval(() => void within(pingMs, client.query('select 1')).catch(lose), pingMs)
  controller.signal.addEventListener('abort', () => clearInterval(timer), { once: true })
  return {
    lost: controller.signal,
    release: async () => {
      released = true
      clearInterval(timer)
      if (!controller.signal.aborted) await within(pingMs, client.end()).catch(() => socket.destroy())
    },
  }
}

/** What `work` resolves with, unless it takes longer than so many milliseconds. */
async function within<result>(milliseconds: number, work: Promise<result>): Promise<result> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, refuse) => {
    // A turn later: where this process itself was held up, the answer is there already and is read first.
    timer = setTimeout(() => setImmediate(() => refuse(new SilentError(milliseconds))), milliseconds)
  })
  return Promise.race([work, late]).finally(() => clearTimeout(timer))
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
  constructor(cause?: unknown) {
    super('The connection that holds the lease broke; another server may take over.', { remedy: 'retry', cause })
  }
}

export class SilentError extends Errors.BaseError {
  override readonly name = 'Lease.SilentError'
  constructor(milliseconds: number) {
    super(`The database did not answer within ${milliseconds} ms.`, { remedy: 'retry' })
  }
}
