/**
 * Messages that leave the house: written in the transaction that decides them, delivered after it, at least once.
 * The receiver sees the same idempotency key each time.
 */
import type { Selectable } from 'kysely'
import type * as Clock from '../base/Clock.ts'
import * as Errors from '../base/Errors.ts'
import * as Id from '../base/Id.ts'
import * as Json from '../base/Json.ts'
import type { Connection, Database } from './Database.ts'
import type { Tables } from './Tables.ts'

export type Message = Selectable<Tables['outbox']>
export type Draft = {
  readonly channel: string
  readonly kind: string
  readonly key: string
  readonly summary: string
  readonly payload: unknown
}

/** Delivers one message; throws when it was not accepted. `retryAfterMs` of the error, if any, is honoured. */
export type Deliver = (message: Message) => Promise<void>

/** Called in the transaction that gives a message up, with when its channel accepted one last. */
export type Bury = (connection: Connection, message: Message, lastDelivered: Date | null) => Promise<void>

/**
 * Attempts before a message is given up on and shown as dead: twelve waits that double from a second to more than half an
 * hour, and ten of an hour, which is about eleven hours.
 */
export const maxAttempts = 23

/** Puts messages into the outbox; one whose key is there already is left as it is. */
export async function put(connection: Connection, drafts: readonly Draft[], now: Date): Promise<void> {
  if (drafts.length === 0) return
  const rows = drafts.map(({ channel, kind, key, summary, payload }) => ({
    id: Id.of('message', channel, key),
    channel,
    kind,
    idempotency_key: `${channel}:${key}`,
    payload: Json.stringify(payload),
    summary,
    status: 'waiting',
    attempts: 0,
    created_at: now,
    next_attempt_at: now,
  }))
  await connection
    .insertInto('outbox')
    .values(rows)
    .onConflict((conflict) => conflict.column('idempotency_key').doNothing())
    .execute()
}

/** Milliseconds to wait after the `attempts`-th failure: 1 s doubling to an hour, with up to a fifth of jitter. */
export function backoff(attempts: number, random: () => number): number {
  return Math.round(Math.min(3_600_000, 1_000 * 2 ** (attempts - 1)) * (1 + random() / 5))
}

/**
 * Delivers the messages of one channel that are due, the oldest first, and stops at the first failure. What failed waits
 * for its next try and holds up no newer message: the newest may be the one that matters. Once one is delivered the
 * channel works again, so all that wait are due, and again the oldest goes first. Returns how many were delivered.
 */
export async function drain(
  database: Database,
  channel: string,
  deliver: Deliver,
  clock: Clock.Clock,
  random: () => number,
  bury: Bury = async () => {},
): Promise<number> {
  let delivered = 0
  for (;;) {
    const message = await database
      .selectFrom('outbox')
      .selectAll()
      .where('status', '=', 'waiting')
      .where('channel', '=', channel)
      .where('next_attempt_at', '<=', clock.now())
      .orderBy('created_at')
      .limit(1)
      .executeTakeFirst()
    if (!message || !(await attempt(database, message, deliver, clock, random, bury))) return delivered
    delivered += 1
  }
}

/** Makes a dead message wait again, from now. */
export async function revive(database: Database, id: string, now: Date): Promise<Message | undefined> {
  return database
    .updateTable('outbox')
    .set({ status: 'waiting', attempts: 0, next_attempt_at: now })
    .where('id', '=', id)
    .where('status', '=', 'dead')
    .returningAll()
    .executeTakeFirst()
}

async function attempt(
  database: Database,
  message: Message,
  deliver: Deliver,
  clock: Clock.Clock,
  random: () => number,
  bury: Bury,
): Promise<boolean> {
  const attempts = message.attempts + 1
  // A channel of someone's own may throw before it promises anything.
  const change = await Promise.resolve(message)
    .then(deliver)
    .then(
      () => ({ status: 'delivered', delivered_at: clock.now(), next_attempt_at: null, last_error: null }),
      (thrown: unknown) => {
        const wait = Math.max(
          backoff(attempts, random),
          (thrown as { retryAfterMs?: number } | null)?.retryAfterMs ?? 0,
        )
        const dead = attempts >= maxAttempts || Errors.remedyOf(thrown) === 'config'
        return {
          status: dead ? 'dead' : 'waiting',
          next_attempt_at: dead ? null : new Date(clock.now().getTime() + wait),
          // Part of it may be a stranger's answer.
          last_error: Json.clean(Errors.messageOf(thrown)),
        }
      },
    )
  await database.transaction().execute(async (connection) => {
    await connection
      .updateTable('outbox')
      .set({ attempts, ...change })
      .where('id', '=', message.id)
      .execute()
    if (change.status === 'delivered') await hasten(connection, message.channel, clock.now())
    if (change.status === 'dead') await bury(connection, message, await lastDelivered(connection, message.channel))
  })
  return change.status === 'delivered'
}

/** Makes all that waits on a channel due. */
async function hasten(connection: Connection, channel: string, now: Date): Promise<void> {
  await connection
    .updateTable('outbox')
    .set({ next_attempt_at: now })
    .where('channel', '=', channel)
    .where('status', '=', 'waiting')
    .where('next_attempt_at', '>', now)
    .execute()
}

async function lastDelivered(connection: Connection, channel: string): Promise<Date | null> {
  const last = await connection
    .selectFrom('outbox')
    .select(({ fn }) => fn.max('delivered_at').as('at'))
    .where('channel', '=', channel)
    .executeTakeFirst()
  return last?.at ?? null
}
