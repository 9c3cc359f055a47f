/** What follows from a judged block, stored in one transaction: cursor, states, findings, alerts, incidents, runs, messages. */
import * as Alert from '../alert/Alert.ts'
import type * as Changes from '../base/Changes.ts'
import type * as Clock from '../base/Clock.ts'
import type { Log } from '../base/Log.ts'
import type * as Block from '../chain/Block.ts'
import type * as Caip from '../chain/Caip.ts'
import type * as Facts from '../chain/Facts.ts'
import * as Record from '../chain/Record.ts'
import type * as Detector from '../detector/Detector.ts'
import type * as Engine from '../detector/Engine.ts'
import type * as Finding from '../detector/Finding.ts'
import * as States from '../detector/States.ts'
import * as Holdings from '../impact/Holdings.ts'
import type { Announce } from '../incident/Announcement.ts'
import * as Incident from '../incident/Incident.ts'
import * as Timeline from '../incident/Timeline.ts'
import type * as Transition from '../incident/Transition.ts'
import type * as Runs from '../playbook/Context.ts'
import * as Ledger from '../playbook/Ledger.ts'
import * as Playbook from '../playbook/Playbook.ts'
import * as Run from '../playbook/Run.ts'
import type { Connection, Database } from '../store/Database.ts'

export type Context = {
  readonly database: Database
  readonly clock: Clock.Clock
  readonly log: Log
  readonly changes: Changes.Changes
  readonly announce: Announce
  readonly deploymentId: string
  readonly ruleSetVersion: string
  readonly playbooks: readonly Playbook.Playbook[]
  /** Starts runs that have been stored. */
  readonly startRun: (runId: string) => void
  /** Called around the transaction of each block, so that a test can end the process there. */
  readonly probe?: Runs.Context['probe']
}

type Consequence = { readonly alerts: readonly Alert.Alert[]; readonly runs: readonly string[] }

/** Stores a block with all that it gave rise to, then starts the runs. */
export async function store(
  context: Context,
  judged: {
    readonly facts: Facts.Facts
    readonly evaluation: Engine.Evaluation
    readonly detectors: readonly Detector.Any[]
    readonly watched: readonly Holdings.Watched[]
  },
): Promise<void> {
  const { facts, evaluation, detectors, watched } = judged
  const { probe = () => {} } = context
  probe('before', `block ${facts.block.number}`)
  const consequence = await context.database.transaction().execute(async (connection) => {
    await Record.advance(connection, facts.block, context.ruleSetVersion, context.clock.now())
    await States.keep(connection, facts.block, detectors, evaluation.states)
    await Holdings.keep(connection, watched, facts)
    // A playbook may have seen a block that was replaced before it was judged.
    const again = await unprove(context, connection, facts.block.chain, { ...facts.block, is: 'others' })
    const drawn = await draw(context, connection, facts, evaluation.findings)
    probe('after', `block ${facts.block.number}`)
    return { ...drawn, runs: [...again, ...drawn.runs] }
  })
  probe('recorded', `block ${facts.block.number}`)
  follow(context, facts.block.chain, consequence)
}

/** Stores findings on pending transactions; no block is judged by them. */
export async function storeFindings(
  context: Context,
  facts: Facts.Facts,
  findings: readonly Finding.Finding[],
): Promise<void> {
  follow(
    context,
    facts.block.chain,
    await context.database.transaction().execute((connection) => draw(context, connection, facts, findings)),
  )
}

