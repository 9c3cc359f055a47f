import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import * as Data from '../../test/database.ts'
import * as Alert from '../alert/Alert.ts'
import type * as Finding from '../detector/Finding.ts'
import * as Exhibit from './Exhibit.ts'
import * as Incident from './Incident.ts'
import * as Timeline from './Timeline.ts'
import * as Transition from './Transition.ts'

let home: Awaited<ReturnType<typeof Data.open>>
const now = new Date('2026-01-01T00:00:00Z')
const block = { timestamp: new Date('2025-12-31T23:59:00Z') }
const proof = { exhibit: 'exhibit_test', blockNumber: 9n, blockHash: '0x09', blockTime: now }
let system = ''
let count = 0

beforeAll(async () => {
  home = await Data.open()
})
afterAll(() => home?.stop())
beforeEach(() => {
  count += 1
  system = `vault${count}`
})

const tell = (changes: Partial<Finding.Finding> = {}) =>
  home.database.transaction().execute(async (connection) => {
    const kept = await Alert.keep(connection, [Data.finding({ system, ...changes })])
    const [raised] = await Alert.raise(connection, kept, now)
    return raised && Incident.join(connection, raised, block, now)
  })
const move = (id: string, change: Incident.Move) =>
  home.database.transaction().execute((connection) => Incident.move(connection, id, change, now))

test('a grave alert declares an incident, others of the system join it, and lesser ones alone declare none', async () => {
  expect(await tell({ severity: 'P3', detector: 'a' })).toBeUndefined()
  const incident = await tell({ severity: 'P2', detector: 'b', blockNumber: 5n })
  expect(incident).toMatchObject({ status: 'detected', severity: 'P2', began_block: 5n, began_at: block.timestamp })
  expect((await tell({ severity: 'P4', detector: 'c' }))?.id).toBe(incident?.id)
  const graver = await tell({ severity: 'P1', detector: 'd', sentence: 'The worst.' })
  expect(graver).toMatchObject({ id: incident?.id, severity: 'P1', title: 'The worst.', began_block: 5n })
})

test('an attack that is only pending has not begun', async () => {
  expect(await tell({ stage: 'pending' })).toMatchObject({ began_block: null })
  expect(await tell({ detector: 'other', blockNumber: 8n })).toMatchObject({ began_block: 8n })
})

test('what comes after an incident ended is an incident of its own', async () => {
  const first = await tell()
  await move(first?.id ?? '', { to: 'false_positive', actor: 'person:anna', reason: 'a test' })
  const second = await tell({ id: 'finding_second' })
  expect(second?.id).not.toBe(first?.id)
})

test('an incident is not reopened beside another of its system, and is told so before', async () => {
  const first = await tell()
  const id = first?.id ?? ''
  await move(id, { to: 'false_positive', actor: 'person:anna', reason: 'a test' })
  const second = await tell({ id: `finding_beside_${system}` })
  const reopen = () => move(id, { to: 'active', actor: 'person:anna', reason: 'it was none' })
  await expect(reopen()).rejects.toThrow(Incident.AnotherOpenError)
  const offered = async () => (await Incident.moves(home.database, await Incident.show(home.database, id)))[0]
  expect(await offered()).toMatchObject({ to: 'active', blockedBy: expect.stringContaining(second?.id ?? 'none') })
  await move(second?.id ?? '', { to: 'cancelled', actor: 'person:anna', reason: 'the same' })
  expect(await offered()).toMatchObject({ to: 'active', blockedBy: null })
  expect(await reopen()).toMatchObject({ status: 'active' })
})

test('each move asks for what its edge asks for, and is told with who and why', async () => {
  const incident = await tell()
  const id = incident?.id ?? ''
  await expect(move(id, { to: 'resolved', actor: 'person:anna', reason: 'done' })).rejects.toThrow(
    Incident.InvalidTransitionError,
  )
  await expect(move(id, { to: 'triage', actor: 'machine:playbook', reason: '' })).rejects.toThrow(
    Incident.InvalidTransitionError,
  )
  await expect(move(id, { to: 'cancelled', actor: 'person:anna', reason: '  ' })).rejects.toThrow(
    Incident.MissingReasonError,
  )
  await move(id, { to: 'active', actor: 'machine:playbook', reason: 'begun' })
  await expect(move(id, { to: 'contained', actor: 'person:anna', reason: 'I think so' })).rejects.toThrow(
    Incident.GuardError,
  )
  const contained = await move(id, { to: 'contained', actor: 'machine:playbook', reason: 'read', proof, key: 'once' })
  expect(contained).toMatchObject({ contained_block: 9n, contained_hash: '0x09', contained_at: now })
  // A step that is repeated after a crash changes nothing.
  expect(await move(id, { to: 'contained', actor: 'machine:playbook', reason: 'read', proof, key: 'once' })).toEqual(
    contained,
  )
  const back = await move(id, { to: 'active', actor: 'machine:watch', reason: 'replaced', key: 'gone' })
  expect(back).toMatchObject({ contained_block: null, contained_hash: null, contained_at: null })
  const told = (await Timeline.read(home.database, id)).filter(({ kind }) => kind === 'transition')
  expect(told.map(({ actor, summary }) => `${actor} ${summary}`)).toEqual([
    `machine:watch Incident opened on ${system}: P1`,
    'machine:playbook detected → active: begun',
    'machine:playbook active → contained: read',
    'machine:watch contained → active: replaced',
  ])
  await expect(move('INC-none', { to: 'active', actor: 'person:anna', reason: '' })).rejects.toThrow(
    Incident.UnknownIncidentError,
  )
})

