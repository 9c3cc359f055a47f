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
import type * as Chain from '../chain/Chain.ts'
import * as Engine from '../detector/Engine.ts'
import type * as Context from '../playbook/Context.ts'
import * as Durable from '../playbook/Durable.ts'
import type * as Policy from '../playbook/Policy.ts'
import * as Runner from '../playbook/Runner.ts'
import * as Database from '../store/Database.ts'
import * as Embedded from '../store/Embedded.ts'
import * as Lease from '../store/Lease.ts'
import * as Chains from './Chains.ts'
import * as Channels from './Channels.ts'
import type * as Config from './Config.ts'
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
/** How often a run looks whether the chain it waits for is connected, in milliseconds. */
const connectedMs = 500
/** What the API may take of the database, so that heavy pages do not keep blocks from being judged. */
const apiPool: Database.Options = { max: 6, statementTimeoutMs: 10_000 }

/** Nothing may be sent where the configuration has no policy. */
const noPolicy: Policy.Policy = { allow: [], maxWeiPerTransaction: 0n }

/**
 * Starts everything. Throws where the database, the lease or every chain is missing, and where a chain is another one
 * than configured; then nothing is left running. A chain that is merely out of reach is tried again until it is there.
 */
export async function start(options: Options): Promise<Server> {
  const { config, log, clock = Clock.system, random = Math.random } = options
  const { playbooks = [], people = [], channels = {}, policy = noPolicy, detectors } = config
  const undo: (() => Promise<unknown>)[] = []
  const stopping = new AbortController()
  const stop = async () => {
    stopping.abort()
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
    const pages = await Database.open(databaseUrl, apiPool)
    undo.push(() => pages.destroy())
    const opener = Chains.opener(config, { database, log, clock, random })
    const { chains, unreachable } = await Chains.open(Object.keys(config.chains), opener, log)
    undo.push(async () => {
      for (const chain of chains.values()) chain.close()
    })
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

    const durable = await Durable.launch(databaseUrl, context, async (steps, runId) => {
      if (unreachable.size > 0) await canAct(context, runId, stopping.signal)
      await Runner.execute(context, steps, runId)
    })
    undo.push(() => durable.stop())
    const runs = await Runs.start({ database, durable, log, abandon: (runId) => Runner.abandon(context, runId) })
    undo.push(() => runs.stop())

    const labels = new Map<string, string>()
    const watches = new Map<string, Watch.Watch>()
    undo.push(async () => void (await Promise.all([...watches.values()].map((watch) => watch.stop()))))
    const judging = { ...context, ruleSetVersion, startRun: runs.begin }
    const attach = async (name: string, chain: Chain.Chain) => {
      label(labels, config, chain)
      watches.set(name, await Watch.start(judging, watchOptions(config, name, chain)))
    }
    for (const [name, chain] of chains) await attach(name, chain)

    let actions: readonly Operations.ActionReadiness[] = []
    const rehearse = async () => {
      actions = await Readiness.rehearse(playbooks, chains, policy, people, clock.now)
    }
    await rehearse()
    const rehearseSoon = () =>
      void rehearse().catch((thrown: unknown) =>
        log.warn({ error: Errors.messageOf(thrown) }, 'readiness could not be rehearsed'),
      )
    const rehearsal = setInterval(rehearseSoon, rehearsalMs)
    undo.push(async () => clearInterval(rehearsal))

    // One at a time, and none once stopped, so that the watches that are stopped are all there are.
    let attaching: Promise<unknown> = Promise.resolve()
    undo.push(() => attaching)
    for (const name of unreachable.keys()) {
      const late = { name, unreachable, signal: stopping.signal, staleAfterMs: staleAfterMs(config, name) }
      void Chains.tell(context, late, startedAt)
      void Chains.reach(context, late, opener, (chain) => {
        chains.set(name, chain)
        const attached = attaching.then(() => attach(name, chain))
        attaching = attached.catch(() => chains.delete(name))
        return attached.then(rehearseSoon)
      })
    }

    const app = Api.create({
      database: pages,
      clock,
      log,
      changes,
      people,
      chains,
      labels,
      tokenHash: createHash('sha256').update(token).digest('hex'),
      readiness: () =>
        State.readiness({
          database: pages,
          config,
          chains,
          watches,
          unreachable,
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

/**
 * Resolves once a run has a chain to act on: it is not given up for want of an endpoint. Never resolves once stopped; the
 * next start resumes the run.
 */
async function canAct(
  { database, chains, playbooks, clock, log }: Context.Context,
  runId: string,
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    try {
      const run = await database.selectFrom('run').select('playbook').where('id', '=', runId).executeTakeFirst()
      const attempts = playbooks.find(({ name }) => name === run?.playbook)?.attempts ?? []
      if (attempts.length === 0 || attempts.some(({ action }) => chains.has(action.chain))) return
    } catch (thrown) {
      log.warn({ run: runId, error: Errors.messageOf(thrown) }, 'the chain of a run could not be looked up')
    }
    await clock.sleep(connectedMs, signal).catch(() => undefined)
  }
  return new Promise(() => {})
}

function staleAfterMs({ chains }: Config.Config, name: string): number {
  return Duration.toMilliseconds((chains[name]?.staleAfter ?? '2m') as Duration.Duration)
}

/** What the configuration says of the watch on a chain. */
function watchOptions(config: Config.Config, name: string, chain: Chain.Chain): Watch.Options {
  return {
    chain,
    detectors: config.detectors.filter((detector) => detector.chain === name),
    watched: Object.entries(config.systems).flatMap(([system, { chain: on, address, assets = [] }]) =>
      on === name ? [{ system, account: address, assets }] : [],
    ),
    start: config.chains[name]?.start ?? 'latest',
    staleAfterMs: staleAfterMs(config, name),
  }
}

/** Adds what the configuration calls the accounts of a chain. */
function label(names: Map<string, string>, config: Config.Config, { name, key }: Chain.Chain): void {
  const set = (address: `0x${string}`, text: string) => names.set(Caip.account(key, address), text)
  for (const [address, text] of Object.entries(config.labels ?? {})) set(address as `0x${string}`, text)
  for (const { address, name: own } of config.people ?? []) set(address, own)
  for (const [system, { chain: on, address, label: text, assets = [] }] of Object.entries(config.systems)) {
    if (on !== name) continue
    for (const asset of assets) set(asset.address, asset.symbol)
    set(address, text ?? system)
  }
  for (const { attempts } of config.playbooks ?? [])
    for (const { action, by } of attempts)
      if (action.chain === name && !names.has(Caip.account(key, by.caller))) set(by.caller, by.kind)
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
