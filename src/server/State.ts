/** How the installation stands, for the home page and `firebreak check`. */
import type * as Operations from '../api/contract/Operations.ts'
import * as Id from '../base/Id.ts'
import type * as Chain from '../chain/Chain.ts'
import type { Database } from '../store/Database.ts'
import type * as Config from './Config.ts'
import type * as Watch from './Watch.ts'

/** The identifier of this installation, made on the first start and kept for good. */
export async function deploymentId(database: Database, now: Date): Promise<string> {
  await database
    .insertInto('installation')
    .values({ deployment_id: Id.random('deployment'), created_at: now })
    .onConflict((conflict) => conflict.column('only_one').doNothing())
    .execute()
  return (await database.selectFrom('installation').select('deployment_id').executeTakeFirstOrThrow()).deployment_id
}

export type Sources = {
  readonly database: Database
  readonly config: Config.Config
  readonly chains: ReadonlyMap<string, Chain.Chain>
  readonly watches: ReadonlyMap<string, Watch.Watch>
  /** Why a chain is not connected, by its name. */
  readonly unreachable: ReadonlyMap<string, string>
  readonly actions: readonly Operations.ActionReadiness[]
  readonly deploymentId: string
  readonly ruleSetVersion: string
  readonly startedAt: Date
  readonly now: Date
}

export async function readiness({
  database,
  config,
  chains,
  watches,
  unreachable,
  actions,
  deploymentId,
  ruleSetVersion,
  startedAt,
  now,
}: Sources): Promise<Operations.Readiness> {
  const errors = new Map([...watches.values()].flatMap((watch) => [...watch.health().errors]))
  return {
    organisation: config.organisation,
    deploymentId,
    ruleSetVersion,
    startedAt: startedAt.toISOString(),
    now: now.toISOString(),
    chains: Object.entries(config.chains).map(([name, { id }]) =>
      chainHealth(name, id, chains.get(name), watches.get(name), unreachable.get(name), now),
    ),
    channels: await Promise.all(
      Object.entries(config.channels ?? {}).map(([name, { kind }]) => channelHealth(database, name, kind)),
    ),
    actions: [...actions],
    detectors: config.detectors.map(({ name, version, chain, system }) => ({
      name,
      version,
      chain,
      system,
      errors: errors.get(name) ?? 0,
    })),
    people: (config.people ?? []).map(({ id, name, roles, address }) => ({ id, name, roles: [...roles], address })),
  }
}

function chainHealth(
  name: string,
  id: string,
  chain: Chain.Chain | undefined,
  watch: Watch.Watch | undefined,
  obstacle: string | undefined,
  now: Date,
): Operations.ChainHealth {
  const health = watch?.health()
  return {
    name,
    chain: chain?.key ?? id,
    head: health?.head?.toString() ?? null,
    evaluated: health?.evaluated?.toString() ?? null,
    ageMs: health?.evaluatedAt ? now.getTime() - health.evaluatedAt.getTime() : null,
    stale: health?.stale ?? true,
    endpoints: (chain?.status() ?? []).map(({ url, kind, state, latencyMs, lastError }) => ({
      url,
      kind: kind === 'ws' ? 'websocket' : 'http',
      state,
      latencyMs: latencyMs ?? null,
      lastError: lastError ?? null,
    })),
    problem: health ? health.problem : obstacle ? `not connected: ${obstacle}` : 'not connected',
  }
}

async function channelHealth(database: Database, name: string, kind: string): Promise<Operations.ChannelHealth> {
  const rows = await database
    .selectFrom('outbox')
    .select(['status', 'delivered_at', 'last_error'])
    .where('channel', '=', name)
    .orderBy('created_at', 'desc')
    .limit(5_000)
    .execute()
  const count = (status: string) => rows.filter((row) => row.status === status).length
  return {
    name,
    kind,
    waiting: count('waiting'),
    dead: count('dead'),
    lastDeliveredAt: rows.find(({ delivered_at }) => delivered_at)?.delivered_at?.toISOString() ?? null,
    lastError: rows.find(({ last_error }) => last_error)?.last_error ?? null,
  }
}
