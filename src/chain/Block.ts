/** What one block holds, as Firebreak reads it. Addresses are lower case here; they are checksummed where people read. */
import type { Address, Hash, Hex } from 'viem'
import type { ChainKey } from './Caip.ts'

export type Header = {
  readonly number: bigint
  readonly hash: Hash
  readonly parentHash: Hash
  /** UTC. */
  readonly timestamp: Date
}

export type Block = Header & {
  readonly chain: ChainKey
  readonly baseFeePerGas: bigint | undefined
  readonly transactions: readonly Transaction[]
  readonly logs: readonly Log[]
}

export type Transaction = {
  readonly hash: Hash
  readonly index: number
  readonly from: Address
  /** `null` where a contract is created. */
  readonly to: Address | null
  readonly input: Hex
  /** In wei. */
  readonly value: bigint
  readonly nonce: number
}

export type Log = {
  readonly address: Address
  readonly topics: readonly Hex[]
  readonly data: Hex
  readonly logIndex: number
  readonly transactionHash: Hash
  readonly transactionIndex: number
}

/** One message call of a transaction's trace, in order of execution. */
export type Call = {
  readonly transactionHash: Hash
  /** Position in the call tree: `[]` is the outermost call, `[0, 2]` the third call made by its first. */
  readonly path: readonly number[]
  readonly kind: 'call' | 'delegatecall' | 'staticcall' | 'callcode' | 'create' | 'create2' | 'selfdestruct'
  readonly from: Address
  readonly to: Address | null
  readonly input: Hex
  readonly output: Hex
  readonly value: bigint
  /** Whether this call and all calls around it succeeded. A call that an outer one undid is `false`. */
  readonly succeeded: boolean
}
