/** Parts that fail while the rest goes on: chains out of reach, a watch that lags, a database that breaks in the middle. */
import { execFile } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { sql } from 'kysely'
import { numberToHex } from 'viem'
import { afterEach, expect, test } from 'vitest'
import type * as Operations from '../../src/api/contract/Operations.ts'
import * as Changes from '../../src/base/Changes.ts'
import * as Clock from '../../src/base/Clock.ts'
import * as Log from '../../src/base/Log.ts'
import * as Chain from '../../src/chain/Chain.ts'
import { webhook } from '../../src/comms/channels/webhook.ts'
import * as Detector from '../../src/detector/Detector.ts'
import { pending } from '../../src/detector/inputs/pending.ts'
import * as Anvil from '../../src/drill/Anvil.ts'
import * as Rpc from '../../src/drill/Rpc.ts'
import * as Channels from '../../src/server/Channels.ts'
import * as Watch from '../../src/server/Watch.ts'
import * as Database from '../../src/store/Database.ts'
import * as Embedded from '../../src/store/Embedded.ts'
import * as Testing from '../database.ts'
import * as Installation from '../installation.ts'
import * as Process from '../process.ts'
import { receive } from '../receiver.ts'
import { tamper } from '../tamper.ts'

const { until } = Installation
const undo: (() => unknown)[] = []
afterEach(async () => {
  for (const step of undo.splice(0).reverse()) await step()
})

const target = `0x${'77'.repeat(20)}` as const
/** Tells of included transactions to `target` that carry 1 wei, and of pending ones that carry 2. */
const seen = Detector.define({
  name: 'seen',
  version: '1',
  chain: 'local',
  system: 'vault',
  inputs: { waiting: pending({ to: target }) },
  initial: null,
  evaluate: ({ block, state }) => ({
    state,
    findings: [
      ...block.transactions.filter(({ to, value }) => to === target && value === 1n),
      ...block.inputs.waiting.filter(({ value }) => value === 2n),
    ].map(({ hash }) => ({
      key: hash,
      severity: 'P3' as const,
      confidence: 0.5,
      sentence: 'A transaction was seen.',
      subject: target,
      transactionHash: hash,
      values: {},
    })),
  }),
})

/** A chain, a database and the watch between them, with no server around it. */
async function watching(options: Partial<Watch.Options> = {}) {
  const anvil = await Anvil.start({ chainId: 31_337 })
  const gate = await tamper(anvil.httpUrl)
  const store = await Testing.open()
  const log = Log.create((process.env.FIREBREAK_TEST_LOG as Log.Level | undefined) ?? 'silent')
  const endpoints = [gate.wsUrl, gate.httpUrl]
  const chain = await Chain.open({ name: 'local', chain: 'eip155:31337', endpoints, log })
  const { database } = store
  const watch = await Watch.start(
    {
      database,
      clock: Clock.system,
      log,
      changes: Changes.create(),
      announce: Channels.announcer(['ops'], Clock.system.now),
      deploymentId: 'deployment_test',
      ruleSetVersion: 'test',
      playbooks: [],
      startRun: () => {},
    },
    { chain, detectors: [seen], watched: [], start: 0n, staleAfterMs: 60_000, ...options },
  )
  undo.push(
    () => anvil.stop(),
    () => gate.stop(),
    () => store.stop(),
    () => chain.close(),
    () => watch.stop(),
  )
  const rpc = (method: string, ...params: readonly unknown[]) => Rpc.call(anvil.httpUrl, method, params)
  const [from] = (await rpc('eth_accounts')) as string[]
  return {
    gate,
    url: store.url,
    database,
    watch,
    rpc,
    send: (wei: bigint) => rpc('eth_sendTransaction', { from, to: target, value: numberToHex(wei) }),
    /** Resolves once a transaction is in a block: anvil answers a little before it is. */
    mined: (hash: unknown) =>
      until('it is mined', async () => ((await rpc('eth_getTransactionReceipt', hash)) === null ? undefined : true)),
    /** Resolves once the head is judged. */
    caughtUp: () =>
      until('the head is judged', async () => {
        const head = BigInt((await rpc('eth_blockNumber')) as string)
        return watch.health().evaluated === head || undefined
      }),
    told: async () =>
      (await database.selectFrom('outbox').select('summary').orderBy('created_at').execute()).map(
        ({ summary }) => summary,
      ),
  }
}

