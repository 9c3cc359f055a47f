import type { OpenAPIHono } from '@hono/zod-openapi'
import * as Exhibit from '../../incident/Exhibit.ts'
import * as Incident from '../../incident/Incident.ts'
import * as Timeline from '../../incident/Timeline.ts'
import * as Actor from '../Actor.ts'
import type { Context } from '../Context.ts'
import * as Routes from '../contract/Routes.ts'
import * as Dossier from '../Dossier.ts'
import * as Present from '../Present.ts'
import * as Report from '../Report.ts'

/** Incidents: reading, moving, noting, reporting. */
export function incidents(app: OpenAPIHono, context: Context): void {
  const { database, clock, changes } = context

  app.openapi(Routes.listIncidents, async (call) => {
    const rows = await database.selectFrom('incident').selectAll().orderBy('number', 'desc').limit(500).execute()
    return call.json(await Promise.all(rows.map((row) => Present.incident(context, row))), 200)
  })

  app.openapi(Routes.showIncident, async (call) =>
    call.json(await Dossier.read(context, call.req.valid('param').id), 200),
  )

  app.openapi(Routes.moveIncident, async (call) => {
    const { id } = call.req.valid('param')
    const { to, reason, actor } = call.req.valid('json')
    const moved = await database
      .transaction()
      .execute((connection) =>
        Incident.move(connection, id, { to, reason, actor: Actor.of(context.people, actor) }, clock.now()),
      )
    changes.publish({ noun: 'incident', id, incidentId: id, at: clock.now() })
    return call.json(await Present.incident(context, moved), 200)
  })

  app.openapi(Routes.noteIncident, async (call) => {
    const { id } = call.req.valid('param')
    const { text, actor } = call.req.valid('json')
    await Incident.show(database, id)
    const now = clock.now()
    const draft = {
      kind: 'note',
      actor: Actor.of(context.people, actor),
      summary: text,
      key: `note:${crypto.randomUUID()}`,
    } as const
    const entry = await database.transaction().execute((connection) => Timeline.append(connection, id, draft, now))
    changes.publish({ noun: 'incident', id, incidentId: id, at: now })
    return call.json(Present.entry(entry), 200)
  })

  app.openapi(Routes.showExhibit, async (call) => {
    const exhibit = await Exhibit.show(database, call.req.valid('param').id)
    // Evidence may hold a stranger's markup; it is handed over as a file and never shown as a page of ours.
    return call.body(new Uint8Array(exhibit.content), 200, {
      'content-type': exhibit.media_type,
      'content-disposition': `attachment; filename="${exhibit.id}"`,
      etag: `"${exhibit.sha256}"`,
    })
  })

  app.openapi(Routes.incidentReportPage, async (call) =>
    call.html(Report.toHtml(await Dossier.read(context, call.req.valid('param').id), clock.now()), 200),
  )

  app.openapi(Routes.incidentReportData, async (call) =>
    call.json(await Dossier.read(context, call.req.valid('param').id), 200),
  )
}
