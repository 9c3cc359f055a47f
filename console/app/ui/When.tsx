import { countdown, duration, relative, utc, utcTime } from '../api/format.ts'
import { useClock } from './clock.ts'

/** An instant, as its age; the exact UTC time on hover. `clock` puts the UTC time first, for records. */
export function When({ at, clock = false }: { at: string; clock?: boolean }) {
  const age = useClock((now) => relative(at, now))
  return (
    <time className="when" dateTime={at} data-tip={clock ? `${utc(at)}\n${age}` : utc(at)}>
      {clock ? (
        <>
          {utcTime(at)} <span className="muted">{age}</span>
        </>
      ) : (
        age
      )}
    </time>
  )
}

/** How long since `at`, running. */
export function Since({ at, until }: { at: string; until?: string | null }) {
  const text = useClock((now) => duration((until ? Date.parse(until) : now) - Date.parse(at)))
  return (
    <time className="when" data-tip={until ? `${utc(at)} to ${utc(until)}` : `since ${utc(at)}`}>
      {text}
    </time>
  )
}

/** Time left until `at`, running; in words once it is over. */
export function Countdown({ at }: { at: string }) {
  const text = useClock((now) => (Date.parse(at) <= now ? 'expired' : countdown(Date.parse(at) - now)))
  return (
    <time className="when" dateTime={at} data-tip={utc(at)}>
      {text}
    </time>
  )
}
