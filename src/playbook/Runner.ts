/**
 * Carries out a playbook: each attempt in turn through look, simulate, policy, approval, sign, broadcast, confirm and
 * verify, until one is proven on chain. The body is deterministic; whatever has an effect is a step.
 */
import * as Errors from '../base/Errors.ts'
import * as Incident from '../incident/Incident.ts'
import * as Timeline from '../incident/Timeline.ts'
import * as Approve from './Approve.ts'
import type { Context } from './Context.ts'
import type { Steps } from './Durable.ts'
import * as Playbook from './Playbook.ts'
import * as Prepare from './Prepare.ts'
import * as Run from './Run.ts'
import * as Send from './Send.ts'
import * as Task from './Task.ts'

const actor = 'machine:playbook' as const

/** Runs `runId` to its end. Throws nothing: what cannot go on is recorded as a failed run that pages people. */
export async function execute(context: Context, { step, wait }: Steps, runId: string): Promise<void> {
  const begun = await step('begin', () => begin(context, runId))
  let reason = begun.refusal
  for (const path of begun.paths) {
    const outcome = await tryPath(context, { step, wait }, runId, path)
    if (outcome === undefined) return
    reason = `${path}: ${outcome}`
  }
  await step('give up', () => giveUp(context, runId, reason ?? 'no attempt was left'))
}

/** Undefined where containment was verified; else why this path ended. */
async function tryPath(
  context: Context,
  { step, wait }: Steps,
  runId: string,
  path: string,
): Promise<string | undefined> {
  const perform = (name: Run.StepName, work: (task: Task.Task) => Promise<string | undefined>) =>
    step(`${path}/${name}`, () => guarded(context, runId, path, name, work))

  const looked = await step(`${path}/precondition`, () => look(context, runId, path))
  if (looked.reason !== undefined) return looked.reason
  if (looked.inEffect) return perform('verify', (task) => Send.verify(context, task))
  const asked = await step(`${path}/ask`, () =>
    Approve.ask(context, runId, path).catch((thrown: unknown) => ({ failed: Errors.messageOf(thrown) })),
  )
  if (asked && 'failed' in asked) return perform('approve', async () => asked.failed)
  if (asked) {
    let verdict = await step(`${path}/tally 0`, () => Approve.tally(context, asked.id))
    for (let round = 1; verdict === 'waiting'; round += 1) {
      await wait(`decision ${path}`, new Date(asked.expiresAt))
      verdict = await step(`${path}/tally ${round}`, () => Approve.tally(context, asked.id))
    }
    const refused = await perform('approve', (task) => Approve.settle(context, task, asked.id))
    if (refused !== undefined) return refused
    // People take time; the state they approved on may be gone.
    const again = await step(`${path}/recheck`, () => look(context, runId, path))
    if (again.reason !== undefined) return again.reason
    if (again.inEffect) return perform('verify', (task) => Send.verify(context, task))
  }
  return (
    (await perform('sign', (task) => Send.sign(context, task))) ??
    (await perform('broadcast', (task) => Send.broadcast(context, task))) ??
    (await perform('confirm', (task) => Send.confirm(context, task))) ??
    (await perform('verify', (task) => Send.verify(context, task)))
  )
}

async function begin(
  context: Context,
  runId: string,
): Promise<{ paths: readonly string[]; refusal: string | undefined }> {
  const { database, clock } = context
  const now = clock.now()
  const run = await database.selectFrom('run').selectAll().where('id', '=', runId).executeTakeFirstOrThrow()
  const playbook = context.playbooks.find(({ name }) => name === run.playbook)
  if (!playbook) return { paths: [], refusal: `playbook ${run.playbook} is no longer configured` }
  if (Playbook.version(playbook) !== run.playbook_version)
    return { paths: [], refusal: `playbook ${run.playbook} was changed after this run was requested` }
  await database.transaction().execute(async (connection) => {
    await Run.move(connection, runId, 'running', now)
    const incident = await Incident.show(connection, run.incident_id)
    if (incident.status === 'detected' || incident.status === 'triage')
      await Incident.move(
        connection,
        run.incident_id,
        {
          to: 'active',
          actor,
          reason: `Playbook ${run.playbook} started by a finding of policy's severity and confidence.`,
          key: `declared:${runId}`,
        },
        now,
      )
    await Timeline.append(
      connection,
      run.incident_id,
      {
        kind: 'step',
        actor,
        summary: `Playbook ${run.playbook} started`,
        detail: { run: runId, version: run.playbook_version },
        key: `run:${runId}`,
      },
      now,
    )
  })
  Task.changed(context, runId, run.incident_id)
  return { paths: playbook.attempts.map(({ name }) => name), refusal: undefined }
}

