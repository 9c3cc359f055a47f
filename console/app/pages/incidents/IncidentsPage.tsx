import { useQuery } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { useState } from 'react'
import { Answer } from '../../api/Answer.tsx'
import type { IncidentSummary } from '../../api/contract.ts'
import { incidents } from '../../api/queries.ts'
import { Empty } from '../../ui/Panel.tsx'
import { Segmented } from '../../ui/Segmented.tsx'
import { useRowKeys } from '../../ui/useRowKeys.ts'
import { useTitle } from '../../ui/useTitle.ts'
import { IncidentRow } from './IncidentRow.tsx'
import { isOpen } from './state.ts'

export default function IncidentsPage() {
  const query = useQuery(incidents)
  const [show, setShow] = useState<'all' | 'open' | 'over'>('all')
  useTitle('Incidents')
  const open = query.data?.filter(isOpen).length
  return (
    <div className="page">
      <header className="page-head">
        <h1>Incidents</h1>
        <Segmented
          label="Show"
          value={show}
          onChange={setShow}
          options={[
            { value: 'all', label: 'All' },
            { value: 'open', label: 'Open', ...(open === undefined ? {} : { count: open }) },
            { value: 'over', label: 'Over' },
          ]}
        />
      </header>
      <Answer query={query} what="incidents">
        {(all) => (
          <IncidentList
            incidents={all.filter((each) => show === 'all' || isOpen(each) === (show === 'open')).sort(openFirst)}
          />
        )}
      </Answer>
    </div>
  )
}

function IncidentList({ incidents: shown }: { incidents: readonly IncidentSummary[] }) {
  const navigate = useNavigate()
  const selected = useRowKeys(shown.length, (index) => {
    const incident = shown[index]
    if (incident) void navigate({ to: '/incidents/$id', params: { id: incident.id } })
  })
  if (shown.length === 0)
    return (
      <div className="panel">
        <Empty title="No incidents here." code="npm run demo">
          An incident is declared when an alert is severe enough. The demo stages an attack on a local chain, so that
          everyone has seen this page before the day it matters.
        </Empty>
      </div>
    )
  return (
    <ul className="cards" aria-label="Incidents">
      {shown.map((incident, index) => (
        <li key={incident.id} data-testid="incident-row">
          <IncidentRow incident={incident} isSelected={index === selected} />
        </li>
      ))}
    </ul>
  )
}

function openFirst(a: IncidentSummary, b: IncidentSummary): number {
  return Number(isOpen(b)) - Number(isOpen(a)) || b.declaredAt.localeCompare(a.declaredAt)
}
