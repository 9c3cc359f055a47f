import { Link } from '@tanstack/react-router'
import type { Incident } from '../../api/contract.ts'
import { count, words } from '../../api/format.ts'
import { Severity } from '../../ui/Badge.tsx'
import { Empty, Panel } from '../../ui/Panel.tsx'
import { When } from '../../ui/When.tsx'

/** The alerts that make up this incident. */
export function IncidentAlerts({ incident }: { incident: Incident }) {
  return (
    <Panel title="Alerts" count={incident.alerts.length} flush>
      {incident.alerts.length === 0 && <Empty title="No alerts: this incident was declared by hand." />}
      <ul className="rows">
        {incident.alerts.map((alert) => (
          <li key={alert.id} className="row">
            <Severity level={alert.severity} short />
            <div className="row-main">
              <p className="row-title">
                <Link to="/alerts" search={{ alert: alert.id }} className="quiet-link">
                  {alert.title}
                </Link>
              </p>
              <p className="row-meta">
                <span>{words(alert.status)}</span>
                {alert.handledBy && <span>by {alert.handledBy.replace(/^person:/, '')}</span>}
                {alert.handledReason && <span>{alert.handledReason}</span>}
                <span>{count(alert.findingCount, 'finding')}</span>
                <When at={alert.lastAt} />
              </p>
            </div>
          </li>
        ))}
      </ul>
    </Panel>
  )
}
