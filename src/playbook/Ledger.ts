/**
 * Transactions that Firebreak signed. The nonce and the signed bytes are stored before anything is sent, so that a crash
 * at any point ends in the same bytes being sent again, never in a second transaction.
 */
import { type Selectable, sql } from 'kysely'
import { type Hex, isAddressEqual, parseTransaction } from 'viem'
import type * as Clock from '../base/Clock.ts'
import type * as Chain from '../chain/Chain.ts'
import type * as Record from '../chain/Record.ts'
import type { Connection, Database } from '../store/Database.ts'
import type { Tables } from '../store/Tables.ts'
import type { Fees, Sender, Unsigned } from './Action.ts'

export type Sent = Selectable<Tables['sent_transaction']>

export type Order = {
  readonly runId: string
  readonly path: string
  readonly sender: Sender
  readonly transaction: Unsigned
  readonly gasLimit: bigint
  readonly fees: Fees
  readonly maxCostWei: bigint
}

/**
 * Leases the next nonce of the key, signs and stores, in one transaction. The same path of the same run gets back what
 * was signed the first time.
 */
export async function sign(database: Database, chain: Chain.Chain, order: Order, now: Date): Promise<Sent> {
  const { runId, path, sender, transaction, gasLimit, fees, maxCostWei } = order
  return database.transaction().execute(async (connection) => {
    // One writer per key: whoever comes second waits here and sees the nonce that the first one took.
    await sql`select pg_advisory_xact_lock(hashtextextended(${`${chain.key}:${sender.address.toLowerCase()}`}, 0))`.execute(
      connection,
    )
    const before = await connection
      .selectFrom('sent_transaction')
      .selectAll()
      .where('run_id', '=', runId)
      .where('path', '=', path)
      .executeTakeFirst()
    if (before) return before
    const same = await takeOver(connection, chain, order)
    if (same) return same
    const [count, last] = await Promise.all([
      chain.request('eth_getTransactionCount', [sender.address, 'latest']) as Promise<Hex>,
      connection
        .selectFrom('sent_transaction')
        .select(({ fn }) => fn.max('nonce').as('nonce'))
        .where('chain', '=', chain.key)
        .where('sender', '=', sender.address.toLowerCase())
        .where('status', 'in', ['signed', 'broadcast'])
        .executeTakeFirst(),
    ])
    const next = BigInt(count)
    const nonce = last?.nonce != null && last.nonce >= next ? last.nonce + 1n : next
    const signed = await sender.sign(chain, transaction, { nonce, gasLimit, fees, maxCostWei })
    const row = {
      hash: signed.hash,
      chain: chain.key,
      sender: sender.address.toLowerCase(),
      nonce,
      run_id: runId,
      path,
      recipient: transaction.to,
      raw: signed.raw,
      status: 'signed',
      signed_at: now,
    }
    return connection.insertInto('sent_transaction').values(row).returningAll().executeTakeFirstOrThrow()
  })
}

/**
 * The same call by the same key, signed for a run that is over and not included, or no longer: its bytes are taken over,
 * because beside a second transaction both might be included some day.
 */
async function takeOver(
  connection: Connection,
  chain: Chain.Chain,
  { runId, path, sender, transaction }: Order,
): Promise<Sent | undefined> {
  const open = await connection
    .selectFrom('sent_transaction')
    .innerJoin('run', 'run.id', 'sent_transaction.run_id')
    .selectAll('sent_transaction')
    .where('sent_transaction.chain', '=', chain.key)
    .where('sender', '=', sender.address.toLowerCase())
    .where('sent_transaction.status', 'in', ['signed', 'broadcast'])
    .where('run.status', 'in', ['succeeded', 'failed'])
    .orderBy('nonce')
    .execute()
  const found = open.find(({ raw }) => {
    const { to, data = '0x', value = 0n } = parseTransaction(raw as Hex)
    return to && isAddressEqual(to, transaction.to) && data === transaction.data && value === transaction.value
  })
  if (!found) return undefined
  return connection
    .updateTable('sent_transaction')
    .set({ run_id: runId, path })
    .where('hash', '=', found.hash)
    .returningAll()
    .executeTakeFirst()
}

/**
 * Sends the stored bytes to every endpoint; sending them again is harmless. Transactions of the same key that are still
 * under way go first, because a dropped one would hold this one up.
 */
export async function broadcast(database: Database, chain: Chain.Chain, sent: Sent, clock: Clock.Clock): Promise<void> {
  const earlier = await database
    .selectFrom('sent_transaction')
    .selectAll()
    .where('chain', '=', sent.chain)
    .where('sender', '=', sent.sender)
    .where('nonce', '<', sent.nonce)
    .where('status', 'in', ['signed', 'broadcast'])
    .orderBy('nonce')
    .execute()
  for (const { raw } of earlier) await chain.send(raw as Hex).catch(() => undefined)
  await chain.send(sent.raw as Hex)
  await database
    .updateTable('sent_transaction')
    .set({ status: 'broadcast', accepted_at: clock.now() })
    .where('hash', '=', sent.hash)
    .where('status', '=', 'signed')
    .execute()
}

/** Records in which block it was included and whether it succeeded there. */
export async function include(
  connection: Connection,
  hash: string,
  inclusion: { readonly succeeded: boolean; readonly blockNumber: bigint; readonly blockHash: string },
  now: Date,
): Promise<void> {
  await connection
    .updateTable('sent_transaction')
    .set({
      status: inclusion.succeeded ? 'included' : 'failed',
      block_number: inclusion.blockNumber,
      block_hash: inclusion.blockHash,
      included_at: now,
    })
    .where('hash', '=', hash)
    .execute()
}

/** The transaction of a path of a run, if it was signed. */
export async function find(connection: Connection, runId: string, path: string): Promise<Sent | undefined> {
  return connection
    .selectFrom('sent_transaction')
    .selectAll()
    .where('run_id', '=', runId)
    .where('path', '=', path)
    .executeTakeFirst()
}

/** After a reorganisation: what was included in a block that is gone is under way again. */
export async function exclude(connection: Connection, chain: string, gone: Record.Gone): Promise<void> {
  await connection
    .updateTable('sent_transaction')
    .set({ status: 'broadcast', block_number: null, block_hash: null, included_at: null })
    .where('chain', '=', chain)
    .where('block_number', '=', gone.number)
    .where('block_hash', gone.is === 'this' ? '=' : '<>', gone.hash)
    .execute()
}
