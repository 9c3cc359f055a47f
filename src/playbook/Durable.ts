/**
 * Durable execution: a run that was begun is carried to its end, across crashes, with each finished step done once.
 * DBOS Transact keeps the record of steps in the same PostgreSQL; this file is the only one that knows it.
 */
import { DBOS, type DLogger } from '@dbos-inc/dbos-sdk'
import * as Errors from '../base/Errors.ts'
import type { Log } from '../base/Log.ts'
import * as Database from '../store/Database.ts'
import type { Context } from './Context.ts'

/** What a workflow body may use; everything with an effect or a changing answer happens inside `step`. */
export type Steps = {
  /** Runs `work` and records its result; after a crash the recorded result is returned instead. `work` may run again if it crashed before the record. */
  readonly step: <result>(name: string, work: () => Promise<result>) => Promise<result>
  /** Waits until someone sends to `topic`, or until `deadline`. */
  readonly wait: (topic: string, deadline: Date) => Promise<void>
}

export type Durable = {
  /** Starts the run of this id, or does nothing where it was started before. Returns once it is recorded. */
  readonly start: (runId: string) => Promise<void>
  /** Whether the run is being carried out, or will be; not so where it ended, or was begun by another version. */
  readonly isUnderWay: (runId: string) => Promise<boolean>
  /** Wakes a run that waits on `topic`. */
  readonly send: (runId: string, topic: string, key: string) => Promise<void>
  readonly stop: () => Promise<void>
}

/** Changes when the order or the names of steps change: a run begun under another version ends, and pages people. */
const workflowVersion = 'firebreak-containment-3'

/** What a run is that is being carried out, or will be once it is resumed. */
const alive: readonly string[] = ['PENDING', 'ENQUEUED', 'DELAYED']

/** How long to wait for a database that was lost, at first and at most, in milliseconds. */
const firstWaitMs = 100
const longestWaitMs = 5_000

/** Connects to the database and resumes every run that a crash left unfinished. One per process, and under the lease only. */
export async function launch(
  url: string,
  context: Pick<Context, 'clock' | 'log' | 'probe'>,
  body: (steps: Steps, runId: string) => Promise<void>,
): Promise<Durable> {
  const probe = context.probe ?? (() => {})
  const steps: Steps = {
    step: async (name, work) => {
      const result = await DBOS.runStep(
        async () => {
          probe('before', name)
          const done = await persist(work, context)
          probe('after', name)
          return done
        },
        { name },
      )
      probe('recorded', name)
      return result
    },
    wait: async (topic, deadline) => {
      await DBOS.recv(topic, { deadlineEpochMS: deadline.getTime() })
    },
  }
  const contain = DBOS.registerWorkflow((runId: string) => body(steps, runId), { name: 'contain' })
  DBOS.setConfig({
    name: 'firebreak',
    systemDatabaseUrl: withIdleTimeout(url),
    systemDatabaseSchemaName: 'dbos',
    applicationVersion: workflowVersion,
    executorID: 'firebreak',
    logger: logger(context.log),
  })
  await DBOS.launch()
  return {
    start: async (runId) => {
      await DBOS.startWorkflow(contain, { workflowID: runId })(runId)
    },
    isUnderWay: async (runId) => {
      const found = await DBOS.getWorkflowStatus(runId)
      return found !== null && alive.includes(found.status) && found.applicationVersion === workflowVersion
    },
    send: (runId, topic, key) => DBOS.send(runId, 'decided', topic, key),
    stop: () => DBOS.shutdown({ deregister: true }),
  }
}

/** Does `work`, again for as long as the database is lost: without it nothing can be recorded, not even a failure. */
async function persist<result>(
  work: () => Promise<result>,
  { clock, log }: Pick<Context, 'clock' | 'log'>,
): Promise<result> {
  for (let wait = firstWaitMs; ; wait = Math.min(wait * 2, longestWaitMs)) {
    try {
      return await work()
    } catch (thrown) {
      if (!Database.isTransient(thrown)) throw thrown
      log.warn({ error: Errors.messageOf(thrown) }, 'the database was lost; a step of a run is tried again')
      await clock.sleep(wait)
    }
  }
}

/**
 * The URL with the timeout that DBOS would set itself: it does so by a query beside the first one of each connection,
 * which node-postgres will refuse one day and warns of now.
 */
function withIdleTimeout(url: string): string {
  const changed = new URL(url)
  const options = changed.searchParams.get('options')
  changed.searchParams.set('options', `${options ? `${options} ` : ''}-c idle_in_transaction_session_timeout=60000`)
  return changed.href
}

function logger(log: Log): DLogger {
  const text = (entry: unknown) => (entry instanceof Error ? Errors.messageOf(entry) : String(entry))
  return {
    info: (entry: unknown) => log.debug(text(entry)),
    debug: (entry: unknown) => log.debug(text(entry)),
    warn: (entry: unknown) => log.warn(text(entry)),
    error: (entry: unknown) => log.error(text(entry)),
  }
}
