/** Findings become one thing worth a person's attention: grouped, counted, as grave as the gravest of them. */
import type { Selectable } from 'kysely'
import * as Errors from '../base/Errors.ts'
import * as Id from '../base/Id.ts'
import * as Json from '../base/Json.ts'
import * as Finding from '../detector/Finding.ts'
import type { Connection } from '../store/Database.ts'
import type { Tables } from '../store/Tables.ts'

export type Alert = Selectable<Tables['alert']>
/** `closed` with its incident; `retracted` with its blocks. */
export type Status = 'open' | 'acknowledged' | 'dismissed' | 'retracted' | 'closed'

/** What `raise` did: the alert as it stands, the findings that were new to it, and whether it is new or became graver. */
export type Raised = {
  readonly alert: Alert
  readonly findings: readonly Finding.Finding[]
  readonly isNew: boolean
  readonly isGraver: boolean
}

/** Severities that a person should see as an alert; P5 is kept as a finding only. */
export function isAlerting(severity: Finding.Severity): boolean {
  return severity !== 'P5'
}

/** Findings of one detector about one system are one alert while it is open; errors of a detector stand apart. */
export function groupKey(finding: Finding.Finding): string {
  return [finding.chain, finding.system, finding.detector, ...(finding.isError ? ['error'] : [])].join('|')
}

/**
 * Stores findings. Returns those that were not there yet: a block evaluated again after a crash adds nothing. One whose
 * block was replaced and has come back stands again, and counts as new.
 */
export async function keep(connection: Connection, findings: readonly Finding.Finding[]): Promise<Finding.Finding[]> {
  if (findings.length === 0) return []
  const rows = findings.map((finding) => ({
    id: finding.id,
    deployment_id: finding.deploymentId,
    chain: finding.chain,
    block_number: finding.blockNumber,
    block_hash: finding.blockHash,
    stage: finding.stage,
    transaction_hash: finding.transactionHash ?? null,
    detector: finding.detector,
    detector_version: finding.detectorVersion,
    rule_set_version: finding.ruleSetVersion,
    system: finding.system,
    subject: finding.subject,
    actors: Json.stringify(finding.actors),
    severity: finding.severity,
    confidence: finding.confidence,
    sentence: Json.clean(finding.sentence),
    is_error: finding.isError,
    values: Json.stringify(finding.values),
    found_at: finding.foundAt,
  }))
  const kept = await connection
    .insertInto('finding')
    .values(rows)
    .onConflict((conflict) =>
      conflict
        .column('id')
        .doUpdateSet({ retracted_at: null, alert_id: null })
        .where('finding.retracted_at', 'is not', null),
    )
    .returning('id')
    .execute()
  const ids = new Set(kept.map(({ id }) => id))
  return findings.filter(({ id }) => ids.has(id))
}

/** Puts new findings into alerts: into the open one of their group, or into a new one. */
export async function raise(
  connection: Connection,
  findings: readonly Finding.Finding[],
  now: Date,
): Promise<Raised[]> {
  const groups = Map.groupBy(
    findings.filter(({ severity }) => isAlerting(severity)),
    groupKey,
  )
  const raised: Raised[] = []
  for (const [key, members] of groups) {
    const gravest = members.toSorted((a, b) => Finding.compareSeverity(a.severity, b.severity))[0]
    if (!gravest) continue
    const open = await connection
      .selectFrom('alert')
      .selectAll()
      .where('group_key', '=', key)
      .where('status', 'in', ['open', 'acknowledged'])
      .forUpdate()
      .executeTakeFirst()
    const isGraver =
      open !== undefined && Finding.compareSeverity(gravest.severity, open.severity as Finding.Severity) < 0
    const alert = open
      ? await connection
          .updateTable('alert')
          .set({
            last_at: now,
            finding_count: open.finding_count + members.length,
            // A graver finding brings an acknowledged alert back to people's attention.
            ...(isGraver ? { severity: gravest.severity, title: Json.clean(gravest.sentence), status: 'open' } : {}),
          })
          .where('id', '=', open.id)
          .returningAll()
          .executeTakeFirstOrThrow()
      : await connection
          .insertInto('alert')
          .values({
            id: Id.of('alert', gravest.id),
            group_key: key,
            chain: gravest.chain,
            system: gravest.system,
            severity: gravest.severity,
            title: Json.clean(gravest.sentence),
            status: 'open',
            first_at: now,
            last_at: now,
            finding_count: members.length,
          })
          // Retracted with its block, and the block has come back.
          .onConflict((conflict) =>
            conflict.column('id').doUpdateSet({
              status: 'open',
              last_at: now,
              finding_count: members.length,
              handled_by: null,
              handled_reason: null,
            }),
          )
          .returningAll()
          .executeTakeFirstOrThrow()
    await connection
      .updateTable('finding')
      .set({ alert_id: alert.id })
      .where(
        'id',
        'in',
        members.map(({ id }) => id),
      )
      .execute()
    raised.push({ alert, findings: members, isNew: !open, isGraver })
  }
  return raised
}

