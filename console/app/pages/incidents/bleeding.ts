/** How fast a system loses what it holds, from its balances block by block. Pure; integers throughout. */
import type { HoldingSeries } from '../../api/contract.ts'

export type Flow = {
  /** The asset as CAIP-10. */
  readonly asset: string
  readonly symbol: string
  readonly decimals: number
  /** All accounts together, by block, ascending. */
  readonly points: readonly Point[]
  /** Held just before the first malicious block. */
  readonly before: bigint
  readonly held: bigint
  /** Negative where more came in than went out. */
  readonly lost: bigint
  /** Lost per block over the last `window` blocks. */
  readonly perBlock: bigint
  readonly window: number
  /** Milliseconds from block to block, of late; 0 where only one block was read. */
  readonly blockMs: number
  /** The last block in which holdings fell. */
  readonly lastOutflow: number | null
}

export type Point = { readonly block: number; readonly at: string; readonly units: bigint }

/** Long enough to smooth an attack that strikes every few blocks, short enough to show that it stopped. */
const rateWindow = 10

/** One flow per asset, that which lost the largest share first. `until` ends the measurement: the block of containment. */
export function flowsOf(holdings: readonly HoldingSeries[], began: string | null, until: string | null): Flow[] {
  const assets = Map.groupBy(holdings, (series) => series.asset.id)
  const flows = [...assets.values()].flatMap((series) => flowOf(series, began, until) ?? [])
  return flows.sort((a, b) => share(b) - share(a))
}

/** In how many blocks nothing is left at the present rate; null when nothing leaves. */
export function blocksLeft({ held, perBlock }: Pick<Flow, 'held' | 'perBlock'>): number | null {
  if (perBlock <= 0n || held <= 0n) return null
  return Number((held + perBlock - 1n) / perBlock)
}

function flowOf(series: readonly HoldingSeries[], began: string | null, until: string | null): Flow | null {
  const first = series[0]
  const points = total(series)
  const last = points.at(-1)
  if (!first || !last) return null
  const start = began === null ? (points[0]?.block ?? 0) : Number(began) - 1
  const end = until === null ? last.block : Math.min(last.block, Number(until))
  const before = heldAt(points, start)
  const held = heldAt(points, end)
  // While it lasts: the recent rate. Once contained: the average of the whole attack.
  const window = Math.max(1, until === null ? Math.min(rateWindow, end - start) : end - start)
  const lastOutflow = points.findLast(
    (point, index) => index > 0 && point.block > start && point.units < (points[index - 1]?.units ?? 0n),
  )
  return {
    asset: first.asset.id,
    symbol: first.symbol,
    decimals: first.decimals,
    points,
    before,
    held,
    lost: before - held,
    perBlock: (heldAt(points, end - window) - held) / BigInt(window),
    window,
    blockMs: blockTime(points),
    lastOutflow: lastOutflow?.block ?? null,
  }
}

/** Adds up accounts that were read at different blocks: between two readings an account holds what it held. */
function total(series: readonly HoldingSeries[]): Point[] {
  const changes = series.flatMap(({ points }, account) =>
    points.map((point) => ({ account, block: Number(point.block), at: point.at, units: BigInt(point.units) })),
  )
  changes.sort((a, b) => a.block - b.block)
  const held = series.map(({ points }) => BigInt(points[0]?.units ?? 0))
  const totals: Point[] = []
  for (const { account, block, at, units } of changes) {
    held[account] = units
    const sum = held.reduce((all, each) => all + each, 0n)
    if (totals.at(-1)?.block === block) totals[totals.length - 1] = { block, at, units: sum }
    else totals.push({ block, at, units: sum })
  }
  return totals
}

function blockTime(points: readonly Point[]): number {
  const last = points.at(-1)
  const first = points.at(-1 - rateWindow) ?? points[0]
  if (!first || !last || first.block === last.block) return 0
  return (Date.parse(last.at) - Date.parse(first.at)) / (last.block - first.block)
}

function heldAt(points: readonly Point[], block: number): bigint {
  return (points.findLast((point) => point.block <= block) ?? points[0])?.units ?? 0n
}

function share({ lost, before }: Flow): number {
  return before === 0n ? 0 : Number((lost * 10_000n) / before)
}
