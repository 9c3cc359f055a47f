import { useQuery } from '@tanstack/react-query'
import type { TimelineEntry } from '../../api/contract.ts'
import { words } from '../../api/format.ts'
import { readiness } from '../../api/queries.ts'
import { Icon, type IconName } from '../../ui/Icon.tsx'
import { Prose } from '../../ui/Prose.tsx'
import { toast } from '../../ui/toasts.ts'
import { Values } from '../../ui/Values.tsx'
import { When } from '../../ui/When.tsx'

const icons: Record<string, IconName> = {
  finding: 'finding',
  alert: 'alert',
  transition: 'transition',
  step: 'step',
  approval: 'approval',
  transaction: 'transaction',
  message: 'message',
  note: 'note',
  exhibit: 'exhibit',
}

/** One thing that happened: when, who, what; its evidence one click away, its hash on hover, its address to share. */
export function Entry({ entry }: { entry: TimelineEntry }) {
  const isPerson = entry.actor.startsWith('person:')
  const hasDetail = Object.keys(entry.detail).length > 0
  return (
    <div className="entry-row">
      <span className={isPerson ? 'entry-sign entry-person' : 'entry-sign'} data-tip={words(entry.kind)}>
        <Icon name={icons[entry.kind] ?? 'dot'} size={14} />
      </span>
      <div className="entry-body">
        <p className="entry-meta">
          <When at={entry.at} clock />
          <Actor name={entry.actor} />
          <a
            className="entry-hash mono"
            href={`#entry-${entry.sequence}`}
            aria-label={`Permalink to entry ${entry.sequence}`}
            data-tip={`Entry ${entry.sequence}\nhash ${entry.hash}\nafter ${entry.previousHash}`}
            onClick={() => copyLink(entry.sequence)}
          >
            {entry.hash.replace(/^0x/, '').slice(0, 8)}
          </a>
        </p>
        <p className="entry-summary">
          <Prose text={entry.summary} />
        </p>
        {hasDetail && (
          <details className="entry-detail">
            <summary>Evidence</summary>
            <Values values={entry.detail} />
          </details>
        )}
      </div>
    </div>
  )
}

function copyLink(sequence: number) {
  const link = `${location.origin}${location.pathname}#entry-${sequence}`
  void navigator.clipboard?.writeText(link).then(() => toast('Link to this entry copied.'))
}

/** Who did it: a person by name, a machine by its part. */
function Actor({ name }: { name: string }) {
  const [sort, id = name] = name.split(/:(.*)/s)
  const people = useQuery({ ...readiness, select: (answer) => answer.people }).data
  const person = sort === 'person' ? people?.find((each) => each.id === id) : undefined
  return (
    <span className="entry-actor" data-tip={name}>
      <Icon name={sort === 'person' ? 'person' : 'machine'} size={12} />
      {person?.name ?? id}
    </span>
  )
}
