/**
 * How long from a block that can be seen to a finding that is stored, and from there to a pause that the node has
 * accepted: guardian path, one attack transaction a run, a fresh block and a fresh incident each time.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Worker } from 'node:worker_threads'
import { parseEther } from 'viem'
import * as Log from '../src/base/Log.ts'
import * as Anvil from '../src/drill/Anvil.ts'
import * as Attack from '../src/drill/Attack.ts'
import * as Safe from '../src/drill/Safe.ts'
import * as Sender from '../src/drill/Sender.ts'
import * as Setup from '../src/drill/Setup.ts'
import * as World from '../src/drill/World.ts'
import * as Config from '../src/server/Config.ts'
import * as Server from '../src/server/Server.ts'
import type { Options, Result } from './Bench.ts'
import * as Spread from './Spread.ts'

/** Small enough that the vault outlives every run. */
const slice = parseEther('14')
const warmUp = 3

export async function latency({ runs = 30, onProgress }: Options): Promise<Result> {
  const directory = mkdtempSync(join(tmpdir(), 'firebreak-bench-'))
  // Blocks are mined on demand, so that the node is not busy mining while it is asked to accept the pause.
  const anvil = await Anvil.start({ chainId: 31_337, args: ['--no-mining'] })
  const world = await World.deploy({ url: anvil.httpUrl })
  Setup.provideKeys()
  const config = Config.check(Setup.configuration({ world, rpc: [anvil.wsUrl, anvil.httpUrl] }))
  const server = await Server.start({
    config,
    dataDirectory: directory,
    ephemeral: true,
    port: 0,
    log: Log.create('error'),
  })
  const seen = await observe(anvil.wsUrl)
  const now = () => performance.timeOrigin + performance.now()
  let storedAt: number | undefined
  let acceptedAt: number | undefined
  server.changes.subscribe(({ noun }) => {
    if (noun === 'alert') storedAt ??= now()
  })
  const finding: number[] = []
  const response: number[] = []
  const roundTrips = await measureRoundTrips(anvil.httpUrl)
  for (let run = 0; run < runs + warmUp; run += 1) {
    storedAt = undefined
    acceptedAt = undefined
    const { rounds } = await mineUntil(anvil.httpUrl, Attack.run({ world, rounds: 1, slice }))
    if (rounds[0]?.status !== 'success') throw new Error(`attack ${run + 1} ended as ${rounds[0]?.status}`)
    await accepted(server, run + 1)
    const incident = await mineUntil(anvil.httpUrl, contained(server))
    const [block] = await server.database
      .selectFrom('block')
      .select('hash')
      .where('number', '=', rounds[0]?.blockNumber ?? 0n)
      .execute()
    const visibleAt = seen.get(block?.hash ?? '')
    const sent = await server.database
      .selectFrom('sent_transaction')
      .select('accepted_at')
      .orderBy('signed_at', 'desc')
      .executeTakeFirst()
    acceptedAt = sent?.accepted_at?.getTime()
    if (run >= warmUp && visibleAt !== undefined && storedAt !== undefined && acceptedAt !== undefined) {
      finding.push(storedAt - visibleAt)
      // The record keeps whole milliseconds, rounded down; half of one is added on average.
      response.push(acceptedAt + 0.5 - storedAt)
    }
    onProgress(
      `run ${run + 1} of ${runs + warmUp}${run < warmUp ? ' (warm-up)' : `: finding ${finding.at(-1)?.toFixed(1)} ms, accepted ${response.at(-1)?.toFixed(1)} ms`}`,
    )
    await mineUntil(anvil.httpUrl, reset(world, server, incident))
  }
  seen.stop()
  await server.stop()
  await anvil.stop()
  rmSync(directory, { recursive: true, force: true })
  const [findingSpread, acceptedSpread] = [Spread.of(finding), Spread.of(response)]
  return {
    figures: { findingMsP50: findingSpread.p50, acceptedMsP50: acceptedSpread.p50 },
    context: {
      runs: finding.length,
      warmUp,
      detectors: config.detectors.length,
      findingMs: findingSpread,
      acceptedMs: acceptedSpread,
      nodeRoundTripMs: Spread.of(roundTrips),
      node: 'anvil on loopback',
      path: 'guardian: precondition, simulate with replay, policy, sign, broadcast',
    },
  }
}

