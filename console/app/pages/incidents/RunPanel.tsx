import type { ApprovalSummary, Incident, Run, Step } from '../../api/contract.ts'
import { utc } from '../../api/format.ts'
import { Badge, type Tone } from '../../ui/Badge.tsx'
import { Empty, Panel } from '../../ui/Panel.tsx'
import { Prose } from '../../ui/Prose.tsx'
import { Since } from '../../ui/When.tsx'
import { examples } from '../examples.ts'
import { StepTrack } from './StepTrack.tsx'
import { Transactions } from './Transactions.tsx'
import { WaitingApproval } from './WaitingApproval.tsx'

const outcomes = {
  requested: { tone: 'grey', word: 'Requested' },
  running: { tone: 'blue', word: 'Running' },
  waiting_approval: { tone: 'amber', word: 'Waiting for approval' },
  succeeded: { tone: 'green', word: 'Succeeded' },
  failed: { tone: 'red', word: 'Failed' },
} as const satisfies Record<Run['status'], { tone: Tone; word: string }>

/** What stops it: each run of a playbook, path by path, live. */
export function RunPanel({ incident }: { incident: Incident }) {
  if (incident.runs.length === 0)
    return (
      <Panel title="What stops it">
        <Empty title="No playbook ran." code={examples.playbooks}>
          A playbook tries prepared actions in order, proves each on a fork, and asks for the approvals your policy
          wants.
        </Empty>
      </Panel>
    )
  return incident.runs.map((run) => <RunView key={run.id} run={run} />)
}

function RunView({ run }: { run: Run }) {
  const { tone, word } = outcomes[run.status]
  const waiting = run.approvals.filter((approval) => approval.status === 'waiting')
  const paths = Map.groupBy(run.steps, (step) => step.path)
  return (
    <Panel
      title="What stops it"
      count={<span data-tip={`version ${run.playbookVersion}`}>{run.playbook}</span>}
      actions={
        <>
          <span className="muted small">
            <Since at={run.startedAt} until={run.endedAt} />
          </span>
          <Badge tone={tone} data-testid="run-status">
            {word}
          </Badge>
        </>
      }
    >
      <div className="run">
        {waiting.map((approval) => (
          <WaitingApproval key={approval.id} approval={approval} />
        ))}
        {run.outcome && (
          <p className="run-outcome">
            <Prose text={run.outcome} />
          </p>
        )}
        <ol className="run-paths">
          {[...paths].map(([path, steps], index) => (
            <Path
              key={path}
              path={path}
              steps={steps}
              position={index + 1}
              action={run.approvals.find((each) => each.path === path)}
            />
          ))}
        </ol>
        <Transactions run={run} />
      </div>
    </Panel>
  )
}

function Path({
  path,
  steps,
  position,
  action,
}: {
  path: string
  steps: readonly Step[]
  position: number
  action: ApprovalSummary | undefined
}) {
  const state = stateOf(steps)
  // What a reader wants next to the steps: the one under way, else why it failed, else the last word.
  const telling =
    steps.find((step) => step.status === 'running') ??
    steps.find((step) => step.status === 'failed') ??
    steps.findLast((step) => step.status === 'done' && step.summary)
  // One path at a time matters; the others are one line each, above and below it.
  const isCurrent = state.name === 'running' || state.name === 'worked'
  return (
    <li className="path" data-testid={`path-${path}`} data-state={state.name}>
      <p className="path-head">
        <span className="path-position">{position}</span>
        <strong>{action?.action ?? path}</strong>
        {action && <code className="muted">{path}</code>}
        {!isCurrent && <StepTrack path={path} steps={steps} compact />}
        <span className={`path-state ink-${state.tone}`}>
          {state.name === 'idle' && position > 1 ? 'fallback, not needed so far' : state.word}
        </span>
      </p>
      {isCurrent && <StepTrack path={path} steps={steps} />}
      {telling?.summary && (
        <details className="path-details">
          <summary className={telling.status === 'failed' ? 'ink-red' : ''} data-tip="Every step of this path">
            <Prose text={telling.summary} />
          </summary>
          <table className="table">
            <thead>
              <tr>
                <th>Step</th>
                <th>Status</th>
                <th>Took</th>
                <th>What happened</th>
              </tr>
            </thead>
            <tbody>
              {steps.map((step) => (
                <tr key={step.name}>
                  <td>{step.name}</td>
                  <td>{step.status}</td>
                  <td className="nowrap" data-tip={step.startedAt ? utc(step.startedAt) : undefined}>
                    {step.startedAt && step.endedAt ? took(step.startedAt, step.endedAt) : ''}
                  </td>
                  <td>{step.summary && <Prose text={step.summary} />}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </details>
      )}
    </li>
  )
}

function took(from: string, to: string): string {
  const ms = Date.parse(to) - Date.parse(from)
  return ms < 1_000 ? `${ms} ms` : `${(ms / 1_000).toFixed(1)} s`
}

function stateOf(steps: readonly Step[]): {
  name: 'failed' | 'running' | 'worked' | 'skipped' | 'idle'
  word: string
  tone: Tone
} {
  if (steps.some((step) => step.status === 'failed')) return { name: 'failed', word: 'failed, next path', tone: 'red' }
  if (steps.some((step) => step.status === 'running')) return { name: 'running', word: 'under way', tone: 'blue' }
  if (steps.find((step) => step.name === 'verify')?.status === 'done')
    return { name: 'worked', word: 'worked, verified on chain', tone: 'green' }
  if (steps.every((step) => step.status === 'skipped')) return { name: 'skipped', word: 'not needed', tone: 'grey' }
  if (steps.some((step) => step.status === 'done')) return { name: 'running', word: 'under way', tone: 'blue' }
  return { name: 'idle', word: 'not started', tone: 'grey' }
}
