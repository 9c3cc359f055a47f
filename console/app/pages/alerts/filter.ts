import type { Alert } from '../../api/contract.ts'

export type Filter = {
  readonly status: 'open' | 'acknowledged' | 'dismissed' | 'all'
  readonly severity: 'all' | Alert['severity']
  readonly text: string
}

/** Whether an alert is asked for. `all` also shows those retracted by a reorganisation. */
export function matches(alert: Alert, { status, severity, text }: Filter): boolean {
  if (status !== 'all' && alert.status !== status) return false
  if (severity !== 'all' && alert.severity !== severity) return false
  if (text === '') return true
  const haystack = `${alert.title} ${alert.system} ${alert.id} ${alert.incidentId ?? ''}`.toLowerCase()
  return text
    .toLowerCase()
    .split(/\s+/)
    .every((word) => haystack.includes(word))
}