/** Takes back what a replaced block gave rise to. What people and playbooks did stays on the record. */
export async function retract(
  context: Context,
  chain: Caip.ChainKey,
  replaced: Block.Header,
  parent: Block.Header,
): Promise<void> {
  const now = context.clock.now()
  const consequence = await context.database.transaction().execute(async (connection): Promise<Consequence> => {
    await Record.retract(connection, chain, replaced, parent, context.ruleSetVersion, now)
    await States.retract(connection, chain, replaced.hash)
    await Holdings.retract(connection, chain, replaced.hash)
    const alerts = await Alert.retract(connection, chain, replaced.hash, now)
    for (const { id, incident_id, title } of alerts) {
      if (!incident_id) continue
      const summary = `Block ${replaced.number} was replaced by a reorganisation; its findings no longer stand: ${title}`
      await Timeline.append(
        connection,
        incident_id,
        {
          kind: 'retraction',
          actor: 'machine:watch',
          summary,
          detail: { blockNumber: replaced.number, blockHash: replaced.hash },
          key: `retracted:${replaced.hash}:${id}:${now.toISOString()}`,
        },
        now,
      )
    }
    return { alerts, runs: await unprove(context, connection, chain, { ...replaced, is: 'this' }) }
  })
  follow(context, chain, consequence)
}

/**
 * What rests on a block that is gone is proven no more: transactions are under way again, and where containment was
 * proven in it, the same playbook runs once again.
 */
async function unprove(
  context: Context,
  connection: Connection,
  chain: Caip.ChainKey,
  gone: Record.Gone,
): Promise<string[]> {
  const now = context.clock.now()
  await Ledger.exclude(connection, chain, gone)
  const affected = await connection
    .selectFrom('incident')
    .selectAll()
    .where('chain', '=', chain)
    .where('contained_block', '=', gone.number)
    .where('contained_hash', gone.is === 'this' ? '=' : '<>', gone.hash)
    .where('status', 'in', pastContainment)
    .execute()
  const runs: string[] = []
  for (const unproven of affected) {
    const { id, contained_hash } = unproven
    // A chain can turn to and fro, and each time counts.
    const occasion = `${contained_hash} gone at ${now.toISOString()}`
    const reason = `Block ${gone.number}, in which containment was verified, was replaced by a reorganisation.`
    await tellRelapse(context, connection, unproven, { key: occasion, reason })
    const incident = await Incident.move(
      connection,
      id,
      { to: 'active', actor: 'machine:watch', reason, key: `unproven:${occasion}` },
      now,
    )
    const last = await connection
      .selectFrom('run')
      .selectAll()
      .where('incident_id', '=', id)
      .where('status', '=', 'succeeded')
      .orderBy('started_at', 'desc')
      .executeTakeFirst()
    const playbook = context.playbooks.find(({ name }) => name === last?.playbook)
    const run =
      last &&
      playbook &&
      (await Run.request(connection, playbook, incident, { findingId: last.finding_id, occasion }, now))
    if (run) runs.push(run)
  }
  return runs
}

async function draw(
  context: Context,
  connection: Connection,
  { block, stage }: Facts.Facts,
  findings: readonly Finding.Finding[],
): Promise<Consequence> {
  const now = context.clock.now()
  const fresh = await Alert.keep(connection, findings)
  const alerts: Alert.Alert[] = []
  const incidents = new Map<string, { readonly incident: Incident.Incident; readonly findings: Finding.Finding[] }>()
  for (const raised of await Alert.raise(connection, fresh, now)) {
    const incident = await Incident.join(connection, raised, block, now)
    alerts.push({ ...raised.alert, incident_id: incident?.id ?? null })
    if (raised.isNew || raised.isGraver) await announce(context, connection, raised, incident, { block, stage })
    if (!incident) continue
    const { findings: before } = incidents.get(incident.id) ?? { findings: [] }
    incidents.set(incident.id, { incident, findings: [...before, ...raised.findings] })
  }
  const runs: string[] = []
  for (const { incident: joined, findings: all } of incidents.values()) {
    const incident = await relapse(context, connection, joined, all)
    for (const playbook of context.playbooks) {
      const trigger = strongest(all.filter((finding) => Playbook.isTriggered(playbook, finding)))
      const run = trigger && (await Run.request(connection, playbook, incident, { findingId: trigger.id }, now))
      if (run) runs.push(run)
    }
  }
  return { alerts, runs }
}

