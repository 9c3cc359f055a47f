import type { Readiness } from '../../api/contract.ts'
import { Address } from '../../ui/Address.tsx'
import { Empty, Panel } from '../../ui/Panel.tsx'
import { examples } from '../examples.ts'

export function PeoplePanel({ people }: { people: Readiness['people'] }) {
  return (
    <Panel title="People" count={people.length || undefined} flush>
      {people.length === 0 && <Empty title="Nobody is named." code={examples.people} />}
      <ul className="rows rows-tight">
        {people.map((person) => (
          <li key={person.id} className="row">
            <div className="row-main row-line">
              <span className="row-title">{person.name}</span>
              <span className="muted small">{person.roles.join(', ').replaceAll('_', ' ')}</span>
            </div>
            {person.address && <Address id={person.address} />}
          </li>
        ))}
      </ul>
    </Panel>
  )
}
