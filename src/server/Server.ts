/** Configuration in, running process out: wires every part, starts them in order, stops them in reverse. */
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { serve } from '@hono/node-server'
import * as Api from '../api/Api.ts'
import type * as Operations from '../api/contract/Operations.ts'
import * as Changes from '../base/Changes.ts'
import * as Clock from '../base/Clock.ts'
import * as Duration from '../base/Duration.ts'
import * as Errors from '../base/Errors.ts'
import type { Log } from '../base/Log.ts'
import * as Caip from '../chain/Caip.ts'
import * as Chain from '../chain/Chain.ts'
import * as Record from '../chain/Record.ts'
import * as Engine from '../detector/Engine.ts'
import type * as Context from '../playbook/Context.ts'
import * as Durable from '../playbook/Durable.ts'
import type * as Policy from '../playbook/Policy.ts'
import * as Runner from '../playbook/Runner.ts'
import * as Database from '../store/Database.ts'
import * as Embedded from '../store/Embedded.ts'
import * as Lease from '../store/Lease.ts'
import * as Channels from './Channels.ts'
import * as Config from './Config.ts'
import * as Readiness from './Readiness.ts'
import * as Runs from './Runs.ts'
import * as State from './State.ts'
import * as Token from './Token.ts'
import * as Watch from './Watch.ts'

export type Options = {
  readonly config: Config.Config
  /** Where the token and, without a URL, the database are kept. */
  readonly dataDirectory: string
  /** An external PostgreSQL 15 or later; the embedded one if left out. */
  readonly databaseUrl?: string | undefined
  /** The embedded database lives only as long as the server. */
  readonly ephemeral?: boolean | undefined
  readonly port?: number | undefined
  readonly log: Log
  readonly clock?: Clock.Clock | undefined
  readonly random?: (() => number) | undefined
  readonly probe?: Context.Context['probe']
}

export type Server = {
  /** Where the console and the API are, without a slash at the end. */
  readonly url: string
  readonly token: string
  readonly changes: Changes.Changes
  readonly database: Database.Database
  /** Aborts when the server may no longer work: its lease is gone. Stop at once. */
  readonly failed: AbortSignal
  readonly stop: () => Promise<void>
}

/** How often readiness is rehearsed, in milliseconds. */
const rehearsalMs = 30_000

/** Nothing may be sent where the configuration has no policy. */
const noPolicy: Policy.Policy = { allow: [], maxWeiPerTransaction: 0n }

/** Starts everything. Throws where the database, the lease or every chain is missing; then nothing is left running. */
export async function start(options: Options): Promise<Server> {
  const { config, log, clock = Clock.system, random = Math.random } = options
  const { playbooks = [], people = [], channels = {}, policy = noPolicy, detectors } = config
  const undo: (() => Promise<unknown>)[] = []
  const stop = async () => {
    for (const step of undo.splice(0).reverse())
      await step().catch((thrown: unknown) => log.error({ error: Errors.messageOf(thrown) }, 'stopping'))
  }
  try {
    const dataDirectory = resolve(options.dataDirectory)
    mkdirSync(dataDirectory, { recursive: true, mode: 0o700 })
    const token = Token.ensure(dataDirectory)
    const { url: databaseUrl, lease } = await hold(dataDirectory, options, undo)
    const database = await Database.open(databaseUrl)
    undo.push(() => database.destroy())
    const chains = await connect(config, { database, log, clock, random }, undo)
    const startedAt = clock.now()
    const deploymentId = await State.deploymentId(database, startedAt)
    const ruleSetVersion = Engine.ruleSetVersion(detectors)
    const changes = Changes.create()
    const announce = Channels.announcer(Object.keys(channels), clock.now)
    const context: Context.Context = {
      database,
      chains,
      playbooks,
      people,
      policy,
      deploymentId,
      clock,
      log,
      changes,
      announce,
      probe: options.probe,
    }

    const durable = await Durable.launch(databaseUrl, context, (steps, runId) => Runner.execute(context, steps, runId))
    undo.push(() => durable.stop())
    const runs = await Runs.start({ database, durable, log, abandon: (runId) => Runner.abandon(context, runId) })
    undo.push(() => runs.stop())

    const watches = new Map<string, Watch.Watch>()
    for (const [name, chain] of chains) {
      const own = config.chains[name]
      if (!own) continue
      const watch = await Watch.start(
        {
          database,
          clock,
          log,
          changes,
          announce,
          deploymentId,
          ruleSetVersion,
          playbooks,
          startRun: runs.begin,
          probe: options.probe,
        },
        {
          chain,
          detectors: detectors.filter((detector) => detector.chain === name),
          watched: Object.entries(config.systems).flatMap(([system, { chain: on, address, assets = [] }]) =>
            on === name ? [{ system, account: address, assets }] : [],
          ),
          start: own.start ?? 'latest',
          staleAfterMs: Duration.toMilliseconds((own.staleAfter ?? '2m') as Duration.Duration),
        },
      )
      watches.set(name, watch)
      undo.push(() => watch.stop())
    }

    let actions: readonly Operations.ActionReadiness[] = []
    const rehearse = async () => {
      actions = await Readiness.rehearse(playbooks, chains, policy, people, clock.now)
    }
    await rehearse()
    const rehearsal = setInterval(
      () =>
        void rehearse().catch((thrown: unknown) =>
          log.warn({ error: Errors.messageOf(thrown) }, 'readiness could not be rehearsed'),
        ),
      rehearsalMs,
    )
    undo.push(async () => clearInterval(rehearsal))

    const app = Api.create({
      database,
      clock,
      log,
      changes,
      people,
      chains,
      labels: labels(config, chains),
      tokenHash: createHash('sha256').update(token).digest('hex'),
      readiness: () =>
        State.readiness({
          database,
          config,
          chains,
          watches,
          actions,
          deploymentId,
          ruleSetVersion,
          startedAt,
          now: clock.now(),
        }),
      decided: ({ id, runId, path }, person) => durable.send(runId, `decision ${path}`, `${id}:${person}`),
      consoleDirectory: consoleDirectory(),
    })
    const url = await listen(app.fetch, config, options.port, undo)
    const delivery = Channels.start({
      database,
      channels,
      consoleUrl: () => config.server?.publicUrl?.replace(/\/$/, '') ?? url,
      clock,
      random,
      log,
      changes,
    })
    undo.push(() => delivery.stop())
    return { url, token, changes, database, failed: lease.lost, stop }
  } catch (thrown) {
    await stop()
    throw thrown
  }
}

