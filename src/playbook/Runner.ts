/**
 * Carries out a playbook: each attempt in turn through look, simulate, policy, approval, sign, broadcast, confirm and
 * verify, until one is proven on chain. The body is deterministic; whatever has an effect is a step.
 */
import type { Hash } from 'viem'
import * as Errors from '../base/Errors.ts'
import * as Incident from '../incident/Incident.ts'
import * as Timeline from '../incident/Timeline.ts'
import * as Database from '../store/Database.ts'
import * as Approval from './Approval.ts'
import * as Approve from './Approve.ts'
import type { Context } from './Context.ts'
import type { Steps } from './Durable.ts'
import * as Note from './Note.ts'
import * as Playbook from './Playbook.ts'
import * as Prepare from './Prepare.ts'
import * as Run from './Run.ts'
import * as Send from './Send.ts'
import * as Task from './Task.ts'

const actor = 'machine:playbook' as const

/** How long a step is tried again where that can help (an endpoint that is away), and how long to wait between, at most. */
const patienceMs = 180_000
const longestWaitMs = 5_000

/** How a step ended: `reason` says why its path cannot go on. */
type Outcome = {
  readonly reason?: string | undefined
  readonly note?: Note.Note | undefined
  readonly inEffect?: boolean | undefined
}

/** Runs `runId` to its end. What cannot go on is recorded as a failed run that pages people. */
export async function execute(context: Context, steps: Steps, runId: string): Promise<void> {
  const begun = await steps.step('begin', async () => {
    const beginning = await begin(context, runId)
    const [first] = beginning.paths
    return { ...beginning, early: first && (await hurry(context, beginning, first)) }
  })
  const reason = begun.refusal ?? (await tryPaths(context, steps, begun))
  if (reason !== undefined) await steps.step('give up', () => giveUp(context, begun.of, reason))
}

/** Undefined once a path is verified; else why the last one ended. */
async function tryPaths(
  context: Context,
  steps: Steps,
  begun: Beginning & { readonly early: Early | undefined },
): Promise<string | undefined> {
  let reason: string | undefined = 'no attempt was left'
  for (const [index, attempt] of begun.paths.entries()) {
    const { path } = attempt
    reason = await tryPath(context, steps, begun.of, attempt, index === 0 ? begun.early : undefined).catch(
      (thrown: unknown) => Errors.messageOf(thrown),
    )
    if (reason === undefined) return undefined
    reason = `${path}: ${reason}`
  }
  // Somebody else may have done it meanwhile, or a transaction of ours that came late.
  const [first] = begun.paths
  if (!first) return reason
  const last = await steps.step(`${first.path}/last look`, () =>
    guarded(context, begun.of, first.path, 'precondition', (task) => look(context, task)),
  )
  if (!last.inEffect) return reason
  const verified = await steps.step(`${first.path}/last verify`, () =>
    guarded(context, begun.of, first.path, 'verify', (task) => Send.verify(context, task)),
  )
  return verified.reason === undefined ? undefined : reason
}

/** Undefined where containment was verified; else why this path ended. */
async function tryPath(
  context: Context,
  steps: Steps,
  begun: Task.Begun,
  { path, asks }: Beginning['paths'][number],
  early: Early | undefined,
): Promise<string | undefined> {
  const perform = (name: Run.StepName, work: (task: Task.Task) => Promise<Outcome>, label: string = name) =>
    steps.step(`${path}/${label}`, () => guarded(context, begun, path, name, work))
  const write = (notes: readonly (Note.Note | undefined)[], label: string) =>
    steps.step(`${path}/${label}`, async () => {
      await open(context, begun)
      await Note.write(
        context,
        begun,
        notes.filter((note) => note !== undefined),
      )
    })
  const verify = async () => (await perform('verify', (task) => Send.verify(context, task))).reason

  const looked = early?.looked ?? (await perform('precondition', (task) => look(context, task)))
  if (looked.reason !== undefined || looked.inEffect || asks) await write([looked.note], 'note looked')
  if (looked.reason !== undefined) return looked.reason
  if (looked.inEffect) return verify()
  if (asks) {
    const refused = await approve(context, steps, begun, path)
    if (refused !== undefined) return refused
    // People take time; the state they approved on may be gone.
    const again = await perform('precondition', (task) => look(context, task), 'recheck')
    if (again.reason !== undefined || again.inEffect) await write([again.note], 'note recheck')
    if (again.reason !== undefined) return again.reason
    if (again.inEffect) return verify()
  }
  const sent = early?.sent ?? (await steps.step(`${path}/send`, () => send(context, begun, path)))
  await write([asks ? undefined : looked.note, ...sent.notes], 'note sent')
  if (sent.reason !== undefined) return sent.reason
  return (await perform('confirm', (task) => Send.confirm(context, task))).reason ?? (await verify())
}

