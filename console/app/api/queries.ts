/** What the pages read. The first word of each key is what a live change names. */
import { QueryClient, queryOptions } from '@tanstack/react-query'
import { setNow } from '../ui/clock.ts'
import { ApiError, get } from './client.ts'
import type {
  Alert,
  Approval,
  ApprovalSummary,
  Finding,
  Incident,
  IncidentSummary,
  OutboxMessage,
  Readiness,
} from './contract.ts'
import { paths } from './paths.ts'

/** As many alerts as the API gives at once; the list draws only those in view. */
export const everyAlert = 10_000

export const readiness = queryOptions({
  queryKey: ['readiness'],
  queryFn: async ({ signal }) => {
    const answer = await get<Readiness>(paths.readiness, signal)
    // Ages and countdowns follow the server's clock, not that of a phone which is minutes off.
    setNow(Date.parse(answer.now))
    return answer
  },
  refetchInterval: 15_000,
})

export const incidents = queryOptions({
  queryKey: ['incidents'],
  queryFn: ({ signal }) => get<IncidentSummary[]>(paths.incidents, signal),
})

export const incident = (id: string) =>
  queryOptions({ queryKey: ['incident', id], queryFn: ({ signal }) => get<Incident>(paths.incident(id), signal) })

export const alerts = (limit: number) =>
  queryOptions({ queryKey: ['alerts', limit], queryFn: ({ signal }) => get<Alert[]>(paths.alerts(limit), signal) })

export const findings = (alertId: string) =>
  queryOptions({
    queryKey: ['findings', alertId],
    queryFn: ({ signal }) => get<Finding[]>(paths.findings(alertId), signal),
  })

export const approvals = queryOptions({
  queryKey: ['approvals'],
  queryFn: ({ signal }) => get<ApprovalSummary[]>(paths.approvals, signal),
})

export const approval = (id: string) =>
  queryOptions({ queryKey: ['approval', id], queryFn: ({ signal }) => get<Approval>(paths.approval(id), signal) })

export const outbox = queryOptions({
  queryKey: ['outbox'],
  queryFn: ({ signal }) => get<OutboxMessage[]>(paths.outbox, signal),
})

export const queryClient = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 5_000,
      retry: (failures, error) =>
        failures < 2 && error instanceof ApiError && (error.status === 0 || error.status >= 500),
      retryDelay: (failures) => 300 * 2 ** failures,
    },
  },
})
