import { utcTime } from '../api/format.ts'
import { useConnection } from '../api/stream.ts'
import { useClock } from '../ui/clock.ts'
import { Icon } from '../ui/Icon.tsx'

/** Says that what is shown is getting old, and since when. Waits two seconds, so that a restart does not cry wolf. */
export function ConnectionBanner() {
  const connection = useConnection()
  const since = connection.state === 'lost' ? connection.since : null
  const isLong = useClock((now) => since !== null && now - since > 2_000)
  if (since === null || !isLong) return null
  return (
    <div className="offline no-print" role="status">
      <Icon name="incident" />
      <p>
        <strong>Disconnected since {utcTime(since)} UTC.</strong> What you see is from then. Trying again.
      </p>
    </div>
  )
}
