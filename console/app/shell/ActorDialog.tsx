import { useQuery } from '@tanstack/react-query'
import { chooseActor, dismissQuestion, useActor, useIsAsking } from '../api/actor.ts'
import { readiness } from '../api/queries.ts'
import { examples } from '../pages/examples.ts'
import { Dialog } from '../ui/Dialog.tsx'
import { Empty } from '../ui/Panel.tsx'

/** Asks who acts at this device. The name is written into the timeline beside what they do. */
export function ActorDialog() {
  const isAsking = useIsAsking()
  const actor = useActor()
  const people = useQuery({ ...readiness, enabled: isAsking }).data?.people
  if (!isAsking) return null
  return (
    <Dialog title="Who is acting?" onClose={dismissQuestion}>
      <p className="muted">Your name goes into the timeline beside what you do here. This device remembers it.</p>
      {people?.length === 0 && <Empty title="The configuration names nobody yet." code={examples.people} />}
      <ul className="choices">
        {people?.map((person, index) => (
          <li key={person.id}>
            <button
              type="button"
              data-first={index === 0 || undefined}
              className="choice"
              aria-pressed={person.id === actor}
              onClick={() => chooseActor(person.id)}
            >
              <span>{person.name}</span>
              <span className="muted small">{person.roles.join(', ').replaceAll('_', ' ')}</span>
            </button>
          </li>
        ))}
      </ul>
    </Dialog>
  )
}
