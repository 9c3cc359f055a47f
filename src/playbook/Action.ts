/**
 * What a playbook can do on chain, as a type. An action says what changes and how to see that it did; an authority says
 * by whose right and with which key. This folder knows no concrete one: `response/` has them.
 */
import {
  type AbiFunction,
  type Address,
  encodeAbiParameters,
  encodeFunctionData,
  type Hash,
  type Hex,
  keccak256,
  type TypedDataDefinition,
} from 'viem'
import * as Caip from '../chain/Caip.ts'
import type * as Chain from '../chain/Chain.ts'

/** The outcome of looking at something: a sentence for people, values for the record. */
export type Check = {
  readonly ok: boolean
  readonly summary: string
  readonly detail?: Readonly<Record<string, unknown>> | undefined
}

export type Call = { readonly from: Address; readonly to: Address; readonly data: Hex; readonly value: bigint }

export type Action = {
  /** For example `Pause the vault`. */
  readonly sentence: string
  /** The chain, as named in the configuration. */
  readonly chain: string
  readonly target: Address
  readonly function: AbiFunction
  readonly args: readonly unknown[]
  /** In wei. */
  readonly value: bigint
  /** Whether it makes sense now; `inEffect` where it is so already, by whosoever hand. Reads only. */
  readonly precondition: (chain: Chain.Chain) => Promise<Check & { readonly inEffect?: boolean | undefined }>
  /** A view call that shows the effect, and what its answer must be. */
  readonly effect: { readonly function: AbiFunction; readonly args: readonly unknown[]; readonly expected: unknown }
}

/** What people sign so that the authority can act, where it needs them (a Safe); and who may. */
export type Mandate = {
  readonly document: TypedDataDefinition
  readonly threshold: number
  readonly eligible: readonly Address[]
  readonly state: Readonly<Record<string, unknown>>
}
export type Signature = { readonly address: Address; readonly signature: Hex }
export type Unsigned = { readonly to: Address; readonly data: Hex; readonly value: bigint }

export type Authority = {
  readonly kind: 'key' | 'safe'
  /** For example `guardian key 0x…` or `Safe 0x… (2 of 3)`. */
  readonly label: string
  /** The account that the target sees as its caller. */
  readonly caller: Address
  /** Whether it could act now: the key is there and can pay, the Safe's owners are reachable people. Reads only. */
  readonly ready: (chain: Chain.Chain) => Promise<Check>
  /** The document that people must sign for this call, if any. Reads the Safe's nonce, threshold and owners. */
  readonly mandate?: ((chain: Chain.Chain, call: Call) => Promise<Mandate>) | undefined
  /** The transaction that carries the call, with the signatures that people gave. Pure. */
  readonly carry: (call: Call, signatures: readonly Signature[]) => Unsigned
  readonly sender: Sender
}

export type Signed = {
  readonly hash: Hash
  readonly raw: Hex
  readonly sender: Address
  readonly nonce: bigint
  readonly maxCostWei: bigint
}

/** What is offered for inclusion, in wei per gas; a chain without a base fee takes a plain price. */
export type Fees = (
  | {
      readonly maxFeePerGas: bigint
      readonly maxPriorityFeePerGas: bigint
      /** Of the block to come, where it is known: an offer below it is never included. */
      readonly baseFeePerGas?: bigint | undefined
    }
  | { readonly gasPrice: bigint }
) & {
  /** What the key holds, where it is known: nodes refuse an offer that it could not pay. */
  readonly balanceWei?: bigint | undefined
}

/** The key that signs and pays. Only `response/` can make one; nothing here ever sees the key. */
export type Sender = {
  readonly address: Address
  /** What to offer for inclusion in the next block. Reads only. */
  readonly fees: (chain: Chain.Chain) => Promise<Fees>
  /** Signs. Offers less than `fees` where the most that it may cost asks for it. Asks nobody, sends nothing. */
  readonly sign: (
    chain: Chain.Chain,
    transaction: Unsigned,
    options: { readonly nonce: bigint; readonly gasLimit: bigint; readonly fees: Fees; readonly maxCostWei: bigint },
  ) => Promise<Signed>
}

/** The call as the target sees it. */
export function toCall(action: Action, authority: Pick<Authority, 'caller'>): Call {
  return {
    from: authority.caller,
    to: action.target,
    data: encodeFunctionData({ abi: [action.function], args: action.args }),
    value: action.value,
  }
}

/** What an approval commits to: the chain by id and genesis, the caller, the target, the value and the exact calldata. */
export function hash(chain: Caip.ChainKey, { from, to, value, data }: Call): Hash {
  const genesis = chain.split('@')[1] as Hash
  return keccak256(
    encodeAbiParameters(
      [
        { type: 'uint256' },
        { type: 'bytes32' },
        { type: 'address' },
        { type: 'address' },
        { type: 'uint256' },
        { type: 'bytes' },
      ],
      [BigInt(Caip.reference(chain)), genesis, from, to, value, data],
    ),
  )
}
