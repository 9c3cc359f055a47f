/** What is remembered of a chain between starts: which one it is, the blocks judged, and the block judged last. */
import type { Hash } from 'viem'
import type { Connection } from '../store/Database.ts'
import type * as Block from './Block.ts'
import * as Caip from './Caip.ts'

/** Notes that a chain is watched. */
export async function register(connection: Connection, key: Caip.ChainKey, now: Date): Promise<void> {
  const row = { key, caip2: Caip.chainId(key), genesis_hash: key.split('@')[1] ?? '', first_seen_at: now }
  await connection
    .insertInto('chain')
    .values(row)
    .onConflict((conflict) => conflict.column('key').doNothing())
    .execute()
}

/** The genesis hash by which the chain of an id has been known, if it was ever watched. */
export async function genesis(connection: Connection, id: Caip.ChainId): Promise<Hash | undefined> {
  const row = await connection
    .selectFrom('chain')
    .select('genesis_hash')
    .where('caip2', '=', id)
    .orderBy('first_seen_at', 'desc')
    .executeTakeFirst()
  return row?.genesis_hash as Hash | undefined
}

/** The block judged last, if any. */
export async function cursor(connection: Connection, key: Caip.ChainKey): Promise<Block.Header | undefined> {
  const row = await connection
    .selectFrom('cursor')
    .innerJoin('block', (join) =>
      join.onRef('block.chain', '=', 'cursor.chain').onRef('block.hash', '=', 'cursor.hash'),
    )
    .selectAll('block')
    .where('cursor.chain', '=', key)
    .executeTakeFirst()
  return row && header(row)
}

/** The block of a number on the branch that stands. */
export async function known(
  connection: Connection,
  key: Caip.ChainKey,
  number: bigint,
): Promise<Block.Header | undefined> {
  const row = await connection
    .selectFrom('block')
    .selectAll()
    .where('chain', '=', key)
    .where('number', '=', number)
    .where('retracted_at', 'is', null)
    .executeTakeFirst()
  return row && header(row)
}

/** Stores that a block was judged and moves the cursor to it, in the caller's transaction. */
export async function advance(
  connection: Connection,
  block: Block.Block,
  ruleSetVersion: string,
  now: Date,
): Promise<void> {
  const row = {
    chain: block.chain,
    hash: block.hash,
    number: block.number,
    parent_hash: block.parentHash,
    mined_at: block.timestamp,
    rule_set_version: ruleSetVersion,
    evaluated_at: now,
    retracted_at: null,
  }
  // A block that was replaced can come back: the chain may turn to and fro.
  await connection
    .insertInto('block')
    .values(row)
    .onConflict((conflict) =>
      conflict
        .columns(['chain', 'hash'])
        .doUpdateSet({ retracted_at: null, rule_set_version: ruleSetVersion, evaluated_at: now }),
    )
    .execute()
  await move(connection, block.chain, block, now)
}

/** Marks a block as replaced and moves the cursor to its parent. */
export async function retract(
  connection: Connection,
  key: Caip.ChainKey,
  replaced: Block.Header,
  parent: Block.Header,
  ruleSetVersion: string,
  now: Date,
): Promise<void> {
  await connection
    .updateTable('block')
    .set({ retracted_at: now })
    .where('chain', '=', key)
    .where('hash', '=', replaced.hash)
    .execute()
  // The parent may be older than our own history; the cursor needs its row all the same.
  const row = {
    chain: key,
    hash: parent.hash,
    number: parent.number,
    parent_hash: parent.parentHash,
    mined_at: parent.timestamp,
    rule_set_version: ruleSetVersion,
    evaluated_at: now,
    retracted_at: null,
  }
  await connection
    .insertInto('block')
    .values(row)
    .onConflict((conflict) => conflict.columns(['chain', 'hash']).doNothing())
    .execute()
  await move(connection, key, parent, now)
}

/** A block that no longer stands: this one, or every other of its number. */
export type Gone = { readonly number: bigint; readonly hash: string; readonly is: 'this' | 'others' }

/**
 * Whether what was judged speaks against a block: it was replaced, or another one stands in its place. Nothing is judged
 * or taken back until the caller's transaction ends, so that the answer still holds when it commits.
 */
export async function isContradicted(
  connection: Connection,
  key: Caip.ChainKey,
  { blockNumber, blockHash }: { readonly blockNumber: bigint; readonly blockHash: string },
): Promise<boolean> {
  await connection.selectFrom('cursor').select('number').where('chain', '=', key).forUpdate().execute()
  const rows = await connection
    .selectFrom('block')
    .select(['hash', 'retracted_at'])
    .where('chain', '=', key)
    .where('number', '=', blockNumber)
    .execute()
  return rows.some(({ hash, retracted_at }) => (hash === blockHash ? retracted_at !== null : retracted_at === null))
}

async function move(
  connection: Connection,
  key: Caip.ChainKey,
  { number, hash }: Pick<Block.Header, 'number' | 'hash'>,
  now: Date,
): Promise<void> {
  const place = { number, hash, moved_at: now }
  await connection
    .insertInto('cursor')
    .values({ chain: key, ...place })
    .onConflict((conflict) => conflict.column('chain').doUpdateSet(place))
    .execute()
}

function header(row: { number: bigint; hash: string; parent_hash: string; mined_at: Date }): Block.Header {
  return { number: row.number, hash: row.hash as Hash, parentHash: row.parent_hash as Hash, timestamp: row.mined_at }
}
