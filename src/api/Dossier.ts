/** An incident with all that belongs to it, as the console, the command line and the report read it. */

import * as Holdings from '../impact/Holdings.ts'
import * as Exhibit from '../incident/Exhibit.ts'
import * as Incident from '../incident/Incident.ts'
import * as Timeline from '../incident/Timeline.ts'
import type { Context } from './Context.ts'
import type * as Schemas from './contract/Schemas.ts'
import * as Present from './Present.ts'

/** Most findings of one incident that are shown; the count on each alert says how many there are. */
const mostFindings = 1_000

export async function read(context: Context, id: string): Promise<Schemas.Incident> {
  const { database } = context
  const incident = await Incident.show(database, id)
  const [summary, alerts, findings, timeline, exhibits, runs, holdings, transitions] = await Promise.all([
    Present.incident(context, incident),
    database.selectFrom('alert').selectAll().where('incident_id', '=', id).orderBy('first_at').execute(),
    database
      .selectFrom('finding')
      .innerJoin('alert', 'alert.id', 'finding.alert_id')
      .selectAll('finding')
      .where('alert.incident_id', '=', id)
      .orderBy('finding.found_at')
      .limit(mostFindings)
      .execute(),
    Timeline.read(database, id),
    database.selectFrom('exhibit').selectAll().where('incident_id', '=', id).orderBy('collected_at').execute(),
    readRuns(context, id),
    Holdings.around(database, incident),
    Incident.moves(database, incident),
  ])
  return {
    ...summary,
    alerts: alerts.map(Present.alert),
    findings: findings.map((finding) => Present.finding(context, finding)),
    timeline: timeline.map(Present.entry),
    exhibits: exhibits.map((exhibit) => Present.exhibit({ ...exhibit, bytes: exhibit.content.length })),
    runs,
    holdings: holdings.map((series) => Present.series(context, series)),
    transitions,
    intact: Timeline.firstBreak(id, timeline) === undefined && exhibits.every(Exhibit.isIntact),
  }
}

async function readRuns(context: Context, incidentId: string): Promise<Schemas.Run[]> {
  const { database } = context
  const runs = await database
    .selectFrom('run')
    .selectAll()
    .where('incident_id', '=', incidentId)
    .orderBy('started_at')
    .execute()
  return Promise.all(
    runs.map(async (run) => {
      const [steps, transactions, approvals, decisions] = await Promise.all([
        database.selectFrom('step').selectAll().where('run_id', '=', run.id).orderBy('position').execute(),
        database.selectFrom('sent_transaction').selectAll().where('run_id', '=', run.id).orderBy('signed_at').execute(),
        database.selectFrom('approval').selectAll().where('run_id', '=', run.id).execute(),
        database
          .selectFrom('approval_decision')
          .innerJoin('approval', 'approval.id', 'approval_decision.approval_id')
          .selectAll('approval_decision')
          .where('approval.run_id', '=', run.id)
          .execute(),
      ])
      return {
        id: run.id,
        incidentId: run.incident_id,
        playbook: run.playbook,
        playbookVersion: run.playbook_version,
        status: run.status as Schemas.Run['status'],
        startedAt: run.started_at.toISOString(),
        endedAt: run.ended_at?.toISOString() ?? null,
        outcome: run.outcome,
        steps: steps.map(Present.step),
        transactions: transactions.map((row) => Present.sent(context, row)),
        approvals: approvals.map((row) =>
          Present.approval(
            context,
            row,
            decisions.filter(({ approval_id }) => approval_id === row.id),
          ),
        ),
      }
    }),
  )
}
