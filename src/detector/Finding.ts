/** What a detector saw: one fact about one block or transaction, with the values that tripped it. */
import type { Address, Hash } from 'viem'
import * as Id from '../base/Id.ts'
import type * as Json from '../base/Json.ts'
import type * as Caip from '../chain/Caip.ts'

/**
 * P1 loss of funds or active exploit, P2 potential loss under conditions, P3 within hours, P4 schedulable, P5 for
 * information (SEAL incident response policy).
 */
export type Severity = 'P1' | 'P2' | 'P3' | 'P4' | 'P5'

export const severities = ['P1', 'P2', 'P3', 'P4', 'P5'] as const satisfies readonly Severity[]

/** What a detector returns; the engine adds where and by whom. */
export type Draft = {
  /** Tells findings of one detector in one block apart, for example the transaction hash. The same key is the same finding. */
  readonly key: string
  readonly severity: Severity
  /** Probability, 0 to 1, that this is what the sentence says. */
  readonly confidence: number
  /** A sentence that a person woken at night understands. */
  readonly sentence: string
  /** Set where this says that something could not be judged, rather than what was seen. */
  readonly isError?: true | undefined
  /** The protected account concerned. */
  readonly subject: Address
  readonly transactionHash?: Hash | undefined
  /** Accounts that acted, as hypotheses: the sender, the contract it called. */
  readonly actors?: readonly Address[] | undefined
  /** The values that tripped the detector, exact. */
  readonly values: { readonly [name: string]: Json.Json }
}

export type Finding = {
  readonly id: string
  readonly deploymentId: string
  readonly chain: Caip.ChainKey
  readonly blockNumber: bigint
  readonly blockHash: Hash
  /** `pending` where the transaction was not yet in a block: then the block is the head it was judged on. */
  readonly stage: 'included' | 'pending'
  readonly transactionHash: Hash | undefined
  readonly detector: string
  readonly detectorVersion: string
  readonly ruleSetVersion: string
  /** The protected system concerned, as named in the configuration. */
  readonly system: string
  readonly subject: Caip.AccountId
  readonly actors: readonly Caip.AccountId[]
  readonly severity: Severity
  readonly confidence: number
  readonly sentence: string
  readonly isError: boolean
  readonly values: { readonly [name: string]: Json.Json }
  readonly foundAt: Date
}

/** The identifier of a finding: the same detector on the same block says the same thing once, however often it runs. */
export function identify(
  finding: Pick<Finding, 'chain' | 'blockHash' | 'stage' | 'detector' | 'detectorVersion'>,
  key: string,
): string {
  const { chain, blockHash, stage, detector, detectorVersion } = finding
  // A pending transaction is judged on every new head; it is one finding all the same.
  return Id.of('finding', chain, stage === 'pending' ? 'pending' : blockHash, detector, detectorVersion, key)
}

/** Negative where `a` is graver than `b`. */
export function compareSeverity(a: Severity, b: Severity): number {
  return severities.indexOf(a) - severities.indexOf(b)
}
