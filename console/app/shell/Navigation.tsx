import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { askActor, useActor } from '../api/actor.ts'
import { approvals, incidents, readiness } from '../api/queries.ts'
import { useConnection } from '../api/stream.ts'
import { isOpen } from '../pages/incidents/state.ts'
import { IconButton } from '../ui/Button.tsx'
import { Icon } from '../ui/Icon.tsx'
import { type Place, places } from './places.ts'
import { chooseTheme, nextTheme, useTheme } from './theme.ts'

/** The rail on the left of wide screens. */
export function Sidebar({ onSearch }: { onSearch: () => void }) {
  const organisation = useQuery({ ...readiness, select: (answer) => answer.organisation }).data
  return (
    <nav className="sidebar no-print" aria-label="Main">
      <p className="brand">
        <img src="/favicon.svg" width="22" height="22" alt="" />
        <span>{organisation ?? 'Firebreak'}</span>
      </p>
      <button type="button" className="search-button" onClick={onSearch}>
        <Icon name="search" />
        <span>Search</span>
        <kbd className="kbd">{/Mac/.test(navigator.userAgent) ? '⌘K' : 'Ctrl K'}</kbd>
      </button>
      <ul className="places">
        {places.map((place) => (
          <li key={place.to}>
            <PlaceLink place={place} />
          </li>
        ))}
      </ul>
      <div className="sidebar-foot">
        <ActorButton />
        <div className="sidebar-state">
          <LiveMark />
          <ThemeButton />
        </div>
      </div>
    </nav>
  )
}

/** The bar under the thumb on narrow screens. */
export function TabBar() {
  return (
    <nav className="tabbar no-print" aria-label="Main">
      {places.map((place) => (
        <PlaceLink key={place.to} place={place} />
      ))}
    </nav>
  )
}

function PlaceLink({ place }: { place: Place }) {
  const count = useCount(place)
  return (
    <Link
      to={place.to}
      className="place"
      activeOptions={{ exact: place.to === '/' }}
      activeProps={{ 'aria-current': 'page' }}
    >
      <Icon name={place.icon} />
      <span>{place.label}</span>
      {count && (
        <span className={`place-count ${count.urgent ? 'place-urgent' : ''}`}>
          {count.number}
          <span className="visually-hidden"> {count.what}</span>
        </span>
      )}
    </Link>
  )
}

/** What waits for someone there. */
function useCount(place: Place): { number: number; what: string; urgent: boolean } | null {
  const open = useQuery({
    ...incidents,
    enabled: place.to === '/incidents',
    select: (all) => all.filter(isOpen).length,
  }).data
  const waiting = useQuery({
    ...approvals,
    enabled: place.to === '/approvals',
    select: (all) => all.filter((each) => each.status === 'waiting').length,
  }).data
  const dead = useQuery({
    ...readiness,
    enabled: place.to === '/outbox',
    select: (answer) => answer.channels.reduce((sum, channel) => sum + channel.dead, 0),
  }).data
  if (place.to === '/incidents' && open) return { number: open, what: 'open', urgent: true }
  if (place.to === '/approvals' && waiting) return { number: waiting, what: 'waiting', urgent: true }
  if (place.to === '/outbox' && dead) return { number: dead, what: 'undelivered', urgent: false }
  return null
}

export function ActorButton() {
  const actor = useActor()
  const people = useQuery({ ...readiness, select: (answer) => answer.people }).data
  const name = people?.find((person) => person.id === actor)?.name ?? actor
  return (
    <button type="button" className="actor-button" onClick={() => void askActor()} data-testid="actor">
      <Icon name="person" />
      <span>{name ? `Acting as ${name}` : 'Say who you are'}</span>
    </button>
  )
}

export function ThemeButton() {
  const theme = useTheme()
  const icon = theme === 'auto' ? 'auto' : theme === 'light' ? 'sun' : 'moon'
  const label = { auto: 'Theme: as the system', light: 'Theme: light', dark: 'Theme: dark' }[theme]
  return <IconButton icon={icon} label={label} onClick={() => chooseTheme(nextTheme(theme))} />
}

export function LiveMark() {
  const { state } = useConnection()
  const text = { live: 'Live', connecting: 'Connecting', lost: 'Disconnected' }[state]
  return (
    <span className={`live live-${state}`} data-testid="connection" data-state={state}>
      <span className="live-dot" aria-hidden="true" />
      {text}
    </span>
  )
}
