import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { Answer } from '../../api/Answer.tsx'
import type { Alert } from '../../api/contract.ts'
import { findings } from '../../api/queries.ts'
import { Severity } from '../../ui/Badge.tsx'
import { Dialog } from '../../ui/Dialog.tsx'
import { Empty } from '../../ui/Panel.tsx'
import { When } from '../../ui/When.tsx'
import { FindingList } from '../incidents/Findings.tsx'
import { AlertActions, Handled } from './AlertRow.tsx'
import type { Handling } from './useHandling.ts'

/** One alert with the findings behind it. */
export function AlertDrawer({ alert, handling, onClose }: { alert: Alert; handling: Handling; onClose: () => void }) {
  const query = useQuery(findings(alert.id))
  return (
    <Dialog title={alert.title} onClose={onClose} side>
      <p className="row-meta">
        <Severity level={alert.severity} />
        <span>{alert.system}</span>
        <span className="mono">{alert.id}</span>
        <span>
          first <When at={alert.firstAt} />, last <When at={alert.lastAt} />
        </span>
        {alert.incidentId && (
          <Link to="/incidents/$id" params={{ id: alert.incidentId }} className="link mono">
            {alert.incidentId}
          </Link>
        )}
      </p>
      {alert.status === 'open' ? <AlertActions alert={alert} handling={handling} /> : <Handled alert={alert} />}
      {alert.handledReason && <p>{alert.handledReason}</p>}
      <section aria-label="Findings" className="panel">
        <Answer query={query} what="findings">
          {(all) =>
            all.length === 0 ? <Empty title="No findings are kept for this alert." /> : <FindingList findings={all} />
          }
        </Answer>
      </section>
    </Dialog>
  )
}