/** Precondition, simulation and policy in one durable step: they only read, so they may run again. */
async function look(
  context: Context,
  runId: string,
  path: string,
): Promise<{ readonly reason?: string; readonly inEffect?: true }> {
  let inEffect = false
  const reason = await guarded(context, runId, path, 'precondition', async ({ chain, attempt, attack, incidentId }) => {
    const prepared = await Prepare.prepare(chain, attempt, attack, context.policy)
    inEffect = prepared.inEffect
    const now = context.clock.now()
    await context.database.transaction().execute(async (connection) => {
      await Run.mark(connection, runId, prepared.steps, now)
      const words = prepared.simulation?.effects.join(' ') ?? prepared.steps.at(-1)?.summary ?? ''
      const summary = `${attempt.action.sentence} by ${attempt.by.label}: ${prepared.ok ? 'ready' : 'not possible'}. ${words}`
      await Timeline.append(
        connection,
        incidentId,
        {
          kind: 'step',
          actor,
          summary,
          detail: { run: runId, path, steps: prepared.steps },
          key: `prepared:${runId}:${path}:${now.toISOString()}`,
        },
        now,
      )
    })
    return prepared.ok ? undefined : (prepared.steps.at(-1)?.summary ?? 'it could not be prepared')
  })
  return reason !== undefined ? { reason } : inEffect ? { inEffect } : {}
}

async function giveUp(context: Context, runId: string, reason: string): Promise<void> {
  const { database, clock } = context
  const now = clock.now()
  const run = await database.selectFrom('run').selectAll().where('id', '=', runId).executeTakeFirstOrThrow()
  await database.transaction().execute(async (connection) => {
    await Run.move(connection, runId, 'failed', now, reason)
    await Run.skipRest(connection, runId)
    await Timeline.append(
      connection,
      run.incident_id,
      {
        kind: 'step',
        actor,
        summary: `Playbook ${run.playbook} could not contain it: ${reason}`,
        detail: { run: runId },
        key: `failed:${runId}`,
      },
      now,
    )
    const facts = [
      { label: 'Playbook', value: run.playbook },
      { label: 'Why', value: reason },
    ]
    await context.announce(connection, {
      kind: 'failed',
      key: `failed:${runId}`,
      severity: 'P1',
      incidentId: run.incident_id,
      title: `Containment failed: ${run.playbook}`,
      facts,
      path: `/incidents/${run.incident_id}`,
    })
  })
  Task.changed(context, runId, run.incident_id)
}

/** Runs one step of a path; an error is the reason why the path ended, after a few tries where trying again can help. */
async function guarded(
  context: Context,
  runId: string,
  path: string,
  name: Run.StepName,
  work: (task: Task.Task) => Promise<string | undefined>,
): Promise<string | undefined> {
  const { database, clock, log } = context
  const mark = (status: Run.StepStatus, summary?: string) =>
    Run.mark(database, runId, [{ path, name, status, summary }], clock.now())
  let incidentId: string | null = null
  for (let tries = 1; ; tries += 1) {
    try {
      const task = await Task.find(context, runId, path)
      incidentId = task.incidentId
      await mark('running')
      Task.changed(context, runId, incidentId)
      const reason = await work(task)
      // Looking marks its three steps itself.
      if (name !== 'precondition') await (reason === undefined ? mark('done') : mark('failed', reason))
      Task.changed(context, runId, incidentId)
      return reason
    } catch (thrown) {
      log.warn({ run: runId, path, step: name, tries, error: Errors.messageOf(thrown) }, 'a step of a playbook failed')
      if (Errors.remedyOf(thrown) === 'retry' && tries < 6) {
        await clock.sleep(50 * 2 ** tries)
        continue
      }
      await mark('failed', Errors.messageOf(thrown))
      Task.changed(context, runId, incidentId)
      return Errors.messageOf(thrown)
    }
  }
}
