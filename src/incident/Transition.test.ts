import { expect, test } from 'vitest'
import * as Transition from './Transition.ts'

const statuses = Object.keys(Transition.transitions) as Transition.Status[]

test('the table as a whole', () => {
  const lines = statuses.map((from) => {
    const edges = Object.entries(Transition.transitions[from]) as [Transition.Status, Transition.Edge][]
    const shown = edges.map(([to, { machine, needsReason, guards = [] }]) =>
      [to, machine ? 'machine' : '', needsReason ? 'reason' : '', ...guards].filter(Boolean).join(' '),
    )
    return `${from}: ${shown.join(', ')}`
  })
  expect(lines).toMatchInlineSnapshot(`
    [
      "detected: triage, active machine, false_positive reason no_run_in_progress, duplicate reason no_run_in_progress, cancelled reason no_run_in_progress",
      "triage: active machine, false_positive reason no_run_in_progress, duplicate reason no_run_in_progress, cancelled reason no_run_in_progress",
      "active: contained machine verified_on_chain, false_positive reason no_run_in_progress, duplicate reason no_run_in_progress, cancelled reason no_run_in_progress",
      "contained: active machine reason, eradicated reason, recovering reason, false_positive reason no_run_in_progress, duplicate reason no_run_in_progress, cancelled reason no_run_in_progress",
      "eradicated: recovering reason, active machine reason",
      "recovering: monitoring reason, active machine reason",
      "monitoring: resolved reason contained_before no_run_in_progress, active machine reason",
      "resolved: post_incident, active reason",
      "post_incident: closed reason, active reason",
      "closed: active reason",
      "false_positive: active reason",
      "duplicate: active reason",
      "cancelled: active reason",
    ]
  `)
})

test('only a read on chain makes an incident contained, and only from active', () => {
  for (const from of statuses) {
    const edge = Transition.edge(from, 'contained')
    expect(edge !== undefined).toBe(from === 'active')
    if (edge) expect(edge.guards).toContain('verified_on_chain')
  }
})

test('every status can be reached, and from every status one can come back to work', () => {
  const reach = (from: Transition.Status, seen = new Set<Transition.Status>()): Set<Transition.Status> => {
    for (const to of Object.keys(Transition.transitions[from]) as Transition.Status[])
      if (!seen.has(to)) reach(to, seen.add(to))
    return seen
  }
  const fromStart = reach('detected')
  for (const status of statuses) {
    if (status !== 'detected' && status !== 'triage') expect(reach(status).has('active'), status).toBe(true)
    if (status !== 'detected') expect(fromStart.has(status), status).toBe(true)
  }
})

test('a machine never ends an incident', () => {
  for (const from of statuses)
    for (const to of Transition.ended) expect(Transition.edge(from, to)?.machine, `${from} to ${to}`).toBeUndefined()
})
