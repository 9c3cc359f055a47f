/** Every URL the console asks for. */
const segment = encodeURIComponent

export const paths = {
  readiness: '/api/readiness',
  changes: '/api/changes',
  incidents: '/api/incidents',
  incident: (id: string) => `/api/incidents/${segment(id)}`,
  transitions: (id: string) => `/api/incidents/${segment(id)}/transitions`,
  notes: (id: string) => `/api/incidents/${segment(id)}/notes`,
  report: (id: string, format: 'html' | 'json') => `/api/incidents/${segment(id)}/report.${format}`,
  exhibit: (id: string) => `/api/exhibits/${segment(id)}`,
  alerts: (limit: number) => `/api/alerts?limit=${limit}`,
  handling: (id: string) => `/api/alerts/${segment(id)}/handling`,
  findings: (alertId: string) => `/api/findings?alertId=${segment(alertId)}`,
  approvals: '/api/approvals',
  approval: (id: string) => `/api/approvals/${segment(id)}`,
  decisions: (id: string) => `/api/approvals/${segment(id)}/decisions`,
  outbox: '/api/outbox',
  retry: (id: string) => `/api/outbox/${segment(id)}/retry`,
}
