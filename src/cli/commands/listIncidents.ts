import type * as Schemas from '../../api/contract/Schemas.ts'
import * as Client from '../Client.ts'
import * as Output from '../Output.ts'

type Options = { readonly data: string; readonly json: boolean; readonly url?: string }

/** Lists incidents, the newest first. */
export async function listIncidents({ data, json, url }: Options): Promise<void> {
  const incidents = await Client.open(data, url).get<Schemas.IncidentSummary[]>('/api/incidents')
  if (json) return Output.json({ incidents })
  if (incidents.length === 0) return Output.line('No incident so far.')
  Output.table([
    ['INCIDENT', 'SEVERITY', 'STATUS', 'SYSTEM', 'DECLARED', 'OUTFLOW', 'TITLE'],
    ...incidents.map((incident) => [
      incident.id,
      incident.severity,
      incident.status,
      incident.system,
      incident.declaredAt,
      Output.losses(incident),
      incident.title,
    ]),
  ])
}
