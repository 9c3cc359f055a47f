/** What the vault's lenders have lost, read from the chain and from nothing else. */
import { BaseError } from '../base/Errors.ts'
import * as World from './World.ts'

/** The lenders' position at a block, in wei of WETH. */
export type Position = {
  readonly blockNumber: bigint
  /** WETH that lies in the vault. */
  readonly cash: bigint
  /** What the books say: cash and all that is owed. */
  readonly totalAssets: bigint
  /** Debt that its collateral does not cover at this block's price. */
  readonly badDebt: bigint
  /** What lenders have ever put in, and taken out. */
  readonly supplied: bigint
  readonly redeemed: bigint
}

export type Loss = {
  readonly before: Position
  readonly after: Position
  /** What the lenders lost between the two, in wei of WETH; negative when fees earned them something. */
  readonly lost: bigint
}

/** The lenders' position at the end of a block, from five views of the vault. Throws an `RpcError` when it is not known. */
export async function position(world: World.World, blockNumber: bigint): Promise<Position> {
  const views = ['cash', 'totalAssets', 'badDebt', 'totalSupplied', 'totalRedeemed'] as const
  const values = await Promise.all(views.map((view) => World.read(world, 'vault', view, [], blockNumber)))
  const [cash, totalAssets, badDebt, supplied, redeemed] = values as [bigint, bigint, bigint, bigint, bigint]
  return { blockNumber, cash, totalAssets, badDebt, supplied, redeemed }
}

/**
 * What the lenders lost from the end of one block to the end of another.
 *
 * Their net worth is the books less the bad debt. What they put in or took out meanwhile is no gain and no loss, so it
 * is set off; what remains is the loss. On a twin chain without protection it is the loss without, on the protected
 * chain the loss with.
 *
 * Throws a `LossError` when the blocks are in the wrong order.
 *
 * @example
 * const { lost } = await Loss.between(world, attackedAt - 1n, head)
 */
export async function between(world: World.World, from: bigint, to: bigint): Promise<Loss> {
  if (to < from) throw new LossError({ from, to })
  const [before, after] = await Promise.all([position(world, from), position(world, to)])
  const putIn = after.supplied - before.supplied - (after.redeemed - before.redeemed)
  return { before, after, lost: netWorth(before) + putIn - netWorth(after) }
}

function netWorth({ totalAssets, badDebt }: Position): bigint {
  return totalAssets - badDebt
}

/** A loss was asked for from a later block to an earlier one. */
export class LossError extends BaseError {
  override readonly name = 'LossError'
  constructor(facts: Record<string, unknown>) {
    super('A loss is measured from an earlier block to a later one.', { remedy: 'bug', facts })
  }
}
