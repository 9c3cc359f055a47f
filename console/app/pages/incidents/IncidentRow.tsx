import { Link } from '@tanstack/react-router'
import type { IncidentSummary } from '../../api/contract.ts'
import { count, group } from '../../api/format.ts'
import { Severity } from '../../ui/Badge.tsx'
import { buttonClass } from '../../ui/Button.tsx'
import { Icon } from '../../ui/Icon.tsx'
import { Quantity } from '../../ui/Quantity.tsx'
import { Since, When } from '../../ui/When.tsx'
import { isOpen, isUncontained, phaseOf } from './state.ts'

/** One incident in a list: its state, what it cost, how long it has lasted, and whether someone is waited for. */
export function IncidentRow({ incident, isSelected = false }: { incident: IncidentSummary; isSelected?: boolean }) {
  const phase = phaseOf(incident)
  const [loss, ...others] = incident.losses
  return (
    <article
      className={`card tone-${phase.tone} ${isUncontained(incident) ? 'card-urgent' : ''}`}
      data-selected={isSelected || undefined}
    >
      <p className="card-state">
        <Icon name={phase.icon} />
        <strong>{phase.word}</strong>
      </p>
      <div className="card-main">
        <p className="card-title">
          <Link to="/incidents/$id" params={{ id: incident.id }} className="card-link">
            {incident.title}
          </Link>
        </p>
        <p className="row-meta">
          <Severity level={incident.severity} />
          <span className="mono">{incident.id}</span>
          <span>{incident.system}</span>
          <span>{count(incident.alertCount, 'alert')}</span>
          <When at={incident.declaredAt} />
        </p>
      </div>
      <dl className="card-figures">
        <div>
          <dt>{isUncontained(incident) ? 'Outflow so far' : 'Outflow'}</dt>
          <dd>
            {loss ? <Quantity {...loss} /> : 'none measured'}
            {others.length > 0 && <span className="muted"> +{others.length}</span>}
          </dd>
        </div>
        <div>
          <dt>
            {incident.containedAt && !isUncontained(incident)
              ? incident.containedBlock
                ? `Contained in ${group(incident.containedBlock)}`
                : 'Contained after'
              : isOpen(incident)
                ? 'Lasting'
                : 'Lasted'}
          </dt>
          <dd>
            <Since
              at={incident.beganAt ?? incident.declaredAt}
              until={(isUncontained(incident) ? null : incident.containedAt) ?? incident.resolvedAt}
            />
          </dd>
        </div>
      </dl>
      {incident.approvalsWaiting > 0 && (
        <Link
          to="/incidents/$id"
          params={{ id: incident.id }}
          className={`${buttonClass('primary', 'medium')} card-act`}
        >
          {count(incident.approvalsWaiting, 'approval')} waiting
        </Link>
      )}
    </article>
  )
}
