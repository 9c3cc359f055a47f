import { Link } from '@tanstack/react-router'
import { memo } from 'react'
import type { Alert } from '../../api/contract.ts'
import { count, words } from '../../api/format.ts'
import { Severity } from '../../ui/Badge.tsx'
import { Button } from '../../ui/Button.tsx'
import { When } from '../../ui/When.tsx'
import type { Handling } from './useHandling.ts'

type Props = {
  readonly alert: Alert
  readonly isSelected: boolean
  readonly handling: Handling
  readonly onOpen: (alert: Alert) => void
}

export const AlertRow = memo(function AlertRow({ alert, isSelected, handling, onOpen }: Props) {
  return (
    <div
      className={`alert alert-${alert.status}`}
      data-selected={isSelected || undefined}
      data-testid="alert-row"
      data-status={alert.status}
    >
      <Severity level={alert.severity} />
      <button
        type="button"
        className="alert-title"
        data-tip={alert.title.length > 60 ? alert.title : undefined}
        onClick={() => onOpen(alert)}
      >
        {alert.title}
      </button>
      <span className="alert-system muted">{alert.system}</span>
      <span className="alert-findings muted">{count(alert.findingCount, 'finding')}</span>
      <span className="alert-last muted">
        <When at={alert.lastAt} />
      </span>
      <span className="alert-status">
        {alert.status === 'open' ? <AlertActions alert={alert} handling={handling} /> : <Handled alert={alert} />}
        {alert.incidentId && (
          <Link to="/incidents/$id" params={{ id: alert.incidentId }} className="link small mono alert-incident">
            {alert.incidentId}
          </Link>
        )}
      </span>
    </div>
  )
})

export function AlertActions({ alert, handling }: { alert: Alert; handling: Handling }) {
  return (
    <span className="alert-actions">
      <Button size="small" kind="quiet" onClick={() => handling.acknowledge(alert)}>
        Acknowledge
      </Button>
      <Button size="small" kind="quiet" onClick={() => handling.askDismiss(alert)}>
        Dismiss
      </Button>
    </span>
  )
}

export function Handled({ alert }: { alert: Alert }) {
  return (
    <span className="muted small" data-tip={alert.handledReason || undefined}>
      {words(alert.status)}
      {alert.handledBy && ` by ${alert.handledBy.replace(/^person:/, '')}`}
    </span>
  )
}
