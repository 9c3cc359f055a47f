import { useQuery } from '@tanstack/react-query'
import { Answer } from '../../api/Answer.tsx'
import type { Readiness } from '../../api/contract.ts'
import { incidents, readiness } from '../../api/queries.ts'
import { Icon } from '../../ui/Icon.tsx'
import { useTitle } from '../../ui/useTitle.ts'
import { When } from '../../ui/When.tsx'
import { IncidentRow } from '../incidents/IncidentRow.tsx'
import { isOpen } from '../incidents/state.ts'
import { ActionsPanel, DetectorsPanel } from './Actions.tsx'
import { ChainsPanel } from './Chains.tsx'
import { ChannelsPanel } from './Channels.tsx'
import { LastAlerts } from './LastAlerts.tsx'
import { PeoplePanel } from './People.tsx'
import { verdictsOf } from './verdict.ts'
import './home.css'

/** What is on fire, then whether everything would work if something were. */
export default function HomePage() {
  const query = useQuery(readiness)
  useTitle('Home')
  return (
    <div className="page">
      <OpenIncidents />
      <Answer query={query} what="readiness">
        {(answer) => <ReadinessView readiness={answer} askedAt={query.dataUpdatedAt} />}
      </Answer>
    </div>
  )
}

function OpenIncidents() {
  const query = useQuery({ ...incidents, select: (all) => all.filter(isOpen) })
  return (
    <section aria-labelledby="open-incidents" className="home-section">
      <h1 id="open-incidents" className="home-title">
        Open incidents
      </h1>
      <Answer query={query} what="incidents">
        {(open) =>
          open.length === 0 ? (
            <p className="home-calm" data-testid="no-open-incidents">
              <Icon name="check" />
              No open incidents.
            </p>
          ) : (
            <ul className="cards">
              {open.map((incident) => (
                <li key={incident.id} data-testid="incident-row">
                  <IncidentRow incident={incident} />
                </li>
              ))}
            </ul>
          )
        }
      </Answer>
    </section>
  )
}

function ReadinessView({ readiness: answer, askedAt }: { readiness: Readiness; askedAt: number }) {
  const verdicts = verdictsOf(answer)
  const isReady = verdicts.every((verdict) => verdict.isReady)
  return (
    <>
      <section aria-labelledby="readiness" className="home-section" data-testid="readiness" data-ready={isReady}>
        <header className="home-head">
          <h2 id="readiness" className="home-title">
            {isReady ? 'Ready' : 'Not fully ready'}
          </h2>
          <p className="muted small">
            rules {answer.ruleSetVersion.slice(0, 12)} · running since <When at={answer.startedAt} />
          </p>
        </header>
        <ul className="verdicts-strip">
          {verdicts.map(({ name, isReady: ready, word, problems }) => (
            <li key={name} className={ready ? 'verdict-tile' : 'verdict-tile verdict-bad'}>
              <span className={ready ? 'ink-green' : 'ink-orange'}>
                <Icon name={ready ? 'check' : 'incident'} />
              </span>
              <div>
                <p className="verdict-name">{name}</p>
                <p className="verdict-word">{word}</p>
                {problems.slice(0, 2).map((problem) => (
                  <p key={problem} className="verdict-problem small">
                    {problem}
                  </p>
                ))}
                {problems.length > 2 && <p className="muted small">and {problems.length - 2} more below</p>}
              </div>
            </li>
          ))}
        </ul>
      </section>
      <div className="home-grid">
        <div className="home-column">
          <ChainsPanel chains={answer.chains} askedAt={askedAt} />
          <ActionsPanel actions={answer.actions} />
          <ChannelsPanel channels={answer.channels} />
        </div>
        <div className="home-column">
          <LastAlerts />
          <DetectorsPanel detectors={answer.detectors} />
          <PeoplePanel people={answer.people} />
        </div>
      </div>
    </>
  )
}
