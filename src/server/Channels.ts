/** Carries announcements from the outbox to their channels, each channel at its own pace. */

import type * as Changes from '../base/Changes.ts'
import type * as Clock from '../base/Clock.ts'
import * as Errors from '../base/Errors.ts'
import * as Json from '../base/Json.ts'
import type { Log } from '../base/Log.ts'
import type * as Channel from '../comms/Channel.ts'
import type { Announce, Announcement } from '../incident/Announcement.ts'
import type { Database } from '../store/Database.ts'
import * as Outbox from '../store/Outbox.ts'

export type Options = {
  readonly database: Database
  readonly channels: Readonly<Record<string, Channel.Channel>>
  readonly consoleUrl: () => string
  readonly clock: Clock.Clock
  readonly random: () => number
  readonly log: Log
  readonly changes: Changes.Changes
}

/** How often the outbox is looked at where nothing rings, in milliseconds. */
const pollMs = 1_000

/** Puts an announcement into the outbox once for each channel, in the caller's transaction. */
export function announcer(names: readonly string[], now: () => Date): Announce {
  return (connection, announcement) => {
    const drafts = names.map((channel) => ({
      channel,
      kind: announcement.kind,
      key: announcement.key,
      summary: `${announcement.severity} ${announcement.title}`,
      payload: announcement,
    }))
    return Outbox.put(connection, drafts, now())
  }
}

/**
 * Tells the other channels that one no longer gets through: once, until it has delivered something again, however many of
 * its messages are given up meanwhile. A channel is never told about itself.
 */
export function obituary(names: readonly string[], now: () => Date): Outbox.Bury {
  return async (connection, { channel, summary }, lastDelivered) => {
    const others = names.filter((name) => name !== channel)
    const since = lastDelivered?.toISOString() ?? 'never'
    await announcer(others, now)(connection, {
      kind: 'failed',
      key: `undeliverable:${channel}:${since}`,
      severity: 'P2',
      incidentId: null,
      title: `Channel ${channel} does not get through: a message was given up on`,
      facts: [
        { label: 'Message', value: summary },
        { label: 'Last delivered', value: since },
      ],
      path: '/outbox',
    })
  }
}

/** Delivers until stopped. */
export function start({ database, channels, consoleUrl, clock, random, log, changes }: Options): {
  readonly stop: () => Promise<void>
} {
  const stopping = new AbortController()
  const bells = new Set<() => void>()
  const unsubscribe = changes.subscribe(() => {
    for (const ring of bells) ring()
  })
  const bury = obituary(Object.keys(channels), clock.now)
  const loops = Object.entries(channels).map(async ([name, channel]) => {
    const deliver: Outbox.Deliver = (message) =>
      channel.deliver({
        announcement: Json.decode(message.payload) as unknown as Announcement,
        idempotencyKey: message.idempotency_key,
        consoleUrl: consoleUrl(),
        now: clock.now(),
      })
    while (!stopping.signal.aborted) {
      try {
        const delivered = await Outbox.drain(database, name, deliver, clock, random, bury)
        if (delivered > 0) changes.publish({ noun: 'outbox', id: name, incidentId: null, at: clock.now() })
      } catch (thrown) {
        log.error({ channel: name, error: Errors.messageOf(thrown) }, 'the outbox could not be read')
      }
      await new Promise<void>((resolve) => {
        const timer = setTimeout(done, pollMs)
        function done() {
          clearTimeout(timer)
          bells.delete(done)
          resolve()
        }
        bells.add(done)
        if (stopping.signal.aborted) done()
      })
    }
  })
  return {
    stop: async () => {
      stopping.abort()
      unsubscribe()
      for (const ring of bells) ring()
      await Promise.all(loops)
    },
  }
}
