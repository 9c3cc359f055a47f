/** What to pay so that an emergency transaction is included in the next block. */
import type { Hex } from 'viem'
import * as Errors from '../base/Errors.ts'
import type * as Chain from '../chain/Chain.ts'

export type Fees = { readonly maxFeePerGas: bigint; readonly maxPriorityFeePerGas: bigint } | { readonly gasPrice: bigint }

/** The tip, in wei: well above what wallets offer, because a block later costs more than this ever can. */
const tip = 5_000_000_000n

/**
 * Fees for the next block. The ceiling leaves room for the base fee to rise for nine full blocks (12.5 % each, EIP-1559);
 * what is not needed is not paid. Reads the latest block; on chains without a base fee, `eth_gasPrice`.
 */
export async function suggest(chain: Chain.Chain): Promise<Fees> {
  const block = (await chain.request('eth_getBlockByNumber', ['latest', false])) as { baseFeePerGas?: Hex }
  if (block.baseFeePerGas === undefined) return { gasPrice: BigInt((await chain.request('eth_gasPrice', [])) as Hex) * 2n }
  return { maxFeePerGas: BigInt(block.baseFeePerGas) * 3n + tip, maxPriorityFeePerGas: tip }
}

/** The same fees, lowered where needed so that `gasLimit` at the ceiling costs at most `maxCostWei`. */
export function cap(fees: Fees, gasLimit: bigint, maxCostWei: bigint): Fees {
  const most = maxCostWei / gasLimit
  if (most <= 0n) throw new CostCapError(gasLimit, maxCostWei)
  if ('gasPrice' in fees) return { gasPrice: fees.gasPrice < most ? fees.gasPrice : most }
  const maxFeePerGas = fees.maxFeePerGas < most ? fees.maxFeePerGas : most
  return { maxFeePerGas, maxPriorityFeePerGas: fees.maxPriorityFeePerGas < maxFeePerGas ? fees.maxPriorityFeePerGas : maxFeePerGas }
}

export class CostCapError extends Errors.BaseError {
  override readonly name = 'Fees.CostCapError'
  constructor(gasLimit: bigint, maxCostWei: bigint) {
    super('The spending cap of the policy leaves nothing for gas.', { remedy: 'config', facts: { gasLimit, maxCostWei }, advice: 'Raise policy.maxWeiPerTransaction.' })
  }
}
