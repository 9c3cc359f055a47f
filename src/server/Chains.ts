/** Opens the chains of the configuration, and goes on trying where one is out of reach at the start. */
import * as Errors from '../base/Errors.ts'
import type { Log } from '../base/Log.ts'
import type * as Caip from '../chain/Caip.ts'
import * as Chain from '../chain/Chain.ts'
import * as Record from '../chain/Record.ts'
import type * as Context from '../playbook/Context.ts'
import * as Config from './Config.ts'

export type Opener = (name: string) => Promise<Chain.Chain>

/** A chain that was out of reach at the start. */
export type Late = {
  readonly name: string
  readonly staleAfterMs: number
  /** Why chains are not connected, by name. */
  readonly unreachable: Map<string, string>
  readonly signal: AbortSignal
}

/** Between attempts to reach a chain, at first and at most, in milliseconds. */
const firstWaitMs = 1_000
const longestWaitMs = 15_000

/** What opens a chain by its name in the configuration. */
export function opener(
  { chains }: Config.Config,
  { database, log, clock, random }: Pick<Context.Context, 'database' | 'log' | 'clock'> & { random: () => number },
): Opener {
  return async (name) => {
    const { id, rpc, genesisHash, checkBloom } = chains[name] as Config.Config['chains'][string]
    return Chain.open({
      name,
      chain: id as Caip.ChainId,
      // Another chain under the same id must not pass for the one that was watched so far.
      genesisHash: (genesisHash as `0x${string}` | undefined) ?? (await Record.genesis(database, id as Caip.ChainId)),
      endpoints: rpc.map(Config.endpointUrl),
      log,
      clock,
      random,
      checkBloom,
    })
  }
}

/**
 * Opens every chain. One that is out of reach does not hold up the others, as long as there is one. Throws, and leaves
 * none open, where there is none, or where one is not as configured.
 */
export async function open(
  names: readonly string[],
  opener: Opener,
  log: Log,
): Promise<{ readonly chains: Map<string, Chain.Chain>; readonly unreachable: Map<string, string> }> {
  const chains = new Map<string, Chain.Chain>()
  const failures = new Map<string, unknown>()
  await Promise.all(
    names.map(async (name) => {
      try {
        chains.set(name, await opener(name))
      } catch (thrown) {
        failures.set(name, thrown)
        log.error({ chain: name, error: Errors.messageOf(thrown) }, 'a chain cannot be watched')
      }
    }),
  )
  const thrown = [...failures.values()]
  const mistake = thrown.find((failure) => Errors.remedyOf(failure) !== 'retry')
  if (mistake !== undefined || chains.size === 0) {
    for (const chain of chains.values()) chain.close()
    throw mistake ?? thrown[0]
  }
  return { chains, unreachable: new Map([...failures].map(([name, failure]) => [name, Errors.explain(failure)])) }
}

/** Tries to open a chain until it can be and `attach` has taken it, or the signal aborts. */
export async function reach(
  { clock, log }: Pick<Context.Context, 'clock' | 'log'>,
  { name, unreachable, signal }: Late,
  opener: Opener,
  attach: (chain: Chain.Chain) => Promise<unknown>,
): Promise<void> {
  for (let wait = firstWaitMs; !signal.aborted; wait = Math.min(wait * 2, longestWaitMs)) {
    await clock.sleep(wait, signal).catch(() => undefined)
    if (signal.aborted) return
    let chain: Chain.Chain | undefined
    try {
      chain = await opener(name)
      if (signal.aborted) return chain.close()
      await attach(chain)
      unreachable.delete(name)
      return log.info({ chain: name }, 'a chain that could not be watched is watched now')
    } catch (thrown) {
      chain?.close()
      unreachable.set(name, Errors.explain(thrown))
      log.warn({ chain: name, error: Errors.messageOf(thrown) }, 'a chain cannot be watched yet; trying again')
    }
  }
}

/** Announces that a chain is not watched, once it has been out of reach for so long that it would be stale. */
export async function tell(
  { clock, log, database, announce }: Pick<Context.Context, 'clock' | 'log' | 'database' | 'announce'>,
  { name, staleAfterMs, unreachable, signal }: Late,
  since: Date,
): Promise<void> {
  // No timer runs longer than this many milliseconds.
  await clock.sleep(Math.min(staleAfterMs, 2 ** 31 - 1), signal).catch(() => undefined)
  while (!signal.aborted && unreachable.has(name)) {
    try {
      return await announce(database, {
        kind: 'alert',
        key: `unreachable:${name}:${since.toISOString()}`,
        severity: 'P2',
        incidentId: null,
        title: `The chain ${name} is out of reach since the start: nothing is being watched there`,
        facts: [
          { label: 'Chain', value: name },
          { label: 'Since', value: since.toISOString() },
          { label: 'Problem', value: unreachable.get(name) ?? 'not known' },
        ],
        path: '/',
      })
    } catch (thrown) {
      log.error({ chain: name, error: Errors.messageOf(thrown) }, 'could not tell that a chain is out of reach')
      await clock.sleep(firstWaitMs, signal).catch(() => undefined)
    }
  }
}