/** Waits until a connection other than the one that asks waits for this. */
const waitsFor = (database: Database.Database, event: string) =>
  until(`somebody waits for ${event}`, async () => {
    const { rows } = await sql<{ pid: number }>`
      select pid from pg_stat_activity where wait_event = ${event} and pid <> pg_backend_pid()
    `.execute(database)
    return rows[0]?.pid
  })

test('a chain that is out of reach at the start is told of, watched once it is there, and its runs wait for it', async () => {
  const place = await Installation.ground()
  undo.push(() => place.stop())
  const [gate, spare, receiver] = await Promise.all([
    tamper(place.anvil.httpUrl),
    Anvil.start({ chainId: 41_009 }),
    receive(),
  ])
  undo.push(
    () => gate.stop(),
    () => spare.stop(),
    () => receiver.stop(),
    () => Process.clear(place),
  )
  const victim = Process.start(place, { kill: { block: 'none', steps: true } })
  undo.push(() => victim.kill())
  expect((await victim.first).error).toBeUndefined()
  await place.mine(6)
  await place.attack()
  expect((await victim.ended).words.at(-1)).toEqual({ dies: 'before begin' })

  gate.cut({ refuse: true })
  const { local } = place.config().chains
  const steps: string[] = []
  const home = await Installation.start(place, {
    ephemeral: false,
    probe: (when, step) => void steps.push(`${when} ${step}`),
    setup: {
      channels: { ops: webhook({ url: receiver.url, secret: 'a secret of the test' }) },
      with: {
        chains: {
          local: { ...local, id: local?.id ?? '', rpc: [gate.httpUrl], staleAfter: '2s' },
          spare: { id: 'eip155:41009', rpc: [spare.httpUrl] },
        },
      },
    },
  })
  undo.push(() => home.stop())
  const health = async () => {
    const { chains, actions } = await home.ask<Operations.Readiness>('/api/readiness')
    return { ...chains.find(({ name }) => name === 'local'), actions }
  }
  const before = await health()
  expect(before).toMatchObject({ stale: true, evaluated: null })
  expect(before.problem).toMatch(
    /^not connected: No endpoint of the chain local can be used\. http:\/\/127\.0\.0\.1:\d+/,
  )
  expect(before.actions.map(({ reason }) => reason)).toContain('the chain local is not connected')
  await until('people are told', async () => {
    const bodies = receiver.received.map(({ body }) => body)
    return bodies.some((body) => body.includes('The chain local is out of reach since the start')) || undefined
  })
  // It has not even begun: a step that is tried would be given up one day.
  expect(steps.filter((step) => !step.includes(' block '))).toEqual([])
  expect((await home.incident())?.runs.map(({ status }) => status)).toEqual(['requested'])

  gate.accept()
  const incident = await home.incidentThat('contained')
  expect(incident.runs.map(({ status }) => status)).toEqual(['succeeded'])
  expect(await place.pauses()).toBe(1)
  await home.judged(await place.head())
  await until('the actions are ready', async () => {
    const { problem, endpoints, actions } = await health()
    const reasons = actions.map(({ reason }) => reason)
    return (
      (problem === null && endpoints?.length === 1 && !reasons.includes('the chain local is not connected')) ||
      undefined
    )
  })
  expect(receiver.received.filter(({ body }) => body.includes('out of reach'))).toHaveLength(1)
}, 60_000)

