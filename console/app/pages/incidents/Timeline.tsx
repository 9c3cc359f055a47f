import { useCallback, useEffect, useMemo, useRef, useState } from 'react'
import type { Incident, TimelineEntry } from '../../api/contract.ts'
import { count, utcDate, words } from '../../api/format.ts'
import { Badge } from '../../ui/Badge.tsx'
import { Button } from '../../ui/Button.tsx'
import { Panel } from '../../ui/Panel.tsx'
import { Segmented } from '../../ui/Segmented.tsx'
import { useFirst } from '../../ui/useFirst.ts'
import { useHeldRows } from '../../ui/useHeldRows.ts'
import { Entry } from './Entry.tsx'
import { NoteForm } from './NoteForm.tsx'

const keyOf = (entry: TimelineEntry) => entry.sequence

/** The spine: everything that happened, by machine or by hand, in one column. */
export function Timeline({ incident }: { incident: Incident }) {
  const [kind, setKind] = useState('all')
  const [order, setOrder] = useState<'newest' | 'oldest'>('newest')
  const [isHeld, setHeld] = useState(false)
  const fresh = useFresh(incident.timeline)
  const kinds = useMemo(() => [...new Set(incident.timeline.map((entry) => entry.kind))].sort(), [incident.timeline])
  const entries = useMemo(() => {
    const chosen = incident.timeline.filter(
      (entry) => kind === 'all' || (kind === 'people' ? entry.actor.startsWith('person:') : entry.kind === kind),
    )
    return order === 'newest' ? chosen.toReversed() : chosen
  }, [incident.timeline, kind, order])
  // Rows added at the end push nothing; only the newest-first order needs holding.
  const held = useHeldRows(entries, useCallback(keyOf, []), isHeld && order === 'newest')
  const { shown, more } = useFirst(held.rows, location.hash.startsWith('#entry-') ? Number.POSITIVE_INFINITY : 200)
  useLinkedEntry(incident.timeline)

  return (
    <Panel
      title="Timeline"
      className="timeline-panel"
      count={count(incident.timeline.length, 'entry', 'entries')}
      flush
      actions={
        <Badge
          tone={incident.intact ? 'green' : 'red'}
          icon={incident.intact ? 'check' : 'incident'}
          data-testid="intact"
          data-tip={
            incident.intact
              ? 'Every entry’s hash follows from the one before, and every exhibit matches its digest.'
              : 'A hash or a digest does not match: the record was changed after the fact.'
          }
        >
          {incident.intact ? 'Intact' : 'Altered'}
        </Badge>
      }
    >
      <div className="timeline-tools no-print">
        <select
          className="input timeline-kind"
          aria-label="Kind of entry"
          value={kind}
          onChange={(event) => setKind(event.target.value)}
        >
          <option value="all">Everything</option>
          <option value="people">By people</option>
          {kinds.map((each) => (
            <option key={each} value={each}>
              {words(each)}
            </option>
          ))}
        </select>
        <Segmented
          label="Order"
          value={order}
          onChange={setOrder}
          options={[
            { value: 'newest', label: 'Newest first' },
            { value: 'oldest', label: 'Oldest first' },
          ]}
        />
      </div>
      <NoteForm incidentId={incident.id} />
      {held.waiting > 0 && (
        <Button kind="quiet" size="small" className="more-rows" onClick={held.release}>
          {count(held.waiting, 'new entry', 'new entries')}
        </Button>
      )}
      <ol
        className="timeline"
        aria-label="Timeline"
        data-testid="timeline"
        onPointerEnter={() => setHeld(true)}
        onPointerLeave={() => setHeld(false)}
      >
        {shown.map((entry, index) => {
          const above = shown[index - 1]
          return (
            <li
              key={entry.sequence}
              id={`entry-${entry.sequence}`}
              className={`entry ${fresh(entry) ? 'flash' : ''}`}
              data-testid="timeline-entry"
              data-kind={entry.kind}
            >
              {(above === undefined || utcDate(above.at) !== utcDate(entry.at)) && (
                <p className="entry-day">{utcDate(entry.at)} UTC</p>
              )}
              <Entry entry={entry} />
            </li>
          )
        })}
      </ol>
      {more && (
        <button type="button" className="more-rows more-below no-print" onClick={more.show}>
          {count(more.count, 'more entry', 'more entries')}
        </button>
      )}
    </Panel>
  )
}

/** Entries that came after the page was opened announce themselves once. */
function useFresh(timeline: readonly TimelineEntry[]): (entry: TimelineEntry) => boolean {
  const first = useRef<number | null>(null)
  first.current ??= timeline.at(-1)?.sequence ?? 0
  const since = first.current
  return (entry) => entry.sequence > since
}

/** Goes to the entry that the address names, once it is there. */
function useLinkedEntry(timeline: readonly TimelineEntry[]) {
  const done = useRef('')
  // biome-ignore lint/correctness/useExhaustiveDependencies: the entry may come with a later answer
  useEffect(() => {
    const name = location.hash.slice(1)
    if (!name.startsWith('entry-') || done.current === name) return
    const element = document.getElementById(name)
    if (!element) return
    done.current = name
    element.scrollIntoView({ block: 'center' })
    element.classList.add('flash')
  }, [timeline])
}
