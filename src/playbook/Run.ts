/** One execution of a playbook, as people see it: its steps by path, its transactions, how it ended. */
import * as Id from '../base/Id.ts'
import * as Json from '../base/Json.ts'
import type { Connection } from '../store/Database.ts'
import * as Playbook from './Playbook.ts'

export type Status = 'requested' | 'running' | 'waiting_approval' | 'succeeded' | 'failed'
export type StepName = 'precondition' | 'simulate' | 'policy' | 'approve' | 'sign' | 'broadcast' | 'confirm' | 'verify'
export type StepStatus = 'waiting' | 'running' | 'done' | 'failed' | 'skipped'

const order: readonly StepName[] = [
  'precondition',
  'simulate',
  'policy',
  'approve',
  'sign',
  'broadcast',
  'confirm',
  'verify',
]

/** Why a playbook runs: a finding, and where it runs for the same one again, the occasion. */
export type Cause = { readonly findingId: string; readonly occasion?: string | undefined }

/** Statuses of a run that is not over. */
export const unfinished: readonly Status[] = ['requested', 'running', 'waiting_approval']

/**
 * Records that a playbook is to run for an incident, in the transaction that stores the finding. While one of the same
 * playbook is under way for the incident, or has succeeded since the incident was last active, nothing is added.
 */
export async function request(
  connection: Connection,
  playbook: Playbook.Playbook,
  incident: { readonly id: string; readonly status: string },
  cause: Cause,
  now: Date,
): Promise<string | undefined> {
  const under = await connection
    .selectFrom('run')
    .select('id')
    .where('incident_id', '=', incident.id)
    .where('playbook', '=', playbook.name)
    .where('status', 'in', unfinished)
    .executeTakeFirst()
  if (under || !['detected', 'triage', 'active'].includes(incident.status)) return undefined
  const id = Id.of('run', incident.id, playbook.name, cause.findingId, cause.occasion ?? '')
  const row = {
    id,
    incident_id: incident.id,
    finding_id: cause.findingId,
    playbook: playbook.name,
    playbook_version: Playbook.version(playbook),
    status: 'requested',
    started_at: now,
  }
  const added = await connection
    .insertInto('run')
    .values(row)
    .onConflict((conflict) => conflict.column('id').doNothing())
    .returning('id')
    .executeTakeFirst()
  if (!added) return undefined
  const steps = playbook.attempts.flatMap((attempt, index) => {
    const asks = Playbook.asks(attempt)
    return order
      .filter((name) => asks || name !== 'approve')
      .map((name) => ({
        run_id: id,
        path: attempt.name,
        name,
        position: index * 10 + order.indexOf(name),
        status: 'waiting',
        detail: '{}',
      }))
  })
  await connection.insertInto('step').values(steps).execute()
  return id
}

export type StepChange = {
  readonly path: string
  readonly name: StepName
  readonly status: StepStatus
  readonly summary?: string | undefined
  readonly detail?: unknown
}

/** Writes how steps stand. Starting keeps the first start, so that a resumed step shows how long it really took. */
export async function mark(
  connection: Connection,
  runId: string,
  changes: readonly StepChange[],
  now: Date,
): Promise<void> {
  for (const { path, name, status, summary, detail } of changes) {
    const ended = status === 'done' || status === 'failed' || status === 'skipped'
    await connection
      .updateTable('step')
      .set(({ fn, val }) => ({
        status,
        ...(status === 'running' || ended ? { started_at: fn.coalesce('started_at', val(now)) } : {}),
        ...(ended ? { ended_at: now } : {}),
        ...(summary === undefined ? {} : { summary: Json.clean(summary) }),
        ...(detail === undefined ? {} : { detail: JSON.stringify(Json.plain(detail)) }),
      }))
      .where('run_id', '=', runId)
      .where('path', '=', path)
      .where('name', '=', name)
      .execute()
  }
}

/** Moves a run; `outcome` is the sentence that says how it ended. */
export async function move(
  connection: Connection,
  runId: string,
  status: Status,
  now: Date,
  outcome?: string,
): Promise<void> {
  const over = status === 'succeeded' || status === 'failed'
  await connection
    .updateTable('run')
    .set({ status, ...(over ? { ended_at: now, outcome: Json.clean(outcome ?? '') } : {}) })
    .where('id', '=', runId)
    .execute()
}

/** Steps never reached, once a run is over. */
export async function skipRest(connection: Connection, runId: string): Promise<void> {
  await connection
    .updateTable('step')
    .set({ status: 'skipped' })
    .where('run_id', '=', runId)
    .where('status', 'in', ['waiting', 'running'])
    .execute()
}
