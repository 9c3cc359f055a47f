import { useQuery } from '@tanstack/react-query'
import { useNavigate, useSearch } from '@tanstack/react-router'
import { useDeferredValue, useMemo, useState } from 'react'
import { Answer } from '../../api/Answer.tsx'
import type { Alert } from '../../api/contract.ts'
import { count } from '../../api/format.ts'
import { alerts, everyAlert } from '../../api/queries.ts'
import { Segmented } from '../../ui/Segmented.tsx'
import { useTitle } from '../../ui/useTitle.ts'
import { AlertDrawer } from './AlertDrawer.tsx'
import { AlertList } from './AlertList.tsx'
import { DismissDialog } from './DismissDialog.tsx'
import { type Filter, matches } from './filter.ts'
import { useHandling } from './useHandling.ts'
import './alerts.css'

export default function AlertsPage() {
  const query = useQuery(alerts(everyAlert))
  useTitle('Alerts')
  return (
    <div className="page alerts-page">
      <Answer query={query} what="alerts">
        {(all) => <Alerts all={all} />}
      </Answer>
    </div>
  )
}

function Alerts({ all }: { all: readonly Alert[] }) {
  const navigate = useNavigate()
  const openedId = useOpened()
  const opened = all.find((alert) => alert.id === openedId)
  const [filter, setFilter] = useState<Filter>({ status: 'open', severity: 'all', text: '' })
  const handling = useHandling()
  const deferred = useDeferredValue(filter)
  // What was handled just now stays where it was, marked, until the filter changes: rows must not vanish under the pointer.
  const shown = useMemo(
    () => all.filter((alert) => handling.touched.has(alert.id) || matches(alert, deferred)),
    [all, deferred, handling.touched],
  )
  const change = (part: Partial<Filter>) => {
    handling.forget()
    setFilter({ ...filter, ...part })
  }
  const open = (alert: Alert | null) =>
    void navigate({ to: '/alerts', search: alert ? { alert: alert.id } : {}, replace: true })

  return (
    <>
      <header className="page-head">
        <h1>Alerts</h1>
        <div className="page-tools">
          <Segmented
            label="Status"
            value={filter.status}
            onChange={(status) => change({ status })}
            options={[
              { value: 'open', label: 'Open' },
              { value: 'acknowledged', label: 'Acknowledged' },
              { value: 'dismissed', label: 'Dismissed' },
              { value: 'all', label: 'All' },
            ]}
          />
          <select
            className="input alerts-severity"
            aria-label="Severity"
            value={filter.severity}
            onChange={(event) => change({ severity: event.target.value as Filter['severity'] })}
          >
            <option value="all">Any severity</option>
            {(['P1', 'P2', 'P3', 'P4', 'P5'] as const).map((level) => (
              <option key={level}>{level}</option>
            ))}
          </select>
          <input
            className="input alerts-search"
            type="search"
            aria-label="Find in alerts"
            placeholder="Find"
            value={filter.text}
            onChange={(event) => change({ text: event.target.value })}
          />
          <span className="muted small alerts-count" role="status">
            {count(shown.length, 'alert')}
          </span>
        </div>
      </header>
      <AlertList alerts={shown} total={all.length} handling={handling} onOpen={open} />
      {handling.dismissing && (
        <DismissDialog
          alert={handling.dismissing}
          onDismiss={handling.dismiss}
          onClose={() => handling.askDismiss(null)}
        />
      )}
      {opened && <AlertDrawer alert={opened} handling={handling} onClose={() => open(null)} />}
    </>
  )
}

function useOpened(): string | undefined {
  return useSearch({ from: '/alerts' }).alert
}
