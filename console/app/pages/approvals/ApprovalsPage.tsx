import { useQuery } from '@tanstack/react-query'
import { Link, useNavigate } from '@tanstack/react-router'
import { Answer } from '../../api/Answer.tsx'
import type { ApprovalSummary } from '../../api/contract.ts'
import { words } from '../../api/format.ts'
import { approvals } from '../../api/queries.ts'
import { Badge, type Tone } from '../../ui/Badge.tsx'
import { Empty } from '../../ui/Panel.tsx'
import { useRowKeys } from '../../ui/useRowKeys.ts'
import { useTitle } from '../../ui/useTitle.ts'
import { Countdown, When } from '../../ui/When.tsx'
import { examples } from '../examples.ts'
import { Quorum } from './Signers.tsx'
import './approval.css'

export default function ApprovalsPage() {
  const query = useQuery(approvals)
  useTitle('Approvals')
  return (
    <div className="page">
      <header className="page-head">
        <h1>Approvals</h1>
      </header>
      <Answer query={query} what="approvals">
        {(all) => <ApprovalList all={all} />}
      </Answer>
    </div>
  )
}

function ApprovalList({ all }: { all: readonly ApprovalSummary[] }) {
  const navigate = useNavigate()
  const selected = useRowKeys(all.length, (index) => {
    const approval = all[index]
    if (approval) void navigate({ to: '/approvals/$id', params: { id: approval.id } })
  })
  if (all.length === 0)
    return (
      <div className="panel">
        <Empty title="Nobody’s signature is needed." code={examples.approval}>
          A playbook asks here before it sends what your policy does not let it send alone.
        </Empty>
      </div>
    )
  return (
    <ul className="cards" aria-label="Approvals">
      {all.map((approval, index) => (
        <li key={approval.id}>
          <article
            className={`card ${approval.status === 'waiting' ? 'card-urgent tone-amber' : ''}`}
            data-selected={index === selected || undefined}
            data-testid="approval-row"
          >
            <div className="card-main">
              <p className="card-title">
                <Link to="/approvals/$id" params={{ id: approval.id }} className="card-link">
                  {approval.action}
                </Link>
              </p>
              <p className="row-meta">
                <span className="mono">{approval.incidentId}</span>
                <span>{words(approval.role)}</span>
                <When at={approval.requestedAt} />
              </p>
            </div>
            <Quorum approval={approval} />
            <Status approval={approval} />
          </article>
        </li>
      ))}
    </ul>
  )
}

const tones: Record<ApprovalSummary['status'], Tone> = {
  waiting: 'amber',
  granted: 'green',
  refused: 'red',
  expired: 'grey',
  withdrawn: 'grey',
}

function Status({ approval }: { approval: ApprovalSummary }) {
  return (
    <span className="approval-status">
      <Badge tone={tones[approval.status]}>{words(approval.status)}</Badge>
      {approval.status === 'waiting' && (
        <span className="small">
          <Countdown at={approval.expiresAt} /> left
        </span>
      )}
    </span>
  )
}