/**
 * Takes back the findings of a block that was replaced. An alert with no finding left is retracted; its history stays.
 * Returns the alerts concerned.
 */
export async function retract(connection: Connection, chain: string, blockHash: string, now: Date): Promise<Alert[]> {
  const gone = await connection
    .updateTable('finding')
    .set({ retracted_at: now })
    .where('chain', '=', chain)
    .where('block_hash', '=', blockHash)
    .where('stage', '=', 'included')
    .where('retracted_at', 'is', null)
    .returning('alert_id')
    .execute()
  const ids = [...new Set(gone.flatMap(({ alert_id }) => alert_id ?? []))]
  if (ids.length === 0) return []
  await connection
    .updateTable('alert')
    .set(({ selectFrom }) => ({
      finding_count: selectFrom('finding')
        .select(({ fn, cast }) => cast<number>(fn.countAll(), 'integer').as('count'))
        .whereRef('finding.alert_id', '=', 'alert.id')
        .where('retracted_at', 'is', null),
    }))
    .where('id', 'in', ids)
    .execute()
  await connection
    .updateTable('alert')
    .set({
      status: 'retracted',
      handled_by: 'machine:watch',
      handled_reason: 'Every block that gave rise to it was replaced by a reorganisation.',
    })
    .where('id', 'in', ids)
    .where('status', 'in', ['open', 'acknowledged'])
    .where('finding_count', '=', 0)
    .execute()
  return connection.selectFrom('alert').selectAll().where('id', 'in', ids).execute()
}

/** Which status may follow which by a person's hand. */
export const transitions = {
  open: ['acknowledged', 'dismissed'],
  acknowledged: ['dismissed', 'open'],
  dismissed: ['open'],
  retracted: [],
  closed: [],
} as const satisfies Record<Status, readonly Status[]>

/** Closes the alerts of an incident that ended: what comes after is a new alert, and may be a new incident. */
export async function close(connection: Connection, incidentId: string, reason: string): Promise<void> {
  await connection
    .updateTable('alert')
    .set({ status: 'closed', handled_by: 'machine:incident', handled_reason: reason })
    .where('incident_id', '=', incidentId)
    .where('status', 'in', ['open', 'acknowledged'])
    .execute()
}

/** Acknowledges, dismisses or reopens an alert. Detections are never deleted: only their alert changes. */
export async function handle(
  connection: Connection,
  id: string,
  status: Status,
  by: { readonly actor: string; readonly reason: string },
): Promise<Alert> {
  const alert = await connection.selectFrom('alert').selectAll().where('id', '=', id).forUpdate().executeTakeFirst()
  if (!alert) throw new UnknownAlertError(id)
  if (!(transitions[alert.status as Status] as readonly Status[]).includes(status))
    throw new InvalidHandlingError(alert, status)
  if (status === 'open' && alert.status === 'dismissed') await assertNoneOpen(connection, alert)
  return connection
    .updateTable('alert')
    .set({ status, handled_by: by.actor, handled_reason: Json.clean(by.reason) })
    .where('id', '=', id)
    .returningAll()
    .executeTakeFirstOrThrow()
}

async function assertNoneOpen(connection: Connection, alert: Alert): Promise<void> {
  const open = await connection
    .selectFrom('alert')
    .select('id')
    .where('group_key', '=', alert.group_key)
    .where('status', 'in', ['open', 'acknowledged'])
    .executeTakeFirst()
  if (open) throw new SupersededAlertError(alert, open.id)
}

export class UnknownAlertError extends Errors.BaseError {
  override readonly name = 'Alert.UnknownAlertError'
  constructor(id: string) {
    super(`There is no alert \`${id}\`.`, { remedy: 'operator' })
  }
}

export class InvalidHandlingError extends Errors.BaseError {
  override readonly name = 'Alert.InvalidHandlingError'
  constructor(alert: Alert, status: Status) {
    super(`An alert that is ${alert.status} cannot become ${status}.`, {
      remedy: 'operator',
      facts: { alert: alert.id, allowed: transitions[alert.status as Status] },
    })
  }
}

export class SupersededAlertError extends Errors.BaseError {
  override readonly name = 'Alert.SupersededAlertError'
  constructor(alert: Alert, open: string) {
    super('Another alert about the same has been opened since.', {
      remedy: 'operator',
      facts: { alert: alert.id, open },
      advice: 'Work with the open one.',
    })
  }
}
