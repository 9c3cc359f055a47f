/** What a protected system holds of its assets, block by block: the plainest measure of whether it is bleeding. */
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

/** Blocks shown before an attack began, so that its effect stands out. */
const leadIn = 60n
/** Most points of one series: older ones fall off first. */
const mostPoints = 2_000

/** Holdings of a system around an incident, one series for each asset, oldest block first. */
export async function around(
  connection: Connection,
  incident: { readonly chain: string; readonly system: string; readonly began_block: bigint | null },
): Promise<Series[]> {
  let query = connection
    .selectFrom('holding')
    .selectAll()
    .where('chain', '=', incident.chain)
    .where('system', '=', incident.system)
  if (incident.began_block !== null) query = query.where('block_number', '>=', incident.began_block - leadIn)
  const rows = (await query.orderBy('block_number', 'desc').limit(mostPoints).execute()).reverse()
  return [...Map.groupBy(rows, ({ account, asset }) => `${account} ${asset}`).values()].flatMap((group) => {
    const [first] = group
    if (!first) return []
    const { account, asset, symbol, decimals } = first
    return {
      account,
      asset,
      symbol,
      decimals,
      points: group.map(({ block_number, mined_at, units }) => ({ block: block_number, at: mined_at, units })),
    }
  })
}

/**
 * What went since the attack began: holdings before its first block less those now, where that is positive; the largest
 * share first. Honest deposits and withdrawals in between count too, so this is what left, not yet what was stolen.
 */
export function losses(series: readonly Series[], beganBlock: bigint | null): Amount.Amount[] {
  if (beganBlock === null) return []
  return series
    .flatMap(({ points, symbol, decimals }) => {
      const before = points.findLast(({ block }) => block < beganBlock) ?? points[0]
      const now = points.at(-1)
      if (!before || !now || now.units >= before.units) return []
      const units = before.units - now.units
      return { units, symbol, decimals, share: Number((units * 10_000n) / before.units) }
    })
    .sort((a, b) => b.share - a.share)
    .map(({ units, symbol, decimals }) => ({ units, symbol, decimals }))
}
