/** What to do when: a trigger and the attempts to make, in order, until one is verified on chain. */

import { toFunctionSignature } from 'viem'
import type { Duration } from '../base/Duration.ts'
import * as Id from '../base/Id.ts'
import * as Finding from '../detector/Finding.ts'
import type { Action, Authority } from './Action.ts'

export type Playbook = {
  /** Unique within an installation. */
  readonly name: string
  readonly when: Trigger
  /** The first is tried first; each next one is the fallback of the one before. */
  readonly attempts: readonly [Attempt, ...Attempt[]]
}

export type Trigger = {
  readonly system: string
  /** Findings at least as grave as this start it: P1 or P2, because only those open an incident. */
  readonly severity: Finding.Severity
  /** Findings at least as sure as this, 0 to 1. 0.5 if left out. */
  readonly confidence?: number | undefined
  /** Names of detectors; any if left out. */
  readonly detectors?: readonly string[] | undefined
  /** Whether a pending transaction is enough. No if left out. */
  readonly pending?: boolean | undefined
}

export type Attempt = {
  /** Names the path in the console and the record, for example `guardian`. */
  readonly name: string
  readonly action: Action
  readonly by: Authority
  /** People who must sign first. Left out, the attempt runs by itself, unless the authority needs signatures anyway. */
  readonly approval?: Quorum | undefined
  /** How long to wait for inclusion before the next attempt is made. */
  readonly confirmWithin?: Duration | undefined
}

export type Quorum = {
  readonly role: string
  /** Distinct people of the role. */
  readonly people: number
  readonly within: Duration
}

/** Whether this finding starts this playbook. */
export function isTriggered({ when }: Playbook, finding: Finding.Finding): boolean {
  return (
    !finding.isError &&
    finding.system === when.system &&
    Finding.compareSeverity(finding.severity, when.severity) <= 0 &&
    finding.confidence >= (when.confidence ?? 0.5) &&
    (when.detectors === undefined || when.detectors.includes(finding.detector)) &&
    (finding.stage === 'included' || (when.pending ?? false))
  )
}

/** Whether people must sign before an attempt may act. */
export function asks({ approval, by }: Attempt): boolean {
  return approval !== undefined || by.mandate !== undefined
}

/** Changes whenever what the playbook does could: a run begun under another version is not resumed under this one. */
export function version(playbook: Playbook): string {
  const attempts = playbook.attempts.map(({ name, action, by, approval, confirmWithin }) => {
    const { chain, target, args, value } = action
    return {
      name,
      chain,
      target,
      function: toFunctionSignature(action.function),
      args,
      value,
      caller: by.caller,
      kind: by.kind,
      approval,
      confirmWithin,
    }
  })
  return Id.sha256(Id.canonical({ name: playbook.name, when: playbook.when, attempts })).slice(0, 16)
}

/** Declares a playbook; its only work is to give editors the types. */
export function define(playbook: Playbook): Playbook {
  return playbook
}
