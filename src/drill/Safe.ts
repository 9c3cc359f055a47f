/** Transactions of the world's 2-of-3 Safe, signed by its owners as a wallet would ask them to. */
import { type Address, concatHex, encodeFunctionData, type Hex, zeroAddress } from 'viem'
import * as SafeTx from '../response/SafeTx.ts'
import type * as Accounts from './Accounts.ts'
import type { Transaction } from './Sender.ts'
import * as World from './World.ts'

export type Order = {
  readonly to: Address
  readonly data: Hex
  /** Who signs; the first of them also sends. Fewer than two and the Safe refuses with `GS020`. */
  readonly signers?: readonly Accounts.Owner[] | undefined
  /** The Safe's own nonce, when it is already known; read from the chain otherwise. */
  readonly nonce?: bigint | undefined
  /** Wei per gas. */
  readonly maxFeePerGas?: bigint | undefined
}

/**
 * The transaction that has the Safe make a call, with the EIP-712 signatures of its owners. Sends nothing.
 *
 * @example
 * const { address } = world.contracts.vault
 * const unpause = await Safe.order(world, { to: address, data: World.encode(world, 'vault', 'unpause') })
 */
export async function order(world: World.World, options: Order): Promise<Transaction> {
  const { to, data, signers = ['owner1', 'owner2'], maxFeePerGas } = options
  const nonce = options.nonce ?? ((await World.read(world, 'safe', 'nonce')) as bigint)
  const call = { to, value: 0n, data, operation: 0 }
  const refund = { safeTxGas: 0n, baseGas: 0n, gasPrice: 0n, gasToken: zeroAddress, refundReceiver: zeroAddress }
  const { address, abi } = world.contracts.safe
  const document = SafeTx.document({ chainId: world.chainId, safe: address, to, value: 0n, data, nonce })
  const signatures = await Promise.all(
    signers
      .map((name) => world.accounts[name])
      // The Safe accepts signatures in the order of their signers' addresses only.
      .sort((a, b) => (a.address.toLowerCase() < b.address.toLowerCase() ? -1 : 1))
      .map(({ signer }) => signer.signTypedData(document)),
  )
  const args = [...Object.values(call), ...Object.values(refund), concatHex(signatures)]
  return {
    from: signers[0] ?? 'owner1',
    to: address,
    data: encodeFunctionData({ abi, functionName: 'execTransaction', args }),
    maxFeePerGas,
  }
}
