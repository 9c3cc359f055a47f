import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import type { Approval } from '../../api/contract.ts'
import { incident } from '../../api/queries.ts'
import { buttonClass } from '../../ui/Button.tsx'
import { Notice, Panel } from '../../ui/Panel.tsx'
import { Prose } from '../../ui/Prose.tsx'
import { StepTrack } from '../incidents/StepTrack.tsx'
import { Transactions } from '../incidents/Transactions.tsx'

const outcomes = {
  granted: { tone: 'green', title: 'Granted. Firebreak is sending it.' },
  refused: { tone: 'red', title: 'Refused. It will not be sent.' },
  expired: { tone: 'grey', title: 'Expired before enough people signed.' },
  withdrawn: { tone: 'grey', title: 'Withdrawn: it is no longer needed.' },
} as const

/** After the signature: signed → sent → included → verified, live. */
export function Aftermath({ approval }: { approval: Approval }) {
  const run = useQuery(incident(approval.incidentId)).data?.runs.find((each) => each.id === approval.runId)
  if (approval.status === 'waiting') return null
  const steps = run?.steps.filter((step) => step.path === approval.path) ?? []
  const isVerified = steps.find((step) => step.name === 'verify')?.status === 'done'
  const { tone, title } = outcomes[approval.status]
  return (
    <>
      <div data-testid="approval-outcome" data-status={approval.status}>
        <Notice tone={tone} title={isVerified ? 'Done, and verified on chain.' : title}>
          {run?.outcome && <Prose text={run.outcome} />}
        </Notice>
      </div>
      {approval.status === 'granted' && run && (
        <Panel title="What happens now">
          <div className="aftermath">
            <StepTrack path={approval.path} steps={steps} />
            <Transactions run={run} />
          </div>
        </Panel>
      )}
      <Link
        to="/incidents/$id"
        params={{ id: approval.incidentId }}
        className={buttonClass('primary', 'large', 'sign-button')}
      >
        Go to {approval.incidentId}
      </Link>
    </>
  )
}
