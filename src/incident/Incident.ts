/** The record of one emergency, from the first finding to the closed post-mortem. */
import { type Selectable, sql } from 'kysely'
import * as Alert from '../alert/Alert.ts'
import * as Errors from '../base/Errors.ts'
import * as Json from '../base/Json.ts'
import * as Finding from '../detector/Finding.ts'
import type { Connection } from '../store/Database.ts'
import type { Tables } from '../store/Tables.ts'
import * as Timeline from './Timeline.ts'
import * as Transition from './Transition.ts'

export type Incident = Selectable<Tables['incident']>

/** Severities that open an incident: loss, or potential loss, of funds. */
export function isGrave(severity: string): boolean {
  return severity === 'P1' || severity === 'P2'
}

/** Puts a grave alert into the open incident of its system, or declares one. Lesser alerts join only what is open. */
export async function join(
  connection: Connection,
  { alert, findings }: Alert.Raised,
  block: { readonly timestamp: Date },
  now: Date,
): Promise<Incident | undefined> {
  const first = findings.toSorted(
    (a, b) => Finding.compareSeverity(a.severity, b.severity) || Number(a.blockNumber - b.blockNumber),
  )[0]
  if (!first) return undefined
  const open = await current(connection, alert)
  const incident = open ?? (isGrave(alert.severity) ? await declare(connection, alert, now) : undefined)
  if (!incident) return undefined
  const isGraver =
    Finding.compareSeverity(alert.severity as Finding.Severity, incident.severity as Finding.Severity) < 0
  await connection.updateTable('alert').set({ incident_id: incident.id }).where('id', '=', alert.id).execute()
  const updated = await connection
    .updateTable('incident')
    .set({
      ...(isGraver ? { severity: alert.severity, title: alert.title } : { severity: incident.severity }),
      // A pending transaction has done nothing yet: the attack begins with the first block that holds one.
      ...(incident.began_block === null && first.stage === 'included'
        ? { began_block: first.blockNumber, began_at: block.timestamp }
        : {}),
    })
    .where('id', '=', incident.id)
    .returningAll()
    .executeTakeFirstOrThrow()
  const entries = findings.map(toEntry)
  const drafts = open ? entries : [toOpening(alert, first), ...entries]
  await Timeline.appendLocked(connection, incident.id, drafts, now)
  return updated
}

function toOpening({ system, severity }: Alert.Alert, first: Finding.Finding): Timeline.Draft {
  const summary = `Incident opened on ${system}: ${severity}`
  return { kind: 'transition', actor: 'machine:watch', summary, detail: { severity, finding: first.id }, key: 'opened' }
}

function toEntry(finding: Finding.Finding): Timeline.Draft {
  const { id, blockNumber, blockHash, stage, transactionHash = null, confidence } = finding
  return {
    kind: 'finding',
    actor: `machine:detector/${finding.detector}`,
    summary: `${finding.severity} ${finding.sentence}`,
    detail: { finding: id, blockNumber, blockHash, stage, transactionHash, confidence },
    key: `finding:${id}`,
  }
}

/** The incident of an id. */
export async function show(connection: Connection, id: string): Promise<Incident> {
  const incident = await connection.selectFrom('incident').selectAll().where('id', '=', id).executeTakeFirst()
  if (!incident) throw new UnknownIncidentError(id)
  return incident
}

/** Where containment was seen: the exhibit that holds the read, and the block that it was made at. */
type Proof = {
  readonly exhibit: string
  readonly blockNumber: bigint
  readonly blockHash: string
  readonly blockTime: Date
}

export type Move = {
  readonly to: Transition.Status
  readonly actor: Timeline.Actor
  readonly reason: string
  /** The read on chain that proves containment; required to become `contained`. */
  readonly proof?: Proof | undefined
  /** Told once per key; a person's move has none of its own. */
  readonly key?: string | undefined
}

/** Moves an incident along the table of transitions; every move is in the timeline with who, when and why. */
export async function move(
  connection: Connection,
  id: string,
  { to, actor, reason, proof, key }: Move,
  now: Date,
): Promise<Incident> {
  const incident = await connection
    .selectFrom('incident')
    .selectAll()
    .where('id', '=', id)
    .forUpdate()
    .executeTakeFirst()
  if (!incident) throw new UnknownIncidentError(id)
  const from = incident.status as Transition.Status
  // A step repeated after a crash finds its own move made already.
  if (from === to && key) return incident
  const edge = Transition.edge(from, to)
  if (!edge || (actor.startsWith('machine:') && !edge.machine)) throw new InvalidTransitionError(incident, to)
  if (edge.needsReason && reason.trim() === '') throw new MissingReasonError(incident, to)
  const other = await rival(connection, incident, to)
  if (other) throw new AnotherOpenError(incident, other)
  const blocked = await obstacle(connection, incident, edge, proof !== undefined)
  if (blocked) throw new GuardError(incident, to, blocked)
  const moved = await connection
    .updateTable('incident')
    .set({
      status: to,
      ...(to === 'contained' && proof
        ? { contained_at: proof.blockTime, contained_block: proof.blockNumber, contained_hash: proof.blockHash }
        : {}),
      ...(to === 'active' && from !== 'detected' && from !== 'triage'
        ? { contained_at: null, contained_block: null, contained_hash: null, resolved_at: null }
        : {}),
      ...(to === 'resolved' ? { resolved_at: now } : {}),
    })
    .where('id', '=', id)
    .returningAll()
    .executeTakeFirstOrThrow()
  if (Transition.ended.includes(to)) await Alert.close(connection, id, `Incident ${id} became ${to}.`)
  const detail = {
    from,
    to,
    reason: Json.clean(reason),
    ...(proof ? { proof: { exhibit: proof.exhibit, block: proof.blockNumber } } : {}),
  }
  await Timeline.append(
    connection,
    id,
    {
      kind: 'transition',
      actor,
      summary: `${from} → ${to}: ${reason || edge.label}`,
      detail,
      key: key ?? `transition:${from}:${to}:${now.toISOString()}`,
    },
    now,
  )
  return moved
}