type Seen = { readonly get: (hash: string) => number | undefined; readonly stop: () => void }

async function observe(wsUrl: string): Promise<Seen> {
  const times = new Map<string, number>()
  const worker = new Worker(new URL('./heads.ts', import.meta.url), { workerData: wsUrl })
  await new Promise<void>((ready) => {
    worker.on('message', ({ hash, at }: { hash?: string; at?: number }) => {
      if (hash === undefined || at === undefined) ready()
      else if (!times.has(hash)) times.set(hash, at)
    })
  })
  return { get: (hash) => times.get(hash), stop: () => void worker.terminate() }
}

/** Mines what waits, now and then, until the work is done. */
async function mineUntil<result>(url: string, work: Promise<result>): Promise<result> {
  let isDone = false
  const done = work.finally(() => {
    isDone = true
  })
  while (!isDone) {
    await Promise.race([done.catch(() => undefined), new Promise((resolve) => setTimeout(resolve, 10))])
    const { pending } = (JSON.parse(await rpc(url, 'txpool_status')) as { result: { pending: string } }).result
    if (pending !== '0x0') await rpc(url, 'evm_mine')
  }
  return done
}

/** Waits, without a block in between, until the node has the pause of this run, the `count`-th. */
async function accepted(server: Server.Server, count: number): Promise<void> {
  for (let wait = 0; wait < 1_000; wait += 1) {
    const sent = await server.database
      .selectFrom('sent_transaction')
      .select('hash')
      .where('accepted_at', 'is not', null)
      .execute()
    if (sent.length >= count) return
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
  throw new Error('no pause was accepted within ten seconds')
}

async function rpc(url: string, method: string): Promise<string> {
  const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method, params: [] })
  return (await fetch(url, { method: 'POST', headers: { 'content-type': 'application/json' }, body })).text()
}

async function contained(server: Server.Server): Promise<string> {
  for (let wait = 0; wait < 1_000; wait += 1) {
    const last = await server.database
      .selectFrom('incident')
      .select(['id', 'status'])
      .orderBy('number', 'desc')
      .executeTakeFirst()
    if (last?.status === 'contained') return last.id
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
  throw new Error('the attack was not contained within ten seconds')
}

/** Unpauses by the Safe and ends the incident, so that the next run is a new one. */
async function reset(world: World.World, server: Server.Server, incident: string): Promise<void> {
  const { vault } = world.contracts
  const order = await Safe.order(world, { to: vault.address, data: World.encode(world, 'vault', 'unpause') })
  const sender = await Sender.open(world.url, world.chainId, world.accounts)
  await Sender.sendAll(sender, [order])
  while (await World.read(world, 'vault', 'paused')) await new Promise((resolve) => setTimeout(resolve, 5))
  for (const to of ['recovering', 'monitoring', 'resolved'] as const)
    await ask(server, `/api/incidents/${incident}/transitions`, { to, reason: 'the run is over', actor: 'cli' })
}

async function measureRoundTrips(url: string): Promise<number[]> {
  const times: number[] = []
  for (let index = 0; index < 200; index += 1) {
    const at = performance.now()
    await rpc(url, 'eth_blockNumber')
    times.push(performance.now() - at)
  }
  return times
}

async function ask<answer>(server: Server.Server, path: string, body?: unknown): Promise<answer> {
  const response = await fetch(`${server.url}${path}`, {
    method: body === undefined ? 'GET' : 'POST',
    headers: { authorization: `Bearer ${server.token}`, 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
  if (!response.ok) throw new Error(`${path} answered ${response.status}: ${await response.text()}`)
  return (await response.json()) as answer
}