/** What was done in one step with the beginning. */
type Early = { readonly looked: Outcome; readonly sent?: Sent | undefined }
type Sent = { readonly reason?: string | undefined; readonly notes: readonly (Note.Note | undefined)[] }

/**
 * The urgent part of the first path, in one step with the beginning: each step takes a few milliseconds to record, and
 * this is the hurry. Repeated after a crash, it finds what was signed and sends the same bytes again.
 */
async function hurry(
  context: Context,
  { of, hasSigned }: Beginning,
  { path, asks }: Beginning['paths'][number],
): Promise<Early> {
  // What it signed may be in effect already, which is no reason to leave it unconfirmed.
  const looked: Outcome = hasSigned
    ? {}
    : await guarded(context, of, path, 'precondition', (task) => look(context, task))
  if (asks || looked.reason !== undefined || looked.inEffect) return { looked }
  return { looked, sent: await send(context, of, path) }
}

/** Signs and sends. Signing is stored in a transaction of its own before anything is sent. */
async function send(context: Context, begun: Task.Begun, path: string): Promise<Sent> {
  const signed = await guarded(context, begun, path, 'sign', (task) => Send.sign(context, task))
  if (signed.reason !== undefined) return { reason: signed.reason, notes: [signed.note] }
  context.probe?.('after', `${path}/sign`)
  const sent = await guarded(context, begun, path, 'broadcast', (task) => Send.broadcast(context, task))
  context.probe?.('after', `${path}/broadcast`)
  return { reason: sent.reason, notes: [signed.note, sent.note] }
}

/** Asks people and waits for them. Undefined where they granted it; else why not. */
async function approve(
  context: Context,
  { step, wait }: Steps,
  begun: Task.Begun,
  path: string,
): Promise<string | undefined> {
  const asked = await step(`${path}/ask`, () =>
    guarded(context, begun, path, 'approve', (task) => Approve.ask(context, task)),
  )
  if (asked.reason !== undefined || !asked.approval) return asked.reason ?? 'nobody was asked'
  const { id, expiresAt } = asked.approval
  let verdict = await step(`${path}/tally 0`, () => Approve.tally(context, id))
  for (let round = 1; verdict === 'waiting'; round += 1) {
    await wait(`decision ${path}`, new Date(expiresAt))
    verdict = await step(`${path}/tally ${round}`, () => Approve.tally(context, id))
  }
  const settled = await step(`${path}/approve`, () =>
    guarded(context, begun, path, 'approve', (task) => Approve.settle(context, task, id)),
  )
  return settled.reason
}

type Beginning = {
  readonly of: Task.Begun
  readonly paths: readonly { readonly path: string; readonly asks: boolean }[]
  readonly refusal: string | undefined
  /** Whether a transaction of this run was signed before a crash. */
  readonly hasSigned: boolean
}

async function begin(context: Context, runId: string): Promise<Beginning> {
  const { database } = context
  const run = await database
    .selectFrom('run')
    .innerJoin('finding', 'finding.id', 'run.finding_id')
    .selectAll('run')
    .select('finding.transaction_hash')
    .select(({ exists, selectFrom }) =>
      exists(selectFrom('sent_transaction').select('hash').whereRef('run_id', '=', 'run.id')).as('has_signed'),
    )
    .where('run.id', '=', runId)
    .executeTakeFirstOrThrow()
  const of = {
    runId,
    incidentId: run.incident_id,
    playbook: run.playbook,
    version: run.playbook_version,
    attack: run.transaction_hash as Hash | null,
  }
  const playbook = context.playbooks.find(({ name }) => name === run.playbook)
  if (!playbook) return { of, paths: [], hasSigned: false, refusal: `playbook ${run.playbook} is no longer configured` }
  if (Playbook.version(playbook) !== run.playbook_version)
    return {
      of,
      paths: [],
      hasSigned: false,
      refusal: `playbook ${run.playbook} was changed after this run was requested`,
    }
  return {
    of,
    paths: playbook.attempts.map((attempt) => ({ path: attempt.name, asks: Playbook.asks(attempt) })),
    refusal: undefined,
    hasSigned: run.has_signed === true,
  }
}

