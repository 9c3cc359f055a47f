/** Whether everything that must work tonight would work now, in one line for each kind of thing. Pure. */
import type { Readiness } from '../../api/contract.ts'
import { count } from '../../api/format.ts'

export type Verdict = {
  readonly name: string
  readonly isReady: boolean
  readonly word: string
  readonly problems: readonly string[]
}

export function verdictsOf(readiness: Readiness): Verdict[] {
  const { chains, channels, actions, detectors, people } = readiness
  const stale = chains.filter((chain) => chain.stale || chain.problem !== null)
  const silent = channels.filter((channel) => channel.dead > 0 || channel.lastError !== null)
  const unready = actions.filter((action) => !action.ready)
  const erring = detectors.filter((detector) => detector.errors > 0)
  return [
    {
      name: 'Chains',
      isReady: stale.length === 0 && chains.length > 0,
      word: chains.length === 0 ? 'none is watched' : `${chains.length - stale.length} of ${chains.length} fresh`,
      problems: stale.map((chain) => `${chain.name}: ${chain.problem ?? 'no new block was evaluated'}`),
    },
    {
      name: 'Actions',
      isReady: unready.length === 0 && actions.length > 0,
      word: actions.length === 0 ? 'none is prepared' : `${actions.length - unready.length} of ${actions.length} ready`,
      problems: unready.map((action) => `${action.action}: ${action.reason ?? 'not ready'}`),
    },
    {
      name: 'Channels',
      isReady: silent.length === 0 && channels.length > 0,
      word:
        channels.length === 0
          ? 'none is set up'
          : `${channels.length - silent.length} of ${channels.length} delivering`,
      problems: silent.map(
        (channel) => `${channel.name}: ${channel.lastError ?? `${count(channel.dead, 'message')} undelivered`}`,
      ),
    },
    {
      name: 'Detectors',
      isReady: erring.length === 0 && detectors.length > 0,
      word:
        detectors.length === 0
          ? 'none is running'
          : erring.length === 0
            ? `${detectors.length} without errors`
            : `${erring.length} of ${detectors.length} with errors`,
      problems: erring.map((detector) => `${detector.name} on ${detector.system}: ${count(detector.errors, 'error')}`),
    },
    {
      name: 'People',
      isReady: people.length > 0,
      word: people.length === 0 ? 'nobody is named' : `${people.length} named`,
      problems: [],
    },
  ]
}
