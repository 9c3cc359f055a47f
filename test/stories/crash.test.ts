import { setTimeout as delay } from 'node:timers/promises'
import { sql } from 'kysely'
import { afterEach, expect, test } from 'vitest'
import type * as Operations from '../../src/api/contract/Operations.ts'
import type * as Schemas from '../../src/api/contract/Schemas.ts'
import { webhook } from '../../src/comms/channels/webhook.ts'
import * as Timeline from '../../src/incident/Timeline.ts'
import * as Database from '../../src/store/Database.ts'
import * as Embedded from '../../src/store/Embedded.ts'
import * as Installation from '../installation.ts'
import * as Process from '../process.ts'
import { receive } from '../receiver.ts'
import type { Order } from '../victim.ts'

/** `FIREBREAK_SOAK=1` also kills once at each point alone, each on a chain and a database of its own. */
const isSoak = process.env.FIREBREAK_SOAK === '1'

const undo: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const step of undo.splice(0).reverse()) await step()
})

async function prepare() {
  const place = await Installation.ground()
  undo.push(() => place.stop())
  undo.push(() => Process.clear(place))
  await place.mine(6)
  // The attacker's contract takes the next block, the first round the one after.
  return { place, block: ((await place.head()) + 2n).toString() }
}

/** Starts servers one after the other, each killed at the first deadly point it comes to, until one lives and contains. */
async function killAtEachPoint(place: Installation.Ground, order: Partial<Order>) {
  const points: string[] = []
  let attacked = false
  for (;;) {
    const server = Process.start(place, { ...order, survived: [...(order.survived ?? []), ...points] })
    undo.push(async () => server.kill())
    const first = await server.first
    if (first.error) throw new Error(`${first.error}: ${first.message}`)
    if (first.url && !attacked) {
      attacked = true
      await place.attack()
    }
    // One that dies while it is asked lets the question fail; then its death decides.
    const home = first.url && first.token ? Installation.client(first.url, first.token) : undefined
    const contained = home?.incidentThat('contained').catch((thrown: unknown) => thrown)
    const lived = await Promise.race([
      server.ended.then(() => undefined),
      contained ?? server.ended.then(() => undefined),
    ])
    const dead = await Promise.race([server.ended, delay(1_000)])
    if (!dead && lived instanceof Error) throw lived
    if (!dead && home) return { points, home }
    const point = dead?.words.find(({ dies }) => dies)?.dies
    if (dead?.signal !== 'SIGKILL' || !point) throw new Error(`A server ended by itself: ${server.stderr()}`)
    points.push(point)
  }
}

/** All that must hold, whatever was killed where. */
async function expectOneContainment(place: Installation.Ground, home: ReturnType<typeof Installation.client>) {
  const guardian = place.world.accounts.guardian.address
  expect(await place.nonce(guardian)).toBe(1)
  expect(await place.pauses()).toBe(1)
  const incident = (await home.incident()) as Schemas.Incident
  expect(incident.status).toBe('contained')
  expect(incident.runs.map(({ status }) => status)).toEqual(['succeeded'])
  expect(incident.runs.flatMap(({ transactions }) => transactions.map(({ status }) => status))).toEqual(['included'])
  expect(incident.exhibits.filter(({ kind }) => kind === 'containment_verification')).toHaveLength(1)
  expect(incident.intact).toBe(true)
  await home.judged(await place.head())

  const postgres = await Embedded.start({ directory: place.directory })
  expect(postgres.adopted).toBe(true)
  const database = await Database.open(postgres.url)
  try {
    const blocks = await database.selectFrom('block').selectAll().orderBy('number').execute()
    expect(blocks.map(({ number }) => number)).toEqual(
      blocks.map((_, index) => place.world.readyAt + 1n + BigInt(index)),
    )
    for (const [index, { parent_hash }] of blocks.slice(1).entries()) expect(parent_hash).toBe(blocks[index]?.hash)
    expect(blocks.at(-1)?.number).toBe(await place.head())
    const findings = await database.selectFrom('finding').selectAll().execute()
    const said = findings.map(({ detector, block_hash, sentence }) => `${detector} ${block_hash} ${sentence}`)
    expect(new Set(said).size).toBe(said.length)
    const alerts = await database.selectFrom('alert').selectAll().execute()
    expect(new Set(alerts.map(({ group_key }) => group_key)).size).toBe(alerts.length)
    expect(alerts.filter(({ group_key }) => group_key.includes('priceManipulation'))).toHaveLength(1)
    for (const { id, finding_count } of alerts)
      expect(findings.filter(({ alert_id }) => alert_id === id)).toHaveLength(finding_count)
    const messages = await database.selectFrom('outbox').selectAll().execute()
    expect(new Set(messages.map(({ idempotency_key }) => idempotency_key)).size).toBe(messages.length)
    const stale = messages.filter(({ idempotency_key }) => idempotency_key.includes('stale:'))
    const count = (kind: string) =>
      messages.filter((message) => message.kind === kind).length - (kind === 'alert' ? stale.length : 0)
    expect([count('alert'), count('contained'), count('failed')]).toEqual([alerts.length, 1, 0])
    const entries = await Timeline.read(database, incident.id)
    expect(Timeline.firstBreak(incident.id, entries)).toBeUndefined()
    for (const key of ['contained:', 'signed:', 'sent:', 'included:'])
      expect(entries.filter(({ event_key }) => event_key.startsWith(key)).length, key).toBe(1)
  } finally {
    await database.destroy()
  }
}