/** The database, and the right to work on it. One that another server works on is left as it is. */
async function hold(
  directory: string,
  { databaseUrl, log, ephemeral }: Options,
  undo: (() => Promise<unknown>)[],
): Promise<{ url: string; lease: Lease.Lease }> {
  const postgres = databaseUrl === undefined ? await Embedded.start({ directory, log, ephemeral }) : undefined
  const url = databaseUrl ?? postgres?.url ?? ''
  try {
    const lease = await Lease.take(url)
    if (postgres) undo.push(() => (ephemeral ? postgres.remove() : postgres.stop()))
    undo.push(() => lease.release())
    return { url, lease }
  } catch (thrown) {
    // Whoever holds the lease may have adopted the database that we have only just started.
    if (postgres && !postgres.adopted && !(thrown instanceof Lease.HeldError)) await postgres.stop()
    throw thrown
  }
}

/** Opens every chain. One that cannot be reached does not hold up the others, as long as there is one. */
async function connect(
  config: Config.Config,
  { database, log, clock, random }: Pick<Context.Context, 'database' | 'log' | 'clock'> & { random: () => number },
  undo: (() => Promise<unknown>)[],
): Promise<Map<string, Chain.Chain>> {
  const chains = new Map<string, Chain.Chain>()
  const failures: unknown[] = []
  await Promise.all(
    Object.entries(config.chains).map(async ([name, { id, rpc, genesisHash, checkBloom }]) => {
      try {
        const chain = await Chain.open({
          name,
          chain: id as Caip.ChainId,
          // Another chain under the same id must not pass for the one that was watched so far.
          genesisHash:
            (genesisHash as `0x${string}` | undefined) ?? (await Record.genesis(database, id as Caip.ChainId)),
          endpoints: rpc.map(Config.endpointUrl),
          log,
          clock,
          random,
          checkBloom,
        })
        chains.set(name, chain)
        undo.push(async () => chain.close())
      } catch (thrown) {
        failures.push(thrown)
        log.error({ chain: name, error: Errors.messageOf(thrown) }, 'a chain cannot be watched')
      }
    }),
  )
  const mistake = failures.find((thrown) => Errors.remedyOf(thrown) !== 'retry')
  if (mistake !== undefined || chains.size === 0) throw mistake ?? failures[0]
  return chains
}

function labels(config: Config.Config, chains: ReadonlyMap<string, Chain.Chain>): Map<string, string> {
  const names = new Map<string, string>()
  for (const [name, chain] of chains) {
    const set = (address: `0x${string}`, label: string) => names.set(Caip.account(chain.key, address), label)
    for (const [address, label] of Object.entries(config.labels ?? {})) set(address as `0x${string}`, label)
    for (const { address, name: own } of config.people ?? []) set(address, own)
    for (const [key, { chain: on, address, label, assets = [] }] of Object.entries(config.systems)) {
      if (on !== name) continue
      for (const asset of assets) set(asset.address, asset.symbol)
      set(address, label ?? key)
    }
    for (const { attempts } of config.playbooks ?? [])
      for (const { action, by } of attempts)
        if (action.chain === name && !names.has(Caip.account(chain.key, by.caller))) set(by.caller, by.kind)
  }
  return names
}

/** The console as built: beside the sources in a clone, beside the compiled files in a package. */
function consoleDirectory(): string | undefined {
  const directory = fileURLToPath(new URL('../../console/dist', import.meta.url))
  return existsSync(join(directory, 'index.html')) ? directory : undefined
}

async function listen(
  fetch: Parameters<typeof serve>[0]['fetch'],
  config: Config.Config,
  port: number | undefined,
  undo: (() => Promise<unknown>)[],
): Promise<string> {
  const hostname = config.server?.host ?? '127.0.0.1'
  const wanted = port ?? config.server?.port ?? 4700
  return new Promise((ready, refuse) => {
    const http = serve({ fetch, hostname, port: wanted }, (address: AddressInfo) =>
      ready(`http://${hostname.includes(':') ? `[${hostname}]` : hostname}:${address.port}`),
    )
    http.once('error', (cause: Error) => refuse(new PortError(hostname, wanted, cause)))
    undo.push(
      () =>
        new Promise((closed) => {
          http.close(() => closed(undefined))
          // Streams of live updates would keep it open for ever.
          if ('closeAllConnections' in http) http.closeAllConnections()
        }),
    )
  })
}

export class PortError extends Errors.BaseError {
  override readonly name = 'Server.PortError'
  constructor(host: string, port: number, cause: Error) {
    super(`Cannot listen on ${host}:${port}.`, {
      remedy: 'config',
      cause,
      advice: 'Choose another with --port, or 0 for any free one.',
    })
  }
}
