import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { Answer } from '../../api/Answer.tsx'
import { count, words } from '../../api/format.ts'
import { alerts } from '../../api/queries.ts'
import { Severity } from '../../ui/Badge.tsx'
import { Empty, Panel } from '../../ui/Panel.tsx'
import { When } from '../../ui/When.tsx'

/** The newest few; the rest is one click away. */
export function LastAlerts() {
  const query = useQuery(alerts(8))
  return (
    <Panel
      title="Last alerts"
      flush
      actions={
        <Link to="/alerts" className="link small">
          All alerts
        </Link>
      }
    >
      <Answer query={query} what="alerts">
        {(all) => (
          <>
            {all.length === 0 && (
              <Empty title="No alerts yet.">
                Detectors look at every block; what deserves a person’s attention comes here.
              </Empty>
            )}
            <ul className="rows rows-tight">
              {all.map((alert) => (
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
                      <span>{alert.system}</span>
                      <span>{count(alert.findingCount, 'finding')}</span>
                      <When at={alert.lastAt} />
                    </p>
                  </div>
                </li>
              ))}
            </ul>
          </>
        )}
      </Answer>
    </Panel>
  )
}
