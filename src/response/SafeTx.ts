/** What owners of a Safe sign: one plain call, without refund of gas (Safe 1.3 and 1.4, `SAFE_TX_TYPEHASH`; EIP-712). */
import { type Address, type Hex, type TypedDataDefinition, zeroAddress } from 'viem'

const types = {
  SafeTx: [
    { name: 'to', type: 'address' },
    { name: 'value', type: 'uint256' },
    { name: 'data', type: 'bytes' },
    { name: 'operation', type: 'uint8' },
    { name: 'safeTxGas', type: 'uint256' },
    { name: 'baseGas', type: 'uint256' },
    { name: 'gasPrice', type: 'uint256' },
    { name: 'gasToken', type: 'address' },
    { name: 'refundReceiver', type: 'address' },
    { name: 'nonce', type: 'uint256' },
  ],
} as const

export type Order = {
  readonly chainId: number
  readonly safe: Address
  readonly to: Address
  /** In wei. */
  readonly value: bigint
  readonly data: Hex
  /** The Safe's own. */
  readonly nonce: bigint
}

/** The document that has the Safe make this call. It names no expiry: it holds until the Safe has used the nonce. */
export function document({ chainId, safe, to, value, data, nonce }: Order): TypedDataDefinition {
  const call = { to, value, data, operation: 0 }
  const refund = { safeTxGas: 0n, baseGas: 0n, gasPrice: 0n, gasToken: zeroAddress, refundReceiver: zeroAddress }
  const domain = { chainId, verifyingContract: safe }
  return { domain, primaryType: 'SafeTx', types, message: { ...call, ...refund, nonce } }
}
