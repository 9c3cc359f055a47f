/** What to pay so that an emergency transaction is included in the next block. */
import type { Address, Hex } from 'viem'
import * as Errors from '../base/Errors.ts'
import type * as Chain from '../chain/Chain.ts'
import * as Wire from '../chain/Wire.ts'
import type { Fees } from '../playbook/Action.ts'

/** The least tip, in wei: well above what wallets offer, because a block later costs more than this ever can. */
const leastTip = 5_000_000_000n

/** The least ceiling, in wei: on a quiet chain three times the base fee is soon overrun once everybody flees at once. */
const leastCeiling = 50_000_000_000n

/**
 * Fees for the next block, above the highest tip of the last one, since the attacker's next transaction is likely to pay
 * what its last one did. The ceiling leaves room for the base fee to rise for nine full blocks (12.5 % each, EIP-1559);
 * what is not needed is not paid. Sends `eth_feeHistory`, or `eth_getBlockByNumber` where that is not offered; on chains
 * without a base fee, `eth_gasPrice`.
 */
export async function suggest(chain: Chain.Chain): Promise<Fees> {
  const { baseFee, highestTip } = await market(chain)
  if (baseFee === 0n) return { gasPrice: (await priceNow(chain)) * 2n }
  const outbid = (highestTip * 3n) / 2n
  const tip = outbid > leastTip ? outbid : leastTip
  const ceiling = baseFee * 3n > leastCeiling ? baseFee * 3n : leastCeiling
  return { maxFeePerGas: ceiling + tip, maxPriorityFeePerGas: tip, baseFeePerGas: baseFee }
}

/**
 * The same fees, lowered where needed so that `gasLimit` at the ceiling costs at most `maxCostWei`. Throws a
 * `CostCapError` where what is left is below the base fee: no block would take it, and the nonce would be stuck.
 */
export function cap(fees: Fees, gasLimit: bigint, maxCostWei: bigint): Fees {
  const most = maxCostWei / gasLimit
  if (most <= 0n) throw new CostCapError(gasLimit, maxCostWei)
  if ('gasPrice' in fees) return { gasPrice: fees.gasPrice < most ? fees.gasPrice : most }
  const maxFeePerGas = fees.maxFeePerGas < most ? fees.maxFeePerGas : most
  if (fees.baseFeePerGas !== undefined && maxFeePerGas < fees.baseFeePerGas)
    throw new CostCapError(gasLimit, maxCostWei, fees.baseFeePerGas)
  return {
    maxFeePerGas,
    maxPriorityFeePerGas: fees.maxPriorityFeePerGas < maxFeePerGas ? fees.maxPriorityFeePerGas : maxFeePerGas,
  }
}

export type Funds = {
  readonly balanceWei: bigint
  /** What `gas` costs at the price of now. */
  readonly neededWei: bigint
  /** Whether it could act at all, and whether it could do so ten times, or once when gas costs ten times as much. */
  readonly level: 'none' | 'low' | 'enough'
}

/** Whether an account can pay for so much gas now. Sends `eth_getBalance` and `eth_gasPrice`. */
export async function funds(chain: Chain.Chain, account: Address, gas: bigint): Promise<Funds> {
  const [balance, price] = await Promise.all([
    chain.request('eth_getBalance', [account, 'latest']) as Promise<Hex>,
    priceNow(chain),
  ])
  const balanceWei = BigInt(balance)
  const neededWei = price * gas
  const level = balanceWei === 0n || balanceWei < neededWei ? 'none' : balanceWei < neededWei * 10n ? 'low' : 'enough'
  return { balanceWei, neededWei, level }
}

async function priceNow(chain: Chain.Chain): Promise<bigint> {
  return BigInt((await chain.request('eth_gasPrice', [])) as Hex)
}

/** The base fee of the block to come, 0 where the chain has none, and the highest tip of the last block. */
async function market(chain: Chain.Chain): Promise<{ readonly baseFee: bigint; readonly highestTip: bigint }> {
  try {
    const history = (await chain.request('eth_feeHistory', ['0x1', 'latest', [100]])) as {
      baseFeePerGas?: readonly Hex[]
      reward?: readonly (readonly Hex[])[]
    }
    // One entry more than blocks: the last is the base fee of the block to come.
    return {
      baseFee: BigInt(history.baseFeePerGas?.at(-1) ?? 0n),
      highestTip: BigInt(history.reward?.at(-1)?.[0] ?? 0n),
    }
  } catch (thrown) {
    // Nodes name a method that they do not offer in many ways; whatever the reason, the head says nearly the same.
    if (!(thrown instanceof Wire.RpcError)) throw thrown
    const head = (await chain.request('eth_getBlockByNumber', ['latest', false])) as { baseFeePerGas?: Hex }
    const last = BigInt(head.baseFeePerGas ?? 0n)
    return { baseFee: last + last / 8n, highestTip: 0n }
  }
}

export class CostCapError extends Errors.BaseError {
  override readonly name = 'Fees.CostCapError'
  constructor(gasLimit: bigint, maxCostWei: bigint, baseFeePerGas?: bigint) {
    super(
      baseFeePerGas === undefined
        ? 'The spending cap leaves nothing for gas.'
        : 'The spending cap leaves less for gas than the base fee, so no block would take the transaction.',
      {
        remedy: 'config',
        facts: { gasLimit, maxCostWei, ...(baseFeePerGas === undefined ? {} : { baseFeePerGas }) },
        advice: 'Raise policy.maxWeiPerTransaction, or top up the key that pays where it holds less than that.',
      },
    )
  }
}
