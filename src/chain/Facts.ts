/** What is known of one block: the block itself and whatever the detectors asked for beyond it. */
import type { AbiFunction, Address } from 'viem'
import type * as Block from './Block.ts'

/** A view call whose answer at the end of each block a detector needs. */
export type Read = {
  readonly address: Address
  readonly function: AbiFunction
  readonly args: readonly unknown[]
}

/** What a detector needs fetched. Blocks, transactions and logs always are. */
export type Demand = {
  readonly calls?: true
  readonly pending?: true
  readonly reads?: readonly Read[]
}

/** The answer to a read: its decoded value, or why there is none (a revert, no code at the address). */
export type ReadResult = { readonly value: unknown } | { readonly error: string }

export type Facts = {
  /** `pending`: `block` is the head, its logs are empty, and `pending` holds the transactions to judge. */
  readonly stage: 'included' | 'pending'
  readonly block: Block.Block
  readonly calls?: readonly Block.Call[] | undefined
  readonly pending?: readonly Block.Transaction[] | undefined
  /** By `readKey`. */
  readonly reads: ReadonlyMap<string, ReadResult>
}

/** One name for equal reads, so that two detectors that ask the same cost one call. */
export function readKey(read: Read): string {
  const args = JSON.stringify(read.args, (_, value) => (typeof value === 'bigint' ? `${value}n` : value))
  const types = read.function.inputs.map((input) => input.type).join()
  return `${read.address.toLowerCase()}:${read.function.name}(${types}):${args}`
}

/** All demands in one. */
export function union(demands: Iterable<Demand>): Required<Pick<Demand, 'reads'>> & Demand {
  const reads = new Map<string, Read>()
  let calls = false
  let pending = false
  for (const demand of demands) {
    calls ||= demand.calls ?? false
    pending ||= demand.pending ?? false
    for (const read of demand.reads ?? []) reads.set(readKey(read), read)
  }
  return { reads: [...reads.values()], ...(calls ? { calls } : {}), ...(pending ? { pending } : {}) }
}