test('killed at every point of the block and of each step in turn, it still sends one transaction and contains', async () => {
  const { place, block } = await prepare()
  const receiver = await receive()
  undo.push(() => receiver.stop())
  const { points, home } = await killAtEachPoint(place, { kill: { block, steps: true }, hook: receiver.url })
  await expectOneContainment(place, home)

  for (const step of [`block ${block}`, 'begin', 'guardian/note sent', 'guardian/confirm', 'guardian/verify'])
    for (const when of ['before', 'after', 'recorded']) expect(points).toContain(`${when} ${step}`)
  // Between the bytes that are stored and their sending, and right after it.
  for (const point of ['after guardian/sign', 'after guardian/broadcast']) expect(points).toContain(point)
  await Installation.until('all is delivered', async () => {
    const all = await home.ask<Operations.OutboxMessage[]>('/api/outbox')
    return all.every(({ status }) => status === 'delivered') || undefined
  })
  // Whoever drops keys it has seen, as it is told to, hears of the containment once.
  const contained = receiver.received.filter(({ body }) => JSON.parse(body).kind === 'contained')
  expect(new Set(contained.map(({ headers }) => headers['idempotency-key'])).size).toBe(1)
}, 180_000)

test('killed while a message is handed over, it hands it over again under the same key', async () => {
  const { place } = await prepare()
  let victim: Process.Process | undefined
  const receiver = await receive((count) => {
    if (count === 1) victim?.kill()
    return { status: 204 }
  })
  undo.push(() => receiver.stop())
  victim = Process.start(place, { hook: receiver.url })
  expect((await victim.first).error).toBeUndefined()
  await place.attack()
  expect((await victim.ended).signal).toBe('SIGKILL')
  const again = Process.start(place, { hook: receiver.url })
  undo.push(async () => again.kill())
  const { url = '', token = '' } = await again.first
  const home = Installation.client(url, token)
  await home.incidentThat('contained')
  await Installation.until('all is delivered', async () => {
    const all = await home.ask<Operations.OutboxMessage[]>('/api/outbox')
    return (all.length > 1 && all.every(({ status }) => status === 'delivered')) || undefined
  })
  const keys = receiver.received.map(({ headers }) => headers['idempotency-key'])
  expect(keys.filter((key) => key === keys[0])).toHaveLength(2)
  expect(new Set(keys).size).toBe((await home.ask<unknown[]>('/api/outbox')).length)
}, 60_000)

/** A server that has sent the pause and waits, because nothing is mined until told. */
async function waitingForInclusion(place: Installation.Ground): Promise<Installation.Installation> {
  const receiver = await receive()
  undo.push(() => receiver.stop())
  const channels = { ops: webhook({ url: receiver.url, secret: 'a secret of the test' }) }
  const home = await Installation.start(place, { ephemeral: false, setup: { channels } })
  undo.push(() => home.stop())
  await Installation.until('the pause waits to be included', async () => {
    const steps = (await home.incident())?.runs.flatMap((run) => run.steps) ?? []
    return steps.some(({ name, status }) => name === 'confirm' && status === 'running') || undefined
  })
  expect(await place.nonce(place.world.accounts.guardian.address)).toBe(0)
  return home
}

test('stopped in good order while it waits for inclusion, it goes on at the next start and fails nothing', async () => {
  const { place } = await prepare()
  await place.attack()
  await place.rpc('evm_setAutomine', false)
  const first = await waitingForInclusion(place)
  await first.stop()
  const second = await waitingForInclusion(place)
  expect((await second.incident())?.runs.map(({ status }) => status)).toEqual(['running'])
  await place.mine(1)
  await second.incidentThat('contained')
  await expectOneContainment(place, second)
}, 60_000)

test('a database that cuts every connection does not end a run', async () => {
  const { place } = await prepare()
  await place.attack()
  await place.rpc('evm_setAutomine', false)
  const home = await waitingForInclusion(place)
  const postgres = await Embedded.start({ directory: place.directory })
  const database = await Database.open(postgres.url)
  undo.push(() => database.destroy())
  const cut = () =>
    sql`select pg_terminate_backend(pid) from pg_stat_activity
      where pid <> pg_backend_pid() and backend_type = 'client backend' and application_name <> 'firebreak lease'`.execute(
      database,
    )
  await cut()
  await place.mine(1)
  for (let times = 0; times < 5; times += 1) {
    await cut().catch(() => undefined)
    await delay(60)
  }
  await home.incidentThat('contained')
  await expectOneContainment(place, home)
}, 60_000)

test.runIf(isSoak)(
  'killed once at each point alone, each time it contains with one transaction',
  async () => {
    const first = await prepare()
    const { points } = await killAtEachPoint(first.place, { kill: { block: first.block, steps: true } })
    for (const point of points) {
      const { place, block } = await prepare()
      expect(block).toBe(first.block)
      const survived = points.filter((other) => other !== point)
      const outcome = await killAtEachPoint(place, { kill: { block, steps: true }, survived })
      expect(outcome.points).toEqual([point])
      await expectOneContainment(place, outcome.home)
      for (const step of undo.splice(0).reverse()) await step()
    }
  },
  1_800_000,
)
