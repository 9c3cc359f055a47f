/** The connection to PostgreSQL, and the migrations that bring a database to today's shape. */
import { Kysely, type Migration, Migrator, PostgresDialect, type Transaction } from 'kysely'
import pg from 'pg'
import * as Errors from '../base/Errors.ts'
import { up as first } from './migrations/0001_first.ts'
import { up as containedHash } from './migrations/0002_contained_hash.ts'
import type { Tables } from './Tables.ts'

export type Database = Kysely<Tables>
/** A connection, inside a transaction or not. */
export type Connection = Kysely<Tables> | Transaction<Tables>

/** In order of their number; a migration that has run anywhere is never edited. */
const migrations: Record<string, Migration> = {
  '0001_first': { up: first },
  '0002_contained_hash': { up: containedHash },
}

// Integers of a chain are numeric(78) (they hold a uint256) and bigint: both read as bigint, never as a float.
const types = new pg.TypeOverrides()
types.setTypeParser(pg.types.builtins.NUMERIC, BigInt)
types.setTypeParser(pg.types.builtins.INT8, BigInt)

export type Options = {
  /** Connections at a time. 12 unless given. */
  readonly max?: number | undefined
  /** How long one statement may take, in milliseconds. As long as it needs unless given. */
  readonly statementTimeoutMs?: number | undefined
}

/** Opens `url` and migrates. The oldest server accepted is PostgreSQL 15. */
export async function open(url: string, { max = 12, statementTimeoutMs = 0 }: Options = {}): Promise<Database> {
  const pool = new pg.Pool({
    connectionString: url,
    max,
    types,
    application_name: 'firebreak',
    options: `-c timezone=UTC -c synchronous_commit=on -c statement_timeout=${statementTimeoutMs}`,
  })
  // An idle connection that breaks is dropped by the pool; without a listener the event would end the process.
  pool.on('error', () => {})
  // One that breaks while it is in use tells the query as well, which then fails.
  pool.on('connect', (client) => client.on('error', () => {}))
  const database: Database = new Kysely<Tables>({ dialect: new PostgresDialect({ pool }) })
  try {
    const version = Number((await pool.query('show server_version_num')).rows[0]?.server_version_num)
    if (version < 150_000) throw new OldServerError(version)
    const { error } = await new Migrator({
      db: database,
      provider: { getMigrations: async () => migrations },
    }).migrateToLatest()
    if (error) throw error
    return database
  } catch (cause) {
    await database.destroy()
    throw cause instanceof OldServerError ? cause : new UnreachableDatabaseError(url, cause)
  }
}

/** `url` without its password, for messages. */
export function redact(url: string): string {
  return url.replace(/(:\/\/[^:@/]*):.*@/, '$1:…@').replace(/([?&]password=)[^&]*/gi, '$1…')
}

/**
 * Whether an error says that the database was lost, or that two transactions were in each other's way, and nothing about
 * what was asked: doing it again is right. SQLSTATE classes 08, 40, 53 and 57P, and what the socket says.
 */
export function isTransient(thrown: unknown): boolean {
  const { code, message } = (thrown ?? {}) as { code?: unknown; message?: unknown }
  return (
    /^(08...|40...|53...|57P..|ECONNREFUSED|ECONNRESET|EPIPE|ETIMEDOUT)$/.test(String(code)) ||
    /^Connection terminated|^timeout exceeded when trying to connect/.test(String(message))
  )
}

export class OldServerError extends Errors.BaseError {
  override readonly name = 'Database.OldServerError'
  constructor(version: number) {
    super(`This PostgreSQL server is too old (${Math.floor(version / 10_000)}).`, {
      remedy: 'config',
      advice: 'Use PostgreSQL 15 or later, or leave DATABASE_URL unset to use the one that comes with Firebreak.',
    })
  }
}

export class UnreachableDatabaseError extends Errors.BaseError {
  override readonly name = 'Database.UnreachableDatabaseError'
  constructor(url: string, cause: unknown) {
    super('The database cannot be used.', {
      remedy: 'config',
      facts: { url: redact(url) },
      cause,
      advice: 'Check DATABASE_URL, the server, and that the user may create tables.',
    })
  }
}
