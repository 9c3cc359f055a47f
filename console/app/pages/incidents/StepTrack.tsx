import type { Step } from '../../api/contract.ts'
import { Icon } from '../../ui/Icon.tsx'

const names = {
  precondition: 'Precondition',
  simulate: 'Simulate',
  policy: 'Policy',
  approve: 'Approve',
  sign: 'Sign',
  broadcast: 'Broadcast',
  confirm: 'Confirm',
  verify: 'Verify',
} as const
const signs = { done: 'check', failed: 'cross', skipped: 'dash' } as const

/** The steps of a path as a row of signs: each status has its own shape. `compact` leaves the names to the tip. */
export function StepTrack({
  path,
  steps,
  compact = false,
}: {
  path: string
  steps: readonly Step[]
  compact?: boolean
}) {
  return (
    <ol className={compact ? 'track track-compact' : 'track'} aria-label={`Steps of ${path}`}>
      {steps.map((step) => (
        <li
          key={step.name}
          className={`track-step track-${step.status}`}
          data-testid={`step-${path}-${step.name}`}
          data-status={step.status}
          data-tip={compact ? `${names[step.name]}: ${step.summary ?? step.status}` : (step.summary ?? undefined)}
        >
          <span className="track-sign" aria-hidden="true">
            {step.status in signs && <Icon name={signs[step.status as keyof typeof signs]} size={compact ? 8 : 12} />}
          </span>
          <span className={compact ? 'visually-hidden' : 'track-name'}>{names[step.name]}</span>
          <span className="visually-hidden">: {step.status}</span>
        </li>
      ))}
    </ol>
  )
}
