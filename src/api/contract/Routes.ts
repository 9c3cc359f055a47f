/** Every route of the API: method, path, what goes in, what comes out. The OpenAPI document is made from this table. */
import { createRoute, z } from '@hono/zod-openapi'
import * as Operations from './Operations.ts'
import * as Schemas from './Schemas.ts'

const problem = (description: string) => ({
  description,
  content: { 'application/json': { schema: Operations.Problem } },
})
const refusals = {
  400: problem('The request is not of this shape.'),
  401: problem('No token, or a wrong one.'),
  404: problem('There is no such thing.'),
  409: problem('Not in this state, or not by this person.'),
  503: problem('It may work the next time.'),
}
const json = <schema extends z.ZodType>(schema: schema, description: string) => ({
  200: { description, content: { 'application/json': { schema } } },
  ...refusals,
})
const body = <schema extends z.ZodType>(schema: schema) => ({
  required: true,
  content: { 'application/json': { schema } },
})
/** As we make them; anything else is no identifier of ours. */
const identifier = z.string().regex(/^[\w-]{1,100}$/, 'is no identifier')
const id = z.object({ id: identifier })
const security = [{ token: [] }]

export const readiness = createRoute({
  method: 'get',
  path: '/api/readiness',
  security,
  responses: json(Operations.Readiness, 'Is every chain fresh, every channel alive, every pause ready?'),
})

export const listIncidents = createRoute({
  method: 'get',
  path: '/api/incidents',
  security,
  responses: json(z.array(Schemas.IncidentSummary), 'Incidents, the newest first.'),
})

export const showIncident = createRoute({
  method: 'get',
  path: '/api/incidents/{id}',
  security,
  request: { params: id },
  responses: json(Schemas.Incident, 'One incident, whole.'),
})

export const moveIncident = createRoute({
  method: 'post',
  path: '/api/incidents/{id}/transitions',
  security,
  request: {
    params: id,
    body: body(
      z.object({ to: Schemas.IncidentStatus, reason: z.string().max(2_000), actor: z.string().min(1).max(100) }),
    ),
  },
  responses: json(Schemas.IncidentSummary, 'The incident after the move.'),
})

export const noteIncident = createRoute({
  method: 'post',
  path: '/api/incidents/{id}/notes',
  security,
  request: {
    params: id,
    body: body(z.object({ text: z.string().min(1).max(10_000), actor: z.string().min(1).max(100) })),
  },
  responses: json(Schemas.TimelineEntry, 'The entry as it stands in the timeline.'),
})

export const showExhibit = createRoute({
  method: 'get',
  path: '/api/exhibits/{id}',
  security,
  request: { params: id },
  responses: {
    200: { description: 'The exhibit, byte for byte.', content: { 'application/octet-stream': { schema: z.any() } } },
    ...refusals,
  },
})

// Two routes: a parameter is always a whole segment of the path.
export const incidentReportPage = createRoute({
  method: 'get',
  path: '/api/incidents/{id}/report.html',
  security,
  request: { params: id },
  responses: {
    200: {
      description: 'The incident as a page that is complete in itself.',
      content: { 'text/html': { schema: z.string() } },
    },
    ...refusals,
  },
})

export const incidentReportData = createRoute({
  method: 'get',
  path: '/api/incidents/{id}/report.json',
  security,
  request: { params: id },
  responses: json(Schemas.Incident, 'The incident, whole, as a file to keep.'),
})

export const listAlerts = createRoute({
  method: 'get',
  path: '/api/alerts',
  security,
  request: { query: z.object({ limit: z.coerce.number().int().min(1).max(10_000).default(500) }) },
  responses: json(z.array(Schemas.Alert), 'Alerts, the newest first.'),
})

export const handleAlert = createRoute({
  method: 'post',
  path: '/api/alerts/{id}/handling',
  security,
  request: {
    params: id,
    body: body(
      z.object({
        status: z.enum(['open', 'acknowledged', 'dismissed']),
        reason: z.string().max(2_000),
        actor: z.string().min(1).max(100),
      }),
    ),
  },
  responses: json(Schemas.Alert, 'The alert after that. `open` takes a dismissal back.'),
})

export const listFindings = createRoute({
  method: 'get',
  path: '/api/findings',
  security,
  request: {
    query: z.object({ alertId: identifier.optional(), limit: z.coerce.number().int().min(1).max(10_000).default(500) }),
  },
  responses: json(z.array(Schemas.Finding), 'Findings, the newest first; retracted ones are marked.'),
})

export const listApprovals = createRoute({
  method: 'get',
  path: '/api/approvals',
  security,
  responses: json(z.array(Schemas.ApprovalSummary), 'Approvals, those that wait first.'),
})

export const showApproval = createRoute({
  method: 'get',
  path: '/api/approvals/{id}',
  security,
  request: { params: id },
  responses: json(Schemas.Approval, 'What exactly is to be signed, and what it does.'),
})

export const decideApproval = createRoute({
  method: 'post',
  path: '/api/approvals/{id}/decisions',
  security,
  request: {
    params: id,
    body: body(
      z.object({ decision: z.enum(['grant', 'refuse']), signature: z.string().regex(/^0x[0-9a-fA-F]{2,2000}$/) }),
    ),
  },
  responses: json(
    Schemas.ApprovalSummary,
    'The approval after this decision. Who signed is read from the signature; the token decides nothing.',
  ),
})

export const listOutbox = createRoute({
  method: 'get',
  path: '/api/outbox',
  security,
  request: { query: z.object({ status: z.enum(['waiting', 'delivered', 'dead']).optional() }) },
  responses: json(z.array(Operations.OutboxMessage), 'Messages, the newest first. `dead` are those given up on.'),
})

export const retryOutbox = createRoute({
  method: 'post',
  path: '/api/outbox/{id}/retry',
  security,
  request: { params: id },
  responses: json(Operations.OutboxMessage, 'The message, waiting again.'),
})

export const changes = createRoute({
  method: 'get',
  path: '/api/changes',
  security,
  responses: {
    200: {
      description:
        'Live updates as server-sent events: `event: change` with a Change as data, and `event: beat` every 10 s.',
      content: { 'text/event-stream': { schema: z.string() } },
    },
    ...refusals,
  },
})
