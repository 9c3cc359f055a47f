import type { Step } from '../../api/contract.ts'
import { Icon } from '../../ui/Icon.tsx'

const names = { precondition: 'Precondition', simulate: 'Simulate', policy: 'Policy', approve: 'Approve', sign: 'Sign', broadcast: 'Broadcast', confirm: 'Confirm', verify: 'Verify' } as const
const signs = { done: 'check', failed: 'cross', skipped: 'dash' } as const

/** The steps of a path as a row of signs: each status has its own shape. */
export function StepTrack({ path, steps }: { path: string; steps: readonly Step[] }) {
  return (
    <ol className="track" aria-label={`Steps of ${path}`}>
      {steps.map((step) => (
        <li key={step.name} className={`track-step track-${step.status}`} data-testid={`step-${path}-${step.name}`} data-status={step.status} data-tip={step.summary ?? undefined}>
          <span className="track-sign" aria-hidden="true">
            {step.status in signs && <Icon name={signs[step.status as keyof typeof signs]} size={12} />}
          </span>
          <span className="track-name">{names[step.name]}</span>
          <span className="visually-hidden">: {step.status}</span>
        </li>
      ))}
    </ol>
  )
}
