import { useQuery } from '@tanstack/react-query'
import type { ApprovalSummary } from '../../api/contract.ts'
import { words } from '../../api/format.ts'
import { readiness } from '../../api/queries.ts'
import { Address } from '../../ui/Address.tsx'
import { Icon } from '../../ui/Icon.tsx'
import { Panel } from '../../ui/Panel.tsx'
import { When } from '../../ui/When.tsx'

/** Who has signed, who may still, and how many are needed. */
export function Signers({ approval }: { approval: ApprovalSummary }) {
  const people = useQuery({ ...readiness, select: (answer) => answer.people }).data
  const nameOf = (id: string) => people?.find((each) => each.id === id)?.name ?? id
  return (
    <Panel title="Who signs" count={`${words(approval.role)}: ${grants(approval)} of ${approval.threshold}`}>
      <ul className="signers">
        {approval.decisions.map((decision) => (
          <li key={decision.person} className="signer">
            <span className={decision.decision === 'grant' ? 'ink-green' : 'ink-red'}>
              <Icon name={decision.decision === 'grant' ? 'check' : 'cross'} />
            </span>
            <span className="signer-name">
              <strong>{nameOf(decision.person)}</strong> {decision.decision === 'grant' ? 'signed' : 'refused'}{' '}
              <When at={decision.at} />
            </span>
            <Address id={decision.address} />
          </li>
        ))}
        {approval.candidates.map((candidate) => (
          <li key={candidate.person} className="signer">
            <span className="muted">
              <Icon name="clock" />
            </span>
            <span className="signer-name">
              <strong>{candidate.name}</strong> <span className="muted">may sign</span>
            </span>
            <Address id={candidate.address} />
          </li>
        ))}
      </ul>
    </Panel>
  )
}

/** k of n as a row of squares; the words are beside it. */
export function Quorum({ approval }: { approval: ApprovalSummary }) {
  const have = grants(approval)
  return (
    <span className="quorum" data-testid="quorum">
      <span className="quorum-marks" aria-hidden="true">
        {Array.from({ length: approval.threshold }, (_, index) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: marks are alike
          <span key={index} className={index < have ? 'quorum-have' : ''} />
        ))}
      </span>
      {have} of {approval.threshold} signed
    </span>
  )
}

function grants(approval: ApprovalSummary): number {
  return approval.decisions.filter((each) => each.decision === 'grant').length
}
