/**
 * What a step has to say for the record. It is kept with the step's durable result and written once the urgent part is
 * over: between an attack and its pause, nothing waits for the record, and nothing of it is lost in a crash.
 */
import * as Timeline from '../incident/Timeline.ts'
import type { Context } from './Context.ts'
import * as Run from './Run.ts'
import * as Task from './Task.ts'

export type Note = {
  /** When it happened, RFC 3339. */
  readonly at: string
  readonly changes: readonly Run.StepChange[]
  readonly event?: Omit<Timeline.Draft, 'actor'> | undefined
}

/** Writes notes in order, in one transaction. Writing one again changes nothing. */
export async function write(
  context: Context,
  task: Pick<Task.Task, 'runId' | 'incidentId'>,
  notes: readonly Note[],
): Promise<void> {
  const { runId, incidentId } = task
  await context.database.transaction().execute(async (connection) => {
    for (const { at, changes, event } of notes) {
      await Run.mark(connection, runId, changes, new Date(at))
      if (event) await Timeline.append(connection, incidentId, { ...event, actor: 'machine:playbook' }, new Date(at))
    }
  })
  Task.changed(context, runId, incidentId)
}
