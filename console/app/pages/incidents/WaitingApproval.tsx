import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import type { ApprovalSummary } from '../../api/contract.ts'
import { words } from '../../api/format.ts'
import { approval as approvalQuery } from '../../api/queries.ts'
import { buttonClass } from '../../ui/Button.tsx'
import { Icon } from '../../ui/Icon.tsx'
import { Prose } from '../../ui/Prose.tsx'
import { Countdown } from '../../ui/When.tsx'

/** The one thing to do: what it stops, what it costs, who is missing, and the way to sign it. */
export function WaitingApproval({ approval }: { approval: ApprovalSummary }) {
  const simulation = useQuery(approvalQuery(approval.id)).data?.simulation
  const granted = approval.decisions.filter((each) => each.decision === 'grant').length
  return (
    <div className="waiting" data-testid="waiting-approval">
      <div className="waiting-what">
        <p className="waiting-title">{approval.action}</p>
        {simulation?.stopsAttack === true && (
          <p className="ink-green">
            <Icon name="check" /> Stops the attack: replayed after it, the attack fails.
          </p>
        )}
        {simulation?.stopsAttack === false && (
          <p className="ink-red">
            <Icon name="cross" /> Does not stop the attack in the dry run.
          </p>
        )}
        {simulation && simulation.effects.length > 0 && (
          <ul className="effects">
            {simulation.effects.map((effect) => (
              <li key={effect}>
                <span>
                  <Prose text={effect} />
                </span>
              </li>
            ))}
          </ul>
        )}
      </div>
      <div className="waiting-do">
        <p>
          <strong>
            {granted} of {approval.threshold}
          </strong>{' '}
          signed · {words(approval.role)}
        </p>
        <p className="muted small">
          {approval.candidates.length > 0
            ? `can sign: ${approval.candidates.map((each) => each.name).join(', ')}`
            : 'nobody is left who may sign'}
        </p>
        <Link
          to="/approvals/$id"
          params={{ id: approval.id }}
          className={buttonClass('primary', 'large')}
          data-testid="approve"
        >
          <Icon name="approval" />
          Review and sign
        </Link>
        <p className="muted small">
          expires in <Countdown at={approval.expiresAt} />
        </p>
      </div>
    </div>
  )
}
