import type { ActionReadiness, Readiness } from '../../api/contract.ts'
import { count } from '../../api/format.ts'
import { Icon } from '../../ui/Icon.tsx'
import { Empty, Panel } from '../../ui/Panel.tsx'
import { Prose } from '../../ui/Prose.tsx'
import { When } from '../../ui/When.tsx'
import { examples } from '../examples.ts'

/** Each action prepared in advance: would it work now? */
export function ActionsPanel({ actions }: { actions: readonly ActionReadiness[] }) {
  return (
    <Panel title="Actions" flush>
      {actions.length === 0 && (
        <Empty title="No action is prepared." code={examples.playbooks}>
          A pause that was never rehearsed fails when it counts. Prepared ones are tried on a fork again and again.
        </Empty>
      )}
      <ul className="rows">
        {actions.map((action) => (
          <li key={`${action.playbook} ${action.path}`} className="row" data-testid="action" data-ready={action.ready}>
            <span className={action.ready ? 'ink-green row-sign' : 'ink-red row-sign'}>
              <Icon name={action.ready ? 'check' : 'cross'} />
            </span>
            <div className="row-main">
              <p className="row-title">
                <Prose text={action.action} />
              </p>
              {action.reason && <p className={action.ready ? 'small muted' : 'small ink-red'}>{action.reason}</p>}
              <p className="row-meta">
                <span>{action.ready ? 'Ready' : 'Not ready'}</span>
                <span>
                  {action.playbook} / {action.path}
                </span>
                <span>
                  checked <When at={action.checkedAt} />
                </span>
              </p>
            </div>
          </li>
        ))}
      </ul>
    </Panel>
  )
}

export function DetectorsPanel({ detectors }: { detectors: Readiness['detectors'] }) {
  return (
    <Panel title="Detectors" count={detectors.length || undefined} flush>
      {detectors.length === 0 && <Empty title="No detector is running." code={examples.detectors} />}
      <ul className="rows rows-tight">
        {detectors.map((detector) => (
          <li key={`${detector.name} ${detector.chain} ${detector.system}`} className="row">
            <span className={detector.errors ? 'ink-orange row-sign' : 'ink-green row-sign'}>
              <Icon name={detector.errors ? 'incident' : 'check'} />
            </span>
            <div className="row-main row-line">
              <span className="row-title">{detector.name}</span>
              <span className="muted small">{detector.version}</span>
              <span className="muted small">{detector.system}</span>
              {detector.errors > 0 && <span className="ink-orange small">{count(detector.errors, 'error')}</span>}
            </div>
          </li>
        ))}
      </ul>
    </Panel>
  )
}
