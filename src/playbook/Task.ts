/** One path of one run: what its steps work on. */
import type { Hash } from 'viem'
import * as Errors from '../base/Errors.ts'
import type * as Chain from '../chain/Chain.ts'
import type { Context } from './Context.ts'
import * as Playbook from './Playbook.ts'

/** What a run was begun with, fixed for as long as it lasts. */
export type Begun = {
  readonly runId: string
  readonly incidentId: string
  readonly playbook: string
  /** The version of the playbook that was requested; another one is not carried out in its place. */
  readonly version: string
  /** The transaction that gave rise to the run, if it names one. */
  readonly attack: Hash | null
}

export type Task = Omit<Begun, 'playbook' | 'version'> & {
  readonly chain: Chain.Chain
  readonly attempt: Playbook.Attempt
}

/**
 * The task of a path. Throws where the configuration does not hold it as it was when the run was requested, and where its
 * chain is not connected yet.
 */
export function of(context: Context, { playbook, version, ...begun }: Begun, path: string): Task {
  const found = context.playbooks.find(({ name }) => name === playbook)
  if (found && Playbook.version(found) !== version) throw new ChangedPlaybookError(playbook)
  const attempt = found?.attempts.find(({ name }) => name === path)
  if (!attempt) throw new UnknownAttemptError(playbook, path)
  const chain = context.chains.get(attempt.action.chain)
  if (!chain) throw new UnconnectedChainError(attempt.action.chain)
  return { ...begun, chain, attempt }
}

/** Tells listeners that a run moved on. */
export function changed(context: Context, runId: string, incidentId: string): void {
  context.changes.publish({ noun: 'run', id: runId, incidentId, at: context.clock.now() })
}

export class UnknownAttemptError extends Errors.BaseError {
  override readonly name = 'Task.UnknownAttemptError'
  constructor(playbook: string, path: string) {
    super(`Playbook \`${playbook}\` has no attempt \`${path}\` any more.`, { remedy: 'config' })
  }
}

export class UnconnectedChainError extends Errors.BaseError {
  override readonly name = 'Task.UnconnectedChainError'
  constructor(chain: string) {
    super(`The chain ${chain} is not connected yet.`, { remedy: 'retry' })
  }
}

export class ChangedPlaybookError extends Errors.BaseError {
  override readonly name = 'Task.ChangedPlaybookError'
  constructor(playbook: string) {
    super(`Playbook \`${playbook}\` was changed after this run was requested.`, { remedy: 'config' })
  }
}
