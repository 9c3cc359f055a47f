/** Where one can go. Sidebar, tab bar, palette and help all read this table. */
import type { IconName } from '../ui/Icon.tsx'

export type Place = {
  readonly to: '/' | '/incidents' | '/alerts' | '/approvals' | '/outbox'
  readonly label: string
  readonly icon: IconName
  readonly keys: string
}

export const places: readonly Place[] = [
  { to: '/', label: 'Home', icon: 'home', keys: 'g h' },
  { to: '/incidents', label: 'Incidents', icon: 'incident', keys: 'g i' },
  { to: '/alerts', label: 'Alerts', icon: 'alert', keys: 'g a' },
  { to: '/approvals', label: 'Approvals', icon: 'approval', keys: 'g p' },
  { to: '/outbox', label: 'Outbox', icon: 'outbox', keys: 'g o' },
]
