import type { OpenAPIHono } from '@hono/zod-openapi'
import * as Alert from '../../alert/Alert.ts'
import * as Actor from '../Actor.ts'
import type { Context } from '../Context.ts'
import * as Routes from '../contract/Routes.ts'
import * as Present from '../Present.ts'

/** Alerts and the findings in them. */
export function alerts(app: OpenAPIHono, context: Context): void {
  const { database, clock, changes } = context

  app.openapi(Routes.listAlerts, async (call) => {
    const rows = await database
      .selectFrom('alert')
      .selectAll()
      .orderBy('last_at', 'desc')
      .limit(call.req.valid('query').limit)
      .execute()
    return call.json(rows.map(Present.alert), 200)
  })

  app.openapi(Routes.handleAlert, async (call) => {
    const { id } = call.req.valid('param')
    const { status, reason, actor } = call.req.valid('json')
    const alert = await database
      .transaction()
      .execute((connection) => Alert.handle(connection, id, status, { actor: Actor.of(context.people, actor), reason }))
    changes.publish({ noun: 'alert', id, incidentId: alert.incident_id, at: clock.now() })
    return call.json(Present.alert(alert), 200)
  })

  app.openapi(Routes.listFindings, async (call) => {
    const { alertId, limit } = call.req.valid('query')
    let query = database.selectFrom('finding').selectAll()
    if (alertId !== undefined) query = query.where('alert_id', '=', alertId)
    const rows = await query.orderBy('found_at', 'desc').limit(limit).execute()
    return call.json(
      rows.map((row) => Present.finding(context, row)),
      200,
    )
  })
}