test('a server whose chain never came up can be stopped at once', async () => {
  const place = await Installation.ground()
  undo.push(() => place.stop())
  const home = await Installation.start(place, {
    setup: {
      with: {
        chains: {
          ...Installation.setupOf(place).chains,
          spare: { id: 'eip155:41009', rpc: ['http://127.0.0.1:9'] },
        },
      },
    },
  })
  await place.mine(1)
  await home.judged(await place.head())
  const began = performance.now()
  await home.stop()
  expect(performance.now() - began).toBeLessThan(5_000)
})

test('a watch that lags behind the chain is stale and says so once, and a short catch-up is not', async () => {
  const { gate, rpc, watch, told, caughtUp } = await watching({ staleAfterMs: 2_500, detectors: [] })
  const mine = (blocks: number) => rpc('anvil_mine', numberToHex(blocks), numberToHex(60))
  await mine(30)
  await caughtUp()
  expect(watch.health().stale).toBe(false)
  expect(await told()).toEqual([])

  gate.rules.set('eth_getBlockByNumber', { kind: 'delay', ms: 300 })
  gate.rules.set('eth_getBlockByHash', { kind: 'delay', ms: 300 })
  await mine(200)
  await until('people are told', async () => ((await told()).length > 0 ? true : undefined))
  const { stale, evaluated, head } = watch.health()
  expect({ stale, isBehind: (evaluated ?? 0n) < (head ?? 0n) }).toEqual({ stale: true, isBehind: true })
  await Clock.system.sleep(2_000)
  expect(await told()).toEqual(['P2 local is judged too late: the watch lags behind the chain'])
  gate.rules.clear()
  await caughtUp()
  await until('it is fresh again', async () => !watch.health().stale || undefined)
})

test('a block that was stored although its commit failed is known, and is taken back when the chain turns', async () => {
  const { rpc, url, database, send, mined, caughtUp } = await watching()
  const admin = await Database.open(url, { max: 1 })
  undo.push(() => admin.destroy())
  await mined(await send(1n))
  await caughtUp()
  const branch = await rpc('evm_snapshot')
  // A commit waits for a standby that never comes, and is done all the same when its connection is ended.
  const standbys = async (names: string) => {
    await sql`alter system set synchronous_standby_names = ${sql.lit(names)}`.execute(admin)
    await sql`select pg_reload_conf()`.execute(admin)
  }
  await standbys('nobody')
  const hash = await send(1n)
  const pid = await waitsFor(admin, 'SyncRep')
  await rpc('evm_revert', branch)
  await rpc('anvil_mine', numberToHex(2))
  await sql`select pg_terminate_backend(${pid})`.execute(admin)
  // Long enough for the next block to be judged in memory, were the stored one not known.
  await Clock.system.sleep(1_000)
  await standbys('')
  await caughtUp()
  const { rows } = await sql<{ stands: boolean; count: bigint }>`
    select bool_or(retracted_at is null) as stands, count(*) from finding where transaction_hash = ${hash}
  `.execute(database)
  expect(rows).toEqual([{ stands: false, count: 1n }])
  const standing = await database.selectFrom('block').select('number').where('retracted_at', 'is', null).execute()
  expect(new Set(standing.map(({ number }) => number)).size).toBe(standing.length)
})

test('what is seen pending while a block raises the same alert is not lost', async () => {
  const { rpc, database, send, caughtUp } = await watching()
  await caughtUp()
  await sql`create function dawdle() returns trigger language plpgsql as $$ begin perform pg_sleep(1); return new; end $$`.execute(
    database,
  )
  await sql`create trigger dawdle after insert on alert for each row execute function dawdle()`.execute(database)
  await send(1n)
  await waitsFor(database, 'PgSleep')
  await rpc('evm_setAutomine', false)
  await send(2n)
  const findings = await until('both are found', async () => {
    const rows = await database.selectFrom('finding').select(['stage', 'alert_id']).orderBy('stage').execute()
    return rows.length === 2 ? rows : undefined
  })
  expect(findings.map(({ stage }) => stage)).toEqual(['included', 'pending'])
  const alerts = await database.selectFrom('alert').select(['id', 'finding_count']).execute()
  expect(alerts).toEqual([{ id: findings[0]?.alert_id, finding_count: 2 }])
})

