/**
 * Which status of an incident may follow which, who may make the move and what must be shown first.
 *
 * Phases after the SEAL incident response policy (https://frameworks.securityalliance.org) and NIST SP 800-61r3;
 * containment means that no further loss is possible through the known vector, proven by a read on chain.
 */

export type Status =
  | 'detected'
  | 'triage'
  | 'active'
  | 'contained'
  | 'eradicated'
  | 'recovering'
  | 'monitoring'
  | 'resolved'
  | 'post_incident'
  | 'closed'
  | 'false_positive'
  | 'duplicate'
  | 'cancelled'

/** What must be so before a move; each reads the incident's own record. */
export type Guard = 'verified_on_chain' | 'contained_before' | 'no_run_in_progress'

export type Edge = {
  readonly label: string
  readonly guards?: readonly Guard[]
  /** A machine may make this move by itself; people always may. */
  readonly machine?: true
  /** A person must say why. */
  readonly needsReason?: true
}

const exits = {
  false_positive: { label: 'False positive', needsReason: true, guards: ['no_run_in_progress'] },
  duplicate: { label: 'Duplicate', needsReason: true, guards: ['no_run_in_progress'] },
  cancelled: { label: 'Cancel', needsReason: true, guards: ['no_run_in_progress'] },
} as const satisfies Partial<Record<Status, Edge>>

const reopen = { active: { label: 'Reopen', needsReason: true } } as const satisfies Partial<Record<Status, Edge>>

/** From → to. What is not in the table cannot happen. */
export const transitions: Readonly<Record<Status, Readonly<Partial<Record<Status, Edge>>>>> = {
  detected: { triage: { label: 'Start triage' }, active: { label: 'Declare', machine: true }, ...exits },
  triage: { active: { label: 'Declare', machine: true }, ...exits },
  active: { contained: { label: 'Contained', guards: ['verified_on_chain'], machine: true }, ...exits },
  contained: {
    // Containment can fail: a second vector, an unpause too early.
    active: { label: 'Bleeding again', needsReason: true, machine: true },
    eradicated: { label: 'Vector removed', needsReason: true },
    recovering: { label: 'Start recovery', needsReason: true },
    ...exits,
  },
  eradicated: {
    recovering: { label: 'Start recovery', needsReason: true },
    active: { label: 'Bleeding again', needsReason: true, machine: true },
  },
  recovering: {
    monitoring: { label: 'Watch', needsReason: true },
    active: { label: 'Bleeding again', needsReason: true, machine: true },
  },
  monitoring: {
    resolved: { label: 'Resolve', needsReason: true, guards: ['contained_before', 'no_run_in_progress'] },
    active: { label: 'Bleeding again', needsReason: true, machine: true },
  },
  resolved: { post_incident: { label: 'Start post-mortem' }, ...reopen },
  post_incident: { closed: { label: 'Close', needsReason: true }, ...reopen },
  closed: reopen,
  false_positive: reopen,
  duplicate: reopen,
  cancelled: reopen,
}

/** Statuses after which nothing is being worked on. */
export const ended: readonly Status[] = [
  'resolved',
  'post_incident',
  'closed',
  'false_positive',
  'duplicate',
  'cancelled',
]

/** The edge between two statuses, if there is one. */
export function edge(from: Status, to: Status): Edge | undefined {
  return transitions[from][to]
}
