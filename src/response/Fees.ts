/** What to pay so that an emergency transaction is included in the next block. */
import type { Hex } from 'viem'
import * as Errors from '../base/Errors.ts'
import type * as Chain from '../chain/Chain.ts'
import type { Fees } from '../playbook/Action.ts'

/** The least tip, in wei: well above what wallets offer, because a block later costs more than this ever can. */
const leastTip = 5_000_000_000n

/** The least ceiling, in wei: on a quiet chain three times the base fee is soon overrun once everybody flees at once. */
const leastCeiling = 50_000_000_000n

/**
 * Fees for the next block, above the highest tip of the last one, since the attacker's next transaction is likely to pay
 * what its last one did. The ceiling leaves room for the base fee to rise for nine full blocks (12.5 % each, EIP-1559);
 * what is not needed is not paid. Sends `eth_feeHistory`; on chains without a base fee, `eth_gasPrice`.
 */
export async function suggest(chain: Chain.Chain): Promise<Fees> {
  const history = (await chain.request('eth_feeHistory', ['0x1', 'latest', [100]])) as {
    baseFeePerGas?: readonly Hex[]
    reward?: readonly (readonly Hex[])[]
  }
  // One entry more than blocks: the last is the base fee of the block to come.
  const baseFee = BigInt(history.baseFeePerGas?.at(-1) ?? 0n)
  if (baseFee === 0n) return { gasPrice: BigInt((await chain.request('eth_gasPrice', [])) as Hex) * 2n }
  const outbid = (BigInt(history.reward?.at(-1)?.[0] ?? 0n) * 3n) / 2n
  const tip = outbid > leastTip ? outbid : leastTip
  const ceiling = baseFee * 3n > leastCeiling ? baseFee * 3n : leastCeiling
  return { maxFeePerGas: ceiling + tip, maxPriorityFeePerGas: tip }
}

/** The same fees, lowered where needed so that `gasLimit` at the ceiling costs at most `maxCostWei`. */
export function cap(fees: Fees, gasLimit: bigint, maxCostWei: bigint): Fees {
  const most = maxCostWei / gasLimit
  if (most <= 0n) throw new CostCapError(gasLimit, maxCostWei)
  if ('gasPrice' in fees) return { gasPrice: fees.gasPrice < most ? fees.gasPrice : most }
  const maxFeePerGas = fees.maxFeePerGas < most ? fees.maxFeePerGas : most
  return {
    maxFeePerGas,
    maxPriorityFeePerGas: fees.maxPriorityFeePerGas < maxFeePerGas ? fees.maxPriorityFeePerGas : maxFeePerGas,
  }
}

export class CostCapError extends Errors.BaseError {
  override readonly name = 'Fees.CostCapError'
  constructor(gasLimit: bigint, maxCostWei: bigint) {
    super('The spending cap of the policy leaves nothing for gas.', {
      remedy: 'config',
      facts: { gasLimit, maxCostWei },
      advice: 'Raise policy.maxWeiPerTransaction.',
    })
  }
}
