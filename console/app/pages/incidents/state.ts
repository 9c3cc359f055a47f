/** The state of an incident as a person says it: are we bleeding? */
import type { IncidentStatus, IncidentSummary } from '../../api/contract.ts'
import { group } from '../../api/format.ts'
import type { Tone } from '../../ui/Badge.tsx'
import type { IconName } from '../../ui/Icon.tsx'

export type Phase = {
  readonly name:
    | 'bleeding'
    | 'at_risk'
    | 'contained'
    | 'unverified'
    | 'eradicated'
    | 'recovering'
    | 'monitoring'
    | 'resolved'
    | 'post_incident'
    | 'closed'
    | 'false_positive'
    | 'duplicate'
    | 'cancelled'
  readonly word: string
  readonly tone: Tone
  readonly icon: IconName
  readonly sentence: string
}

const over: readonly IncidentStatus[] = [
  'resolved',
  'post_incident',
  'closed',
  'false_positive',
  'duplicate',
  'cancelled',
]

export function isOpen({ status }: Pick<IncidentSummary, 'status'>): boolean {
  return !over.includes(status)
}

/** Whether money may still be leaving. */
export function isUncontained({ status }: Pick<IncidentSummary, 'status'>): boolean {
  return status === 'detected' || status === 'triage' || status === 'active'
}

type Facts = Pick<IncidentSummary, 'status' | 'containedBlock' | 'losses'>

/** The status decides, not the dates: an incident taken back to active is bleeding again, whatever was once verified. */
export function phaseOf(incident: Facts): Phase {
  if (isUncontained(incident)) return incident.losses.some(({ units }) => BigInt(units) > 0n) ? bleeding : atRisk
  if (incident.status === 'contained')
    return incident.containedBlock === null ? unverified : contained(incident.containedBlock)
  return {
    name: incident.status as Exclude<IncidentStatus, 'detected' | 'triage' | 'active' | 'contained'>,
    ...(later[incident.status] ?? later.closed),
  } as Phase
}

const bleeding: Phase = {
  name: 'bleeding',
  word: 'Bleeding',
  tone: 'red',
  icon: 'bleeding',
  sentence: 'Assets are leaving. Nothing has stopped it yet.',
}
const atRisk: Phase = {
  name: 'at_risk',
  word: 'At risk',
  tone: 'orange',
  icon: 'open',
  sentence: 'Not contained. No loss measured so far.',
}
const unverified: Phase = {
  name: 'unverified',
  word: 'Contained',
  tone: 'amber',
  icon: 'shield',
  sentence: 'Declared contained by a person. Not verified on chain.',
}

function contained(block: string): Phase {
  return {
    name: 'contained',
    word: 'Contained',
    tone: 'green',
    icon: 'shield',
    sentence: `Verified on chain at block ${group(block)}. No further loss this way.`,
  }
}

const later: Record<string, Omit<Phase, 'name'>> = {
  eradicated: { word: 'Eradicated', tone: 'green', icon: 'shield', sentence: 'The way in is closed for good.' },
  recovering: {
    word: 'Recovering',
    tone: 'blue',
    icon: 'recovering',
    sentence: 'Service and funds are being restored.',
  },
  monitoring: { word: 'Monitoring', tone: 'blue', icon: 'eye', sentence: 'Restored. Watching for a return.' },
  resolved: { word: 'Resolved', tone: 'green', icon: 'check', sentence: 'Over. The post-mortem comes next.' },
  post_incident: { word: 'Post-incident', tone: 'grey', icon: 'note', sentence: 'Being written up.' },
  closed: { word: 'Closed', tone: 'grey', icon: 'closed', sentence: 'Nothing is left to do.' },
  false_positive: { word: 'False alarm', tone: 'grey', icon: 'cross', sentence: 'What was seen was no attack.' },
  duplicate: { word: 'Duplicate', tone: 'grey', icon: 'copy', sentence: 'Another incident covers this.' },
  cancelled: { word: 'Cancelled', tone: 'grey', icon: 'cross', sentence: 'Called off.' },
}
