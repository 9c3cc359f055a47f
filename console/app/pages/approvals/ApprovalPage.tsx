import { useQuery } from '@tanstack/react-query'
import { Link, useParams } from '@tanstack/react-router'
import { Answer } from '../../api/Answer.tsx'
import type { Approval } from '../../api/contract.ts'
import { approval as approvalQuery } from '../../api/queries.ts'
import { Severity } from '../../ui/Badge.tsx'
import { Icon } from '../../ui/Icon.tsx'
import { Quantity } from '../../ui/Quantity.tsx'
import { useTitle } from '../../ui/useTitle.ts'
import { PhaseMark } from '../incidents/PhaseMark.tsx'
import { Aftermath } from './Aftermath.tsx'
import { Compare, WhatItDoes, WhatYouSign } from './Facts.tsx'
import { Quorum, Signers } from './Signers.tsx'
import { Signing } from './Signing.tsx'
import './approval.css'
import '../incidents/run.css'

/** One screen, one action, for a thumb: what exactly is signed, what it does, who else has signed. */
export default function ApprovalPage() {
  const { id } = useParams({ from: '/approvals/$id' })
  const query = useQuery(approvalQuery(id))
  return (
    <div className="page approval-page">
      <Answer query={query} what="the approval">
        {(approval) => <ApprovalView approval={approval} />}
      </Answer>
    </div>
  )
}

function ApprovalView({ approval }: { approval: Approval }) {
  const { incident } = approval
  useTitle(approval.status === 'waiting' ? `Sign: ${approval.action}` : `${approval.action}: ${approval.status}`)
  return (
    <>
      <header className="approval-head">
        <p className="row-meta">
          <Link to="/incidents/$id" params={{ id: incident.id }} className="back">
            <Icon name="left" />
            {incident.id}
          </Link>
          <Severity level={incident.severity} />
          <PhaseMark incident={incident} />
          {incident.losses[0] && (
            <span>
              outflow so far <Quantity {...incident.losses[0]} />
            </span>
          )}
        </p>
        <h1>{approval.action}</h1>
        <p className="row-meta">
          <span className="approval-why">{incident.title}</span>
          <Quorum approval={approval} />
        </p>
      </header>
      <div className="approval-facts">
        <WhatYouSign approval={approval} />
        <WhatItDoes approval={approval} />
        <Compare approval={approval} />
        <Signers approval={approval} />
      </div>
      <aside className="approval-do" aria-label="Your decision" data-testid="approval" data-status={approval.status}>
        <Signing approval={approval} />
        <Aftermath approval={approval} />
      </aside>
    </>
  )
}