/** Statuses that say that it is over, more or less, while the incident is still open. */
const pastContainment: readonly string[] = [
  'contained',
  'eradicated',
  'recovering',
  'monitoring',
] satisfies Transition.Status[]

/**
 * Containment that does not hold: a grave finding in a later block (a second vector, an unpause too early) makes the
 * incident active again, tells people anew, and lets playbooks run again.
 */
async function relapse(
  context: Context,
  connection: Connection,
  incident: Incident.Incident,
  findings: readonly Finding.Finding[],
): Promise<Incident.Incident> {
  const { id, status, contained_block: contained } = incident
  const later = findings.find(
    ({ isError, severity, stage, blockNumber }) =>
      !isError && Incident.isGrave(severity) && stage === 'included' && contained !== null && blockNumber > contained,
  )
  if (!later || !pastContainment.includes(status)) return incident
  const now = context.clock.now()
  const reason = `Block ${later.blockNumber}, after containment at block ${contained}: ${later.sentence}`
  await tellRelapse(context, connection, incident, { key: later.id, reason })
  return Incident.move(
    connection,
    id,
    { to: 'active', actor: 'machine:watch', reason, key: `relapse:${later.id}` },
    now,
  )
}

/** Tells people that what was contained is so no more. */
async function tellRelapse(
  context: Context,
  connection: Connection,
  { id, system, severity }: Incident.Incident,
  { key, reason }: { readonly key: string; readonly reason: string },
): Promise<void> {
  await context.announce(connection, {
    kind: 'failed',
    key: `relapse:${id}:${key}`,
    severity,
    incidentId: id,
    title: `No longer contained: ${system}`,
    facts: [{ label: 'Why', value: reason }],
    path: `/incidents/${id}`,
  })
}

/** The finding to act on: one that names a transaction, since that can be replayed against the action; then the surest. */
function strongest(findings: readonly Finding.Finding[]): Finding.Finding | undefined {
  const names = (finding: Finding.Finding) => (finding.transactionHash ? 1 : 0)
  return findings.toSorted((a, b) => names(b) - names(a) || b.confidence - a.confidence)[0]
}

async function announce(
  context: Context,
  connection: Connection,
  { alert, findings, isGraver }: Alert.Raised,
  incident: Incident.Incident | undefined,
  { block, stage }: Pick<Facts.Facts, 'block' | 'stage'>,
): Promise<void> {
  const transaction = findings.find(({ transactionHash }) => transactionHash)?.transactionHash
  await context.announce(connection, {
    kind: 'alert',
    key: `alert:${alert.id}${isGraver ? `:${alert.severity}` : ''}`,
    severity: alert.severity,
    incidentId: incident?.id ?? null,
    title: alert.title,
    facts: [
      { label: 'System', value: alert.system },
      { label: 'Chain', value: alert.chain.split('@')[0] ?? alert.chain },
      { label: stage === 'pending' ? 'Pending on block' : 'Block', value: `${block.number} (${block.hash})` },
      ...(transaction ? [{ label: 'Transaction', value: transaction }] : []),
      { label: 'Detector', value: [...new Set(findings.map(({ detector }) => detector))].join(', ') },
    ],
    path: incident ? `/incidents/${incident.id}` : '/alerts',
  })
}

function follow(context: Context, chain: Caip.ChainKey, { alerts, runs }: Consequence): void {
  for (const run of runs) context.startRun(run)
  publish(context, chain, alerts)
}

function publish(context: Context, chain: Caip.ChainKey, alerts: readonly Alert.Alert[]): void {
  const at = context.clock.now()
  context.changes.publish({ noun: 'chain', id: chain, incidentId: null, at })
  for (const { id, incident_id } of alerts) context.changes.publish({ noun: 'alert', id, incidentId: incident_id, at })
}