/** The moves that the table has from here, and what stands in the way of each for a person. */
export async function moves(
  connection: Connection,
  incident: Incident,
): Promise<{ to: Transition.Status; label: string; blockedBy: string | null; needsReason: boolean }[]> {
  const edges = Object.entries(Transition.transitions[incident.status as Transition.Status]) as [
    Transition.Status,
    Transition.Edge,
  ][]
  return Promise.all(
    edges.map(async ([to, edge]) => ({
      to,
      label: edge.label,
      blockedBy:
        (await obstacle(connection, incident, edge, false)) ?? (await isRivalled(connection, incident, to)) ?? null,
      needsReason: edge.needsReason ?? false,
    })),
  )
}

async function current(
  connection: Connection,
  { chain, system }: { chain: string; system: string },
): Promise<Incident | undefined> {
  return connection
    .selectFrom('incident')
    .selectAll()
    .where('chain', '=', chain)
    .where('system', '=', system)
    .where('status', 'not in', Transition.ended)
    .forUpdate()
    .executeTakeFirst()
}

async function declare(connection: Connection, alert: Alert.Alert, now: Date): Promise<Incident> {
  // A sequence, because two chains may declare at the same moment. A number may be left out where a transaction failed.
  const { rows } = await sql<{ number: bigint }>`select nextval('incident_number') as number`.execute(connection)
  const number = Number(rows[0]?.number)
  const id = `INC-${now.getUTCFullYear()}-${String(number).padStart(4, '0')}`
  const incident = await connection
    .insertInto('incident')
    .values({
      id,
      number,
      title: alert.title,
      severity: alert.severity,
      status: 'detected',
      system: alert.system,
      chain: alert.chain,
      declared_at: now,
    })
    .returningAll()
    .executeTakeFirstOrThrow()
  return incident
}

/** The incident of the same system that is being worked on, where this one would have to be reopened beside it. */
async function rival(connection: Connection, incident: Incident, to: Transition.Status): Promise<Incident | undefined> {
  const isReopened = Transition.ended.includes(incident.status as Transition.Status) && !Transition.ended.includes(to)
  return isReopened ? current(connection, incident) : undefined
}

async function isRivalled(
  connection: Connection,
  incident: Incident,
  to: Transition.Status,
): Promise<string | undefined> {
  const other = await rival(connection, incident, to)
  return other && `${other.id} is open on the same system; what happens there belongs to it.`
}

async function obstacle(
  connection: Connection,
  incident: Incident,
  edge: Transition.Edge,
  proven: boolean,
): Promise<string | undefined> {
  for (const guard of edge.guards ?? []) {
    if (guard === 'verified_on_chain' && !proven)
      return 'Containment counts only once a read on chain has proven it at a block; the playbook does that.'
    if (guard === 'contained_before' && incident.contained_block === null) return 'It was never proven contained.'
    if (guard === 'no_run_in_progress') {
      const run = await connection
        .selectFrom('run')
        .select('id')
        .where('incident_id', '=', incident.id)
        .where('status', 'in', ['requested', 'running', 'waiting_approval'])
        .executeTakeFirst()
      if (run) return 'A playbook is still running for it.'
    }
  }
  return undefined
}

export class UnknownIncidentError extends Errors.BaseError {
  override readonly name = 'Incident.UnknownIncidentError'
  constructor(id: string) {
    super(`There is no incident \`${id}\`.`, {
      remedy: 'operator',
      advice: 'List them with `firebreak incident list`.',
    })
  }
}

export class InvalidTransitionError extends Errors.BaseError {
  override readonly name = 'Incident.InvalidTransitionError'
  constructor(incident: Incident, to: Transition.Status) {
    super(`An incident that is \`${incident.status}\` cannot become \`${to}\`.`, {
      remedy: 'operator',
      facts: {
        incident: incident.id,
        allowed: Object.keys(Transition.transitions[incident.status as Transition.Status]),
      },
    })
  }
}

export class MissingReasonError extends Errors.BaseError {
  override readonly name = 'Incident.MissingReasonError'
  constructor(incident: Incident, to: Transition.Status) {
    super(`Say why the incident becomes \`${to}\`.`, { remedy: 'operator', facts: { incident: incident.id } })
  }
}

export class AnotherOpenError extends Errors.BaseError {
  override readonly name = 'Incident.AnotherOpenError'
  constructor(incident: Incident, other: Incident) {
    super(`The incident cannot be reopened: ${other.id} is open on the same system.`, {
      remedy: 'operator',
      facts: { incident: incident.id, open: other.id, system: incident.system },
      advice: `Go on with ${other.id}, or end it first.`,
    })
  }
}

export class GuardError extends Errors.BaseError {
  override readonly name = 'Incident.GuardError'
  constructor(incident: Incident, to: Transition.Status, obstacle: string) {
    super(`The incident cannot become \`${to}\` yet. ${obstacle}`, {
      remedy: 'operator',
      facts: { incident: incident.id, status: incident.status },
    })
  }
}
