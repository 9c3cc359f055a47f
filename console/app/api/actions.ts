/** What people do here. Each asks the server and lets the queries concerned read again. */

import { actorOrAsk } from './actor.ts'
import { post } from './client.ts'
import type {
  Alert,
  ApprovalSummary,
  IncidentStatus,
  IncidentSummary,
  OutboxMessage,
  TimelineEntry,
} from './contract.ts'
import { paths } from './paths.ts'
import { queryClient } from './queries.ts'

/** Moves an incident. Returns null when the reader did not want to say who they are. */
export async function moveIncident(id: string, to: IncidentStatus, reason: string): Promise<IncidentSummary | null> {
  return asSomeone(async (actor) => {
    const moved = await post<IncidentSummary>(paths.transitions(id), { to, reason, actor })
    await again(['incident', id], ['incidents'])
    return moved
  })
}

export async function addNote(id: string, text: string): Promise<TimelineEntry | null> {
  return asSomeone(async (actor) => {
    const entry = await post<TimelineEntry>(paths.notes(id), { text, actor })
    await again(['incident', id])
    return entry
  })
}

/** Acknowledges or dismisses an alert, or takes that back with `open`. Shows the result at once, before the list is read again. */
export async function handleAlert(
  id: string,
  status: 'open' | 'acknowledged' | 'dismissed',
  reason: string,
): Promise<Alert | null> {
  return asSomeone(async (actor) => {
    const handled = await post<Alert>(paths.handling(id), { status, reason, actor })
    queryClient.setQueriesData<Alert[]>({ queryKey: ['alerts'] }, (all) =>
      all?.map((alert) => (alert.id === id ? handled : alert)),
    )
    if (handled.incidentId) void again(['incident', handled.incidentId])
    return handled
  })
}

/** Hands in a signature. Who decided is read from it, so nobody is asked for a name. */
export async function decideApproval(
  id: string,
  decision: 'grant' | 'refuse',
  signature: string,
): Promise<ApprovalSummary> {
  const decided = await post<ApprovalSummary>(paths.decisions(id), { decision, signature })
  await again(['approval', id], ['approvals'], ['incident', decided.incidentId], ['incidents'])
  return decided
}

export async function retryMessage(id: string): Promise<OutboxMessage> {
  const message = await post<OutboxMessage>(paths.retry(id))
  await again(['outbox'], ['readiness'])
  return message
}

async function asSomeone<T>(act: (actor: string) => Promise<T>): Promise<T | null> {
  const actor = await actorOrAsk()
  return actor === null ? null : act(actor)
}

async function again(...keys: string[][]) {
  await Promise.all(keys.map((queryKey) => queryClient.invalidateQueries({ queryKey })))
}
