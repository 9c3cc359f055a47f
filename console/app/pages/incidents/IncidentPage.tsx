import { useQuery } from '@tanstack/react-query'
import { useParams } from '@tanstack/react-router'
import { useMemo, useState } from 'react'
import { Answer } from '../../api/Answer.tsx'
import type { Incident } from '../../api/contract.ts'
import { incident as incidentQuery } from '../../api/queries.ts'
import { Severity } from '../../ui/Badge.tsx'
import { Button } from '../../ui/Button.tsx'
import { useShortcuts } from '../../ui/shortcuts.ts'
import { useTitle } from '../../ui/useTitle.ts'
import { When } from '../../ui/When.tsx'
import { flowsOf } from './bleeding.ts'
import { ExhibitsPanel } from './Exhibits.tsx'
import { FindingsPanel } from './Findings.tsx'
import { HoldingsPanel } from './HoldingsPanel.tsx'
import { IncidentAlerts } from './IncidentAlerts.tsx'
import { ReportButtons } from './ReportButtons.tsx'
import { RunPanel } from './RunPanel.tsx'
import { StateBanner } from './StateBanner.tsx'
import { isUncontained, phaseOf } from './state.ts'
import { Timeline } from './Timeline.tsx'
import { TransitionDialog } from './TransitionDialog.tsx'
import './incident.css'
import './run.css'
import './timeline.css'

/** The key page. Its first screen answers: are we bleeding, how fast, what stops it, what does that cost? */
export default function IncidentPage() {
  const { id } = useParams({ from: '/incidents/$id' })
  const query = useQuery(incidentQuery(id))
  return (
    <div className="page incident-page">
      <Answer query={query} what={id}>
        {(incident) => <IncidentView incident={incident} />}
      </Answer>
    </div>
  )
}

function IncidentView({ incident }: { incident: Incident }) {
  const flows = useMemo(
    () => flowsOf(incident.holdings, incident.beganBlock, isUncontained(incident) ? null : incident.containedBlock),
    [incident],
  )
  useTitle(`${phaseOf(incident).word}: ${incident.id}`)
  return (
    <>
      <IncidentHead incident={incident} />
      <StateBanner incident={incident} flow={flows[0]} />
      <div className="incident-columns">
        <div className="incident-now">
          <RunPanel incident={incident} />
          <HoldingsPanel incident={incident} flows={flows} />
        </div>
        <div className="incident-evidence">
          <FindingsPanel incident={incident} />
          <IncidentAlerts incident={incident} />
          <ExhibitsPanel incident={incident} />
        </div>
        <Timeline incident={incident} />
      </div>
    </>
  )
}

function IncidentHead({ incident }: { incident: Incident }) {
  const [isMoving, setMoving] = useState(false)
  useShortcuts({ s: () => setMoving(true) })
  return (
    <header className="incident-head">
      <div>
        <p className="incident-id">
          <Severity level={incident.severity} />
          <span className="mono">{incident.id}</span>
          <span>{incident.system}</span>
          <span>{incident.chain.split('@')[0]}</span>
          <span>
            declared <When at={incident.declaredAt} />
          </span>
        </p>
        <h1 className={incident.title.length > 80 ? 'incident-title-long' : ''}>{incident.title}</h1>
      </div>
      <div className="page-tools no-print">
        <ReportButtons incidentId={incident.id} />
        <Button icon="transition" onClick={() => setMoving(true)} data-testid="change-state">
          Change state
        </Button>
      </div>
      {isMoving && <TransitionDialog incident={incident} onClose={() => setMoving(false)} />}
    </header>
  )
}
