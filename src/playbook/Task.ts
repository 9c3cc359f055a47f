/** One path of one run: what its steps work on. */
import type { Hash } from 'viem'
import * as Errors from '../base/Errors.ts'
import type * as Chain from '../chain/Chain.ts'
import type { Context } from './Context.ts'
import type * as Playbook from './Playbook.ts'

/** What every step of a run needs to know; looked up anew in each, so that it is never stale after a crash. */
export type Task = {
  readonly runId: string
  readonly incidentId: string
  readonly chain: Chain.Chain
  readonly attempt: Playbook.Attempt
  /** The transaction that gave rise to the run, if it names one. */
  readonly attack: Hash | undefined
}

/** The task of a path of a run, from the record and the configuration. */
export async function find(context: Context, runId: string, path: string): Promise<Task> {
  const run = await context.database
    .selectFrom('run')
    .innerJoin('finding', 'finding.id', 'run.finding_id')
    .select(['run.incident_id', 'run.playbook', 'finding.transaction_hash'])
    .where('run.id', '=', runId)
    .executeTakeFirstOrThrow()
  const attempt = context.playbooks
    .find(({ name }) => name === run.playbook)
    ?.attempts.find(({ name }) => name === path)
  const chain = attempt && context.chains.get(attempt.action.chain)
  if (!attempt || !chain) throw new UnknownAttemptError(run.playbook, path)
  return {
    runId,
    incidentId: run.incident_id,
    chain,
    attempt,
    attack: (run.transaction_hash ?? undefined) as Hash | undefined,
  }
}

/** Tells listeners that a run moved on. */
export function changed(context: Context, runId: string, incidentId: string | null): void {
  context.changes.publish({ noun: 'run', id: runId, incidentId, at: context.clock.now() })
}

export class UnknownAttemptError extends Errors.BaseError {
  override readonly name = 'Task.UnknownAttemptError'
  constructor(playbook: string, path: string) {
    super(`Playbook \`${playbook}\` has no attempt \`${path}\` any more.`, { remedy: 'config' })
  }
}