/** Enters in the record that the run has begun, and that the incident is being acted on. Doing it again changes nothing. */
async function open(context: Context, { runId, incidentId, playbook }: Task.Begun): Promise<void> {
  const now = context.clock.now()
  await context.database.transaction().execute(async (connection) => {
    const incident = await Incident.show(connection, incidentId)
    const reason = `Playbook ${playbook} was started by a finding of the severity and confidence that it asks for.`
    if (incident.status === 'detected' || incident.status === 'triage')
      await Incident.move(connection, incidentId, { to: 'active', actor, reason, key: `declared:${runId}` }, now)
    await Run.move(connection, runId, 'running', now)
    const summary = `Playbook ${playbook} started`
    await Timeline.append(
      connection,
      incidentId,
      { kind: 'step', actor, summary, detail: { run: runId }, key: `run:${runId}` },
      now,
    )
  })
}

/** Precondition, simulation and policy in one durable step: they only read, so they may run again. */
async function look(context: Context, { chain, attempt, attack, runId }: Task.Task): Promise<Outcome> {
  const prepared = await Prepare.prepare(chain, attempt, attack ?? undefined, context.policy)
  const at = context.clock.now().toISOString()
  const last = prepared.steps.at(-1)
  const words = prepared.simulation?.effects.join(' ') ?? last?.summary ?? ''
  const event = {
    kind: 'step',
    summary: `${attempt.action.sentence} by ${attempt.by.label}: ${prepared.ok ? 'ready' : 'not possible'}. ${words}`,
    detail: { run: runId, path: attempt.name, steps: prepared.steps },
    key: `prepared:${runId}:${attempt.name}:${at}`,
  } as const
  const reason = prepared.ok ? undefined : (last?.summary ?? 'it could not be prepared')
  return { reason, inEffect: prepared.inEffect, note: { at, changes: prepared.steps, event } }
}

/** Ends a run that nothing carries out any more. Does nothing to one that is over. */
export async function abandon(context: Context, runId: string): Promise<void> {
  const { of } = await begin(context, runId)
  const run = await context.database.selectFrom('run').select('status').where('id', '=', runId).executeTakeFirst()
  if ((Run.unfinished as readonly (string | undefined)[]).includes(run?.status))
    await giveUp(context, of, 'it was cut off and could not be resumed')
}

async function giveUp(context: Context, { runId, incidentId, playbook }: Task.Begun, reason: string): Promise<void> {
  const { database, clock } = context
  const now = clock.now()
  await database.transaction().execute(async (connection) => {
    await Run.move(connection, runId, 'failed', now, reason)
    await Approval.withdraw(connection, runId)
    await Run.skipRest(connection, runId)
    await Timeline.append(
      connection,
      incidentId,
      {
        kind: 'step',
        actor,
        summary: `Playbook ${playbook} could not contain it: ${reason}`,
        detail: { run: runId },
        key: `failed:${runId}`,
      },
      now,
    )
    const facts = [
      { label: 'Playbook', value: playbook },
      { label: 'Why', value: reason },
    ]
    await context.announce(connection, {
      kind: 'failed',
      key: `failed:${runId}`,
      severity: 'P1',
      incidentId,
      title: `Containment failed: ${playbook}`,
      facts,
      path: `/incidents/${incidentId}`,
    })
  })
  Task.changed(context, runId, incidentId)
}

/**
 * Runs one step of a path. An error is the reason why the path ended, after a few tries where trying again can help.
 * Steps that write their own record return no note; the others are marked from here.
 */
async function guarded<outcome extends Outcome>(
  context: Context,
  begun: Task.Begun,
  path: string,
  name: Run.StepName,
  work: (task: Task.Task) => Promise<outcome>,
): Promise<
  outcome | { readonly reason: string; readonly note: Note.Note; readonly inEffect?: never; readonly approval?: never }
> {
  const { clock, log } = context
  const startedAt = clock.now().getTime()
  for (let tries = 1; ; tries += 1) {
    try {
      return await work(Task.of(context, begun, path))
    } catch (thrown) {
      if (Database.isTransient(thrown)) throw thrown
      const reason = Errors.messageOf(thrown)
      log.warn({ run: begun.runId, path, step: name, tries, error: reason }, 'a step of a playbook failed')
      if (Errors.remedyOf(thrown) === 'retry' && clock.now().getTime() - startedAt < patienceMs) {
        await clock.sleep(Math.min(50 * 2 ** tries, longestWaitMs))
        continue
      }
      const note = {
        at: clock.now().toISOString(),
        changes: [{ path, name, status: 'failed', summary: reason }],
      } as const
      // Steps before the sending have their notes written for them; writing this one twice does no harm.
      await Note.write(context, begun, [note])
      return { reason, note }
    }
  }
}
