/**
 * Transactions that Firebreak signed. The nonce and the signed bytes are stored before anything is sent, so that a crash
 * at any point ends in the same bytes being sent again, never in a second transaction.
 */
import { type Selectable, sql } from 'kysely'
import { type Hash, type Hex, isAddressEqual, parseTransaction } from 'viem'
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

/** What stands of a key on a chain and is not settled. */
type Open = Sent & { readonly run_status: string }

/**
 * Leases the next nonce of the key, signs and stores, in one transaction. The same path of the same run gets back what
 * was signed the first time.
 */
export async function sign(database: Database, chain: Chain.Chain, order: Order, now: Date): Promise<Sent> {
  const { runId, path, sender, transaction, gasLimit, maxCostWei } = order
  const key = sender.address.toLowerCase()
  return database.transaction().execute(async (connection) => {
    // One writer per key: whoever comes second waits here and sees the nonce that the first one took.
    await sql`select pg_advisory_xact_lock(hashtextextended(${`${chain.key}:${key}`}, 0))`.execute(connection)
    const before = await find(connection, runId, path)
    if (before) return before
    const next = BigInt((await chain.request('eth_getTransactionCount', [sender.address, 'latest'])) as Hex)
    const open = await settle(connection, chain, key, next, now)
    const left = open.filter(({ run_status }) => over.includes(run_status))
    const same = left.find(({ raw }) => isSame(raw as Hex, order))
    if (same) return assign(connection, same.hash, runId, path)
    const nonce = lowestFree(
      next,
      open.filter((sent) => !left.includes(sent)),
    )
    // What a run that is over left at this nonce must not be included beside the new one: it is outbid.
    const outbid = left.find((sent) => sent.nonce === nonce)
    if (outbid)
      await connection
        .updateTable('sent_transaction')
        .set({ status: 'replaced' })
        .where('hash', '=', outbid.hash)
        .execute()
    const fees = outbid ? above(order.fees, outbid.raw as Hex) : order.fees
    const signed = await sender.sign(chain, transaction, { nonce, gasLimit, fees, maxCostWei })
    const row = {
      hash: signed.hash,
      chain: chain.key,
      sender: key,
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

/** Statuses of runs that send nothing any more. */
const over: readonly string[] = ['succeeded', 'failed']

/**
 * Brings the record of a key up to the chain: what has a receipt is included, what lost its nonce to another transaction
 * is replaced. Returns what is still under way.
 */
async function settle(
  connection: Connection,
  chain: Chain.Chain,
  key: string,
  count: bigint,
  now: Date,
): Promise<Open[]> {
  const open = await connection
    .selectFrom('sent_transaction')
    .innerJoin('run', 'run.id', 'sent_transaction.run_id')
    .selectAll('sent_transaction')
    .select('run.status as run_status')
    .where('sent_transaction.chain', '=', chain.key)
    .where('sender', '=', key)
    .where('sent_transaction.status', 'in', ['signed', 'broadcast'])
    .orderBy('nonce')
    .execute()
  for (const { hash } of open.filter(({ nonce }) => nonce < count)) {
    const inclusion = await receiptOf(chain, hash as Hash)
    if (inclusion) await include(connection, hash, inclusion, now)
    else await connection.updateTable('sent_transaction').set({ status: 'replaced' }).where('hash', '=', hash).execute()
  }
  return open.filter(({ nonce }) => nonce >= count)
}

function lowestFree(next: bigint, taken: readonly Sent[]): bigint {
  let nonce = next
  while (taken.some((sent) => sent.nonce === nonce)) nonce += 1n
  return nonce
}

/**
 * The same call of the same key, signed for a run that is over, at fees that still do: its bytes are taken over, because
 * beside a second transaction both might be included some day.
 */
function isSame(raw: Hex, { transaction, fees }: Order): boolean {
  const { to, data = '0x', value = 0n, ...old } = parseTransaction(raw)
  const paid = old.maxFeePerGas ?? old.gasPrice ?? 0n
  const enough = paid >= ('gasPrice' in fees ? fees.gasPrice : fees.maxFeePerGas / 2n)
  return (
    enough &&
    to != null &&
    isAddressEqual(to, transaction.to) &&
    data === transaction.data &&
    value === transaction.value
  )
}

/** Fees that replace a transaction under way: nodes ask for a tenth more of both, so an eighth is offered. */
function above(fees: Fees, raw: Hex): Fees {
  const old = parseTransaction(raw)
  const more = (value: bigint | undefined, least: bigint) => {
    const raised = ((value ?? 0n) * 9n) / 8n + 1n
    return raised > least ? raised : least
  }
  if ('gasPrice' in fees) return { ...fees, gasPrice: more(old.gasPrice, fees.gasPrice) }
  return {
    ...fees,
    maxFeePerGas: more(old.maxFeePerGas, fees.maxFeePerGas),
    maxPriorityFeePerGas: more(old.maxPriorityFeePerGas, fees.maxPriorityFeePerGas),
  }
}

async function assign(connection: Connection, hash: string, runId: string, path: string): Promise<Sent> {
  return connection
    .updateTable('sent_transaction')
    .set({ run_id: runId, path })
    .where('hash', '=', hash)
    .returningAll()
    .executeTakeFirstOrThrow()
}

/**
 * Sends the stored bytes to every endpoint; sending them again is harmless. What other runs of the same key have under
 * way at lower nonces is sent again after it, because a dropped one would hold this one up; what runs that are over left
 * is not.
 */
export async function broadcast(database: Database, chain: Chain.Chain, sent: Sent, clock: Clock.Clock): Promise<void> {
  await chain.send(sent.raw as Hex)
  await database
    .updateTable('sent_transaction')
    .set({ status: 'broadcast', accepted_at: clock.now() })
    .where('hash', '=', sent.hash)
    .where('status', '=', 'signed')
    .execute()
  const earlier = await database
    .selectFrom('sent_transaction')
    .innerJoin('run', 'run.id', 'sent_transaction.run_id')
    .select('raw')
    .where('sent_transaction.chain', '=', sent.chain)
    .where('sender', '=', sent.sender)
    .where('nonce', '<', sent.nonce)
    .where('sent_transaction.status', 'in', ['signed', 'broadcast'])
    .where('run.status', 'not in', over)
    .orderBy('nonce')
    .execute()
  await Promise.all(earlier.map(({ raw }) => chain.send(raw as Hex).catch(() => undefined)))
}

export type Inclusion = { readonly succeeded: boolean; readonly blockNumber: bigint; readonly blockHash: Hash }

/** Where a transaction is included, by the endpoint's receipt; `undefined` where it is not, or no longer. */
export async function receiptOf(chain: Chain.Chain, hash: Hash): Promise<Inclusion | undefined> {
  const receipt = (await chain.request('eth_getTransactionReceipt', [hash])) as {
    status: Hex
    blockNumber: Hex
    blockHash: Hash | null
  } | null
  if (!receipt?.blockHash) return undefined
  return {
    succeeded: BigInt(receipt.status) === 1n,
    blockNumber: BigInt(receipt.blockNumber),
    blockHash: receipt.blockHash,
  }
}

/** Records in which block it was included and whether it succeeded there. */
export async function include(connection: Connection, hash: string, inclusion: Inclusion, now: Date): Promise<void> {
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
