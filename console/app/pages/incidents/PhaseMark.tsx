import type { IncidentSummary } from '../../api/contract.ts'
import { Badge } from '../../ui/Badge.tsx'
import { phaseOf } from './state.ts'

/** The state of an incident in lists: shape, word and colour. */
export function PhaseMark({ incident }: { incident: IncidentSummary }) {
  const phase = phaseOf(incident)
  return (
    <Badge tone={phase.tone} icon={phase.icon} data-tip={phase.sentence}>
      {phase.word}
    </Badge>
  )
}
