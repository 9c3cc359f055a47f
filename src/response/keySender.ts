/** A key that signs transactions, held only inside this closure. */
import { type Hex, keccak256, type PrivateKeyAccount } from 'viem'
import * as Caip from '../chain/Caip.ts'
import type { Sender } from '../playbook/Action.ts'
import * as Fees from './Fees.ts'
import * as Key from './Key.ts'

export type KeySender = Sender & {
  /** Reads and decrypts the key, once. A keystore takes about a second. Throws where it is missing or is another's. */
  readonly unlock: () => Promise<void>
}

/** A sender for the key that `reference` points to. Nothing is read until `unlock`, which the first signature does too. */
export function keySender(reference: Key.Reference): KeySender {
  let account: Promise<PrivateKeyAccount> | undefined
  const unlock = () => {
    account ??= Key.load(reference).catch((thrown: unknown) => {
      // What was missing may be there the next time.
      account = undefined
      throw thrown
    })
    return account
  }
  return {
    address: reference.address,
    unlock: async () => void (await unlock()),
    fees: async (chain) => {
      const [fees, balance] = await Promise.all([
        Fees.suggest(chain),
        chain.request('eth_getBalance', [reference.address, 'latest']) as Promise<Hex>,
      ])
      return { ...fees, balanceWei: BigInt(balance) }
    },
    sign: async (chain, transaction, { nonce, gasLimit, fees, maxCostWei }) => {
      const signer = await unlock()
      // Nodes refuse an offer that the key could not pay in full, even where the price of now is far below it.
      const { balanceWei = maxCostWei } = fees
      const most = balanceWei < maxCostWei ? balanceWei : maxCostWei
      const capped = Fees.cap(fees, gasLimit, most - transaction.value)
      const raw = await signer.signTransaction({
        ...transaction,
        ...capped,
        nonce: Number(nonce),
        gas: gasLimit,
        chainId: Caip.reference(chain.key),
      } as Parameters<PrivateKeyAccount['signTransaction']>[0])
      return {
        hash: keccak256(raw),
        raw,
        sender: reference.address,
        nonce,
        maxCostWei: transaction.value + gasLimit * ('gasPrice' in capped ? capped.gasPrice : capped.maxFeePerGas),
      }
    },
  }
}
