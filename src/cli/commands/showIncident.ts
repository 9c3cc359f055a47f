import type * as Schemas from '../../api/contract/Schemas.ts'
import * as Client from '../Client.ts'
import * as Output from '../Output.ts'

type Options = { readonly data: string; readonly json: boolean; readonly url?: string }

/** Shows one incident: how it stands, what was done, its timeline. */
export async function showIncident(id: string, { data, json, url }: Options): Promise<void> {
  const incident = await Client.open(data, url).get<Schemas.Incident>(`/api/incidents/${encodeURIComponent(id)}`)
  if (json) return Output.json(incident)
  Output.line(`${incident.id}  ${incident.severity}  ${incident.status.toUpperCase()}  ${incident.title}`)
  Output.line(
    `Outflow since it began: ${Output.losses(incident)}. ${incident.containedBlock ? `Contained, verified at block ${incident.containedBlock}.` : 'Not contained.'} Record ${incident.intact ? 'intact' : 'BROKEN'}.`,
  )
  for (const { name, path, status, summary } of incident.runs.flatMap(({ steps }) => steps))
    if (status !== 'skipped') Output.line(`  ${path}/${name}: ${status}${summary ? `, ${summary}` : ''}`)
  Output.line()
  Output.table(incident.timeline.map(({ at, actor, summary }) => [at, actor, summary]))
}