test('pages that wait for the database hold up no block, and are given up', async () => {
  const place = await Installation.ground()
  undo.push(() => place.stop())
  const home = await Installation.start(place)
  undo.push(() => home.stop())
  await place.mine(1)
  await home.judged(await place.head())
  let release = () => {}
  const held = home.database.transaction().execute(async (connection) => {
    await sql`lock table outbox in access exclusive mode`.execute(connection)
    await new Promise<void>((resolve) => (release = resolve))
  })
  undo.push(() => release())
  await until('the table is locked', async () => {
    const { rows } = await sql`
      select 1 from pg_locks where relation = 'outbox'::regclass and mode = 'AccessExclusiveLock' and granted
    `.execute(home.database)
    return rows.length > 0 || undefined
  })
  const pages = Array.from({ length: 30 }, () =>
    home.call('/api/outbox').then(
      ({ status }) => status,
      () => 0,
    ),
  )
  await Clock.system.sleep(500)
  await place.mine(2)
  const head = await place.head()
  const admin = await Database.open((await Embedded.start({ directory: place.directory })).url)
  undo.push(() => admin.destroy())
  await until(
    'the head is judged',
    async () => {
      const cursor = await admin.selectFrom('cursor').select('number').executeTakeFirst()
      return cursor?.number === head || undefined
    },
    undefined,
    5_000,
  )
  expect(await pages[0]).toBe(500)
  release()
  await Promise.all([held, ...pages])
  expect((await home.call('/api/outbox')).status).toBe(200)
}, 60_000)

test('a server that loses its lease, while it starts or later, ends at once and leaves no address behind', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'firebreak-lease-'))
  undo.push(() => rmSync(directory, { recursive: true, force: true }))
  const [anvil, store] = await Promise.all([Anvil.start({ chainId: 41_009 }), Testing.open()])
  undo.push(
    () => anvil.stop(),
    () => store.stop(),
  )
  const config = join(directory, 'firebreak.config.mjs')
  const chains = { local: { id: 'eip155:41009', rpc: [anvil.httpUrl] } }
  writeFileSync(
    config,
    `export default ${JSON.stringify({ organisation: 'Test', chains, systems: {}, detectors: [] })}`,
  )
  const main = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url))
  const lose = () =>
    until('the lease is held', async () => {
      const { rows } = await sql`
        select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'firebreak lease' and query <> ''
      `.execute(store.database)
      return rows.length > 0 || undefined
    })
  const start = () => {
    const args = ['start', '--config', config, '--data', directory, '--port', '0', '--json', '--log-level', 'silent']
    let hear: (line: string) => void = () => {}
    const ready = new Promise<string>((resolve) => (hear = resolve))
    const ended = new Promise<{ code: number | null; said: unknown }>((resolve) => {
      const env = { ...process.env, DATABASE_URL: store.url }
      const child = execFile(process.execPath, ['--conditions=source', main, ...args], { env }, (_, stdout) => {
        resolve({ code: child.exitCode, said: JSON.parse(stdout.trim().split('\n').at(-1) ?? '{}') })
      })
      undo.push(() => child.kill('SIGKILL'))
      child.stdout?.once('data', hear)
    })
    return { ready, ended }
  }
  const isLost = { code: 4, said: { error: 'Lease.LostError', remedy: 'retry' } }

  const early = start()
  await lose()
  expect(await early.ended).toMatchObject(isLost)
  expect(existsSync(join(directory, 'url'))).toBe(false)

  const late = start()
  await late.ready
  expect(existsSync(join(directory, 'url'))).toBe(true)
  await lose()
  expect(await late.ended).toMatchObject(isLost)
  expect(existsSync(join(directory, 'url'))).toBe(false)
}, 60_000)
