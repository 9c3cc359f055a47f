/**
 * Sees to it that runs get under way and wake up. Both are stored first and done after, so a crash or an error in
 * between would leave a run asleep; whatever should have moved and has not is moved again.
 */
import * as Errors from '../base/Errors.ts'
import type { Log } from '../base/Log.ts'
import type * as Durable from '../playbook/Durable.ts'
import * as Run from '../playbook/Run.ts'
import type { Database } from '../store/Database.ts'

export type Runs = {
  /** Begins a stored run, soon. */
  readonly begin: (runId: string) => void
  readonly stop: () => Promise<void>
}

export type Options = {
  readonly database: Database
  readonly durable: Durable.Durable
  readonly log: Log
  /** Ends a run that nothing carries out any more, unless it is over. */
  readonly abandon: (runId: string) => Promise<void>
}

/** How often runs that should have moved are looked for, in milliseconds. */
const sweepMs = 5_000

/** Resumes what a crash left, then looks again now and then until stopped. */
export async function start(options: Options): Promise<Runs> {
  const { durable, log } = options
  const tell = (thrown: unknown) => log.error({ error: Errors.messageOf(thrown) }, 'a run could not be moved on')
  await sweep(options, Run.unfinished)
  let sweeping: Promise<void> = Promise.resolve()
  const timer = setInterval(() => {
    sweeping = sweep(options, ['requested']).catch(tell)
  }, sweepMs)
  return {
    begin: (runId) => void durable.start(runId).catch(tell),
    stop: async () => {
      clearInterval(timer)
      await sweeping
    },
  }
}

async function sweep({ database, durable, abandon }: Options, statuses: readonly Run.Status[]): Promise<void> {
  const unfinished = await database
    .selectFrom('run')
    .select(['id', 'status'])
    .where('status', 'in', Run.unfinished)
    .execute()
  const due = unfinished.filter(({ status }) => (statuses as readonly string[]).includes(status))
  for (const { id } of due) await durable.start(id)
  for (const { id } of unfinished) if (!(await durable.isUnderWay(id))) await abandon(id)
  // Settled, and the run does not know it yet. The key lets it be told once, however often this looks.
  const settled = await database
    .selectFrom('approval')
    .innerJoin('run', 'run.id', 'approval.run_id')
    .select(['approval.id', 'run_id', 'path'])
    .where('approval.status', '<>', 'waiting')
    .where('run.status', '=', 'waiting_approval')
    .execute()
  for (const { id, run_id, path } of settled) await durable.send(run_id, `decision ${path}`, `settled:${id}`)
}
