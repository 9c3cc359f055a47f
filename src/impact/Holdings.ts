/** What a protected system holds of its assets, block by block: the plainest measure of whether it is bleeding. */
import { sql } from 'kysely'
import { type Address, getAbiItem, parseAbi } from 'viem'
import type * as Amount from '../base/Amount.ts'
import * as Caip from '../chain/Caip.ts'
import * as Facts from '../chain/Facts.ts'
import type { Connection } from '../store/Database.ts'

const balanceOf = getAbiItem({
  abi: parseAbi(['function balanceOf(address owner) view returns (uint256)']),
  name: 'balanceOf',
})

export type Asset = { readonly address: Address; readonly symbol: string; readonly decimals: number }

/** A system whose holdings are watched: `account` holds `assets`. */
export type Watched = { readonly system: string; readonly account: Address; readonly assets: readonly Asset[] }

/** The reads that each block needs. */
export function reads(watched: readonly Watched[]): Facts.Read[] {
  return watched.flatMap(({ account, assets }) =>
    assets.map(({ address }) => ({ address, function: balanceOf, args: [account] })),
  )
}

/** Stores what the block says; an asset that did not answer leaves a gap, which readers see as one. */
export async function keep(
  connection: Connection,
  watched: readonly Watched[],
  { block, reads }: Facts.Facts,
): Promise<void> {
  const rows = watched.flatMap(({ system, account, assets }) =>
    assets.flatMap(({ address, symbol, decimals }) => {
      const answer = reads.get(Facts.readKey({ address, function: balanceOf, args: [account] }))
      if (!answer || !('value' in answer)) return []
      return {
        chain: block.chain,
        block_hash: block.hash,
        block_number: block.number,
        mined_at: block.timestamp,
        system,
        account: Caip.account(block.chain, account),
        asset: Caip.account(block.chain, address),
        symbol,
        decimals,
        units: answer.value as bigint,
      }
    }),
  )
  if (rows.length > 0)
    await connection
      .insertInto('holding')
      .values(rows)
      .onConflict((conflict) => conflict.doNothing())
      .execute()
}

/** Drops what a replaced block said. */
export async function retract(connection: Connection, chain: string, blockHash: string): Promise<void> {
  await connection.deleteFrom('holding').where('chain', '=', chain).where('block_hash', '=', blockHash).execute()
}

export type Series = {
  readonly account: string
  readonly asset: string
  readonly symbol: string
  readonly decimals: number
  readonly points: readonly { readonly block: bigint; readonly at: Date; readonly units: bigint }[]
}

/** What is asked for: a system from a little before its incident began until it was resolved. */
export type Span = {
  readonly chain: string
  readonly system: string
  readonly began_block: bigint | null
  readonly resolved_at: Date | null
}

/** Blocks shown before an attack began, so that its effect stands out. */
const leadIn = 60n
/** Most points of one series: a longer one is thinned, evenly, its first and its last kept. */
const mostPoints = 1_000

/** Holdings of a system around an incident, one series for each asset, oldest block first. */
export async function around(
  connection: Connection,
  { chain, system, began_block, resolved_at }: Span,
): Promise<Series[]> {
  const first = began_block === null ? 0n : began_block - leadIn
  const { rows } = await sql<Row>`
    with numbered as (
      select account, asset, symbol, decimals, block_number, mined_at, units,
        row_number() over (partition by account, asset order by block_number desc) - 1 as place,
        count(*) over (partition by account, asset) as length
      from holding
      where chain = ${chain} and system = ${system} and block_number >= ${first.toString()}::numeric
        and (${resolved_at}::timestamptz is null or mined_at <= ${resolved_at}::timestamptz)
    )
    select account, asset, symbol, decimals, block_number, mined_at, units from numbered
    where place % ceil(length / ${mostPoints - 1}::numeric)::bigint = 0 or place = length - 1
    order by account, asset, block_number
  `.execute(connection)
  return [...Map.groupBy(rows, ({ account, asset }) => `${account} ${asset}`).values()].flatMap((group) => {
    const last = group.at(-1)
    if (!last) return []
    const { account, asset, symbol, decimals } = last
    const points = group.map(({ block_number, mined_at, units }) => ({ block: block_number, at: mined_at, units }))
    return { account, asset, symbol, decimals, points }
  })
}

/**
 * What went since the attack began: holdings before its first block less those when it was resolved, or now while it is
 * not, where that is positive; the largest share first. An asset that was not watched before has no loss that could be
 * told. Honest deposits and withdrawals in between count too, so this is what left, not yet what was stolen.
 */
export async function losses(
  connection: Connection,
  { chain, system, began_block, resolved_at }: Span,
): Promise<Amount.Amount[]> {
  if (began_block === null) return []
  const began = sql`${began_block.toString()}::numeric`
  // Each point is found from the end of the index, so that it costs the same however long the history is.
  const { rows } = await sql<{ symbol: string; decimals: number; before: bigint; after: bigint }>`
    with
      last as (
        select max(block_number) as number from holding
        where chain = ${chain} and system = ${system} and block_number < ${began}
      ),
      watched as (
        select distinct account, asset from holding, last
        where chain = ${chain} and system = ${system} and block_number between last.number - ${leadIn.toString()}::numeric and last.number
      )
    select after.symbol, after.decimals, before.units as before, after.units as after
    from watched
      cross join lateral (
        select units from holding
        where chain = ${chain} and system = ${system} and block_number < ${began}
          and account = watched.account and asset = watched.asset
        order by block_number desc limit 1
      ) before
      cross join lateral (
        select symbol, decimals, units from holding
        where chain = ${chain} and system = ${system} and block_number >= ${began}
          and account = watched.account and asset = watched.asset
          and (${resolved_at}::timestamptz is null or mined_at <= ${resolved_at}::timestamptz)
        order by block_number desc limit 1
      ) after
    where after.units < before.units
    order by (before.units - after.units) / before.units desc, symbol
  `.execute(connection)
  return rows.map(({ symbol, decimals, before, after }) => ({ units: before - after, symbol, decimals }))
}

type Row = {
  readonly account: string
  readonly asset: string
  readonly symbol: string
  readonly decimals: number
  readonly block_number: bigint
  readonly mined_at: Date
  readonly units: bigint
}