test('resolving wants a proven containment and no run in progress', async () => {
  const incident = await tell()
  const id = incident?.id ?? ''
  const put = (status: Transition.Status, contained: bigint | null) =>
    home.database.updateTable('incident').set({ status, contained_block: contained }).where('id', '=', id).execute()
  const resolve = () => move(id, { to: 'resolved', actor: 'person:anna', reason: 'over' })
  await put('monitoring', null)
  await expect(resolve()).rejects.toThrow('never proven contained')
  await put('monitoring', 9n)
  const found = await home.database
    .selectFrom('finding')
    .select('id')
    .where('system', '=', system)
    .executeTakeFirstOrThrow()
  const run = {
    id: `run_${system}`,
    incident_id: id,
    finding_id: found.id,
    playbook: 'p',
    playbook_version: '1',
    status: 'waiting_approval',
    started_at: now,
  }
  await home.database.insertInto('run').values(run).execute()
  await expect(resolve()).rejects.toThrow('still running')
  await home.database.updateTable('run').set({ status: 'failed' }).where('id', '=', run.id).execute()
  expect(await resolve()).toMatchObject({ status: 'resolved', resolved_at: now })
  const offered = await Incident.moves(home.database, await Incident.show(home.database, id))
  expect(offered.map(({ to }) => to)).toEqual(Object.keys(Transition.transitions.resolved))
})

test('the timeline tells which entry was changed, left out, moved or put in', async () => {
  const incident = await tell()
  const id = incident?.id ?? ''
  for (const [index, text] of ['one', 'two \u0000\ud800', 'three'].entries())
    await Timeline.append(
      home.database,
      id,
      {
        kind: 'note',
        actor: 'person:anna',
        summary: text,
        detail: { at: now, big: 10n ** 30n, text },
        key: `note ${index}`,
      },
      now,
    )
  const entries = await Timeline.read(home.database, id)
  expect(Timeline.firstBreak(id, entries)).toBeUndefined()
  expect(Timeline.firstBreak('INC-other', entries)).toBe(1)
  const fields = {
    at: new Date(1),
    kind: 'x',
    actor: 'person:eve',
    summary: 'x',
    detail: {},
    previous_hash: 'x',
    hash: 'x',
    event_key: 'x',
    sequence: 9,
  }
  for (const [field, value] of Object.entries(fields)) {
    const forged = entries.map((entry, index) => (index === 3 ? { ...entry, [field]: value } : entry))
    expect(Timeline.firstBreak(id, forged), field).toBe(field === 'sequence' ? 9 : 4)
  }
  expect(Timeline.firstBreak(id, entries.toSpliced(1, 1))).toBeDefined()
  expect(Timeline.firstBreak(id, [entries[1], entries[0], ...entries.slice(2)] as Timeline.Entry[])).toBeDefined()
  expect(Timeline.firstBreak(id, entries.toSpliced(2, 0, entries[1] as Timeline.Entry))).toBeDefined()
})

test('entries written at the same moment from many sides are one chain, each told once, never back in time', async () => {
  const incident = await tell()
  const id = incident?.id ?? ''
  const write = (key: string, at: Date) =>
    home.database
      .transaction()
      .execute((connection) =>
        Timeline.append(connection, id, { kind: 'note', actor: 'person:anna', summary: key, key }, at),
      )
  await Promise.all(
    Array.from({ length: 20 }, (_, index) => write(`note ${index % 10}`, new Date(now.getTime() - index * 1000))),
  )
  const entries = await Timeline.read(home.database, id)
  expect(entries.filter(({ kind }) => kind === 'note')).toHaveLength(10)
  expect(Timeline.firstBreak(id, entries)).toBeUndefined()
  for (const [index, { at }] of entries.slice(1).entries())
    expect(at.getTime()).toBeGreaterThanOrEqual(entries[index]?.at.getTime() ?? 0)
})

test('incidents declared at the same moment by many systems have numbers of their own', async () => {
  const systems = Array.from({ length: 8 }, (_, index) => `many${index}`)
  const incidents = await Promise.all(systems.map((many) => tell({ system: many })))
  expect(new Set(incidents.map((incident) => incident?.id)).size).toBe(systems.length)
})

test('an exhibit is collected once and shows when it was tampered with', async () => {
  const incident = await tell()
  const id = incident?.id ?? ''
  const draft = {
    kind: 'containment_verification',
    title: 'A run',
    mediaType: 'application/json',
    content: '{}',
    by: 'machine:test',
  } as const
  const added = await Exhibit.add(home.database, id, draft, now)
  expect(await Exhibit.add(home.database, id, draft, now)).toBe(added)
  const exhibit = await Exhibit.show(home.database, added)
  expect(Exhibit.isIntact(exhibit)).toBe(true)
  expect(Exhibit.isIntact({ ...exhibit, content: Buffer.from('{ }') })).toBe(false)
  await expect(Exhibit.show(home.database, 'exhibit_none')).rejects.toThrow(Exhibit.UnknownExhibitError)
})
