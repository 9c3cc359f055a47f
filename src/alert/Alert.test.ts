import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import * as Data from '../../test/database.ts'
import type * as Finding from '../detector/Finding.ts'
import * as Alert from './Alert.ts'

let home: Awaited<ReturnType<typeof Data.open>>
const now = new Date('2026-01-01T00:00:00Z')
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

const finding = (changes: Partial<Finding.Finding> = {}) => Data.finding({ system, ...changes })
const raise = (...findings: Finding.Finding[]) =>
  home.database
    .transaction()
    .execute(async (connection) => Alert.raise(connection, await Alert.keep(connection, findings), now))
const retract = (blockHash: string) =>
  home.database.transaction().execute((connection) => Alert.retract(connection, Data.chain, blockHash, now))
const all = () =>
  home.database.selectFrom('alert').selectAll().where('system', '=', system).orderBy('first_at').execute()

test('findings of one detector about one system are one alert, as grave as the gravest; errors stand apart', async () => {
  const [raised, ...rest] = await raise(finding({ severity: 'P3' }), finding({ severity: 'P2', sentence: 'Worse.' }))
  expect(rest).toEqual([])
  expect(raised).toMatchObject({
    isNew: true,
    isGraver: false,
    alert: { severity: 'P2', title: 'Worse.', finding_count: 2 },
  })
  await raise(finding({ detector: 'other' }), finding({ isError: true, severity: 'P3' }))
  expect((await all()).map(({ group_key }) => group_key.split('|').slice(2).join('|')).sort()).toEqual([
    'largeOutflow',
    'largeOutflow|error',
    'other',
  ])
})

test('what is for information only is kept and raises nothing', async () => {
  expect(await raise(finding({ severity: 'P5' }))).toEqual([])
  expect(await home.database.selectFrom('finding').selectAll().where('system', '=', system).execute()).toHaveLength(1)
})

test('the same finding told again adds nothing', async () => {
  const same = finding()
  await raise(same)
  expect(await raise(same)).toEqual([])
  expect((await all()).map(({ finding_count }) => finding_count)).toEqual([1])
})

test('a graver finding brings an acknowledged alert back, a lesser one does not', async () => {
  const [raised] = await raise(finding({ severity: 'P3' }))
  const id = raised?.alert.id ?? ''
  const by = { actor: 'person:anna', reason: 'seen' }
  await Alert.handle(home.database, id, 'acknowledged', by)
  expect((await raise(finding({ severity: 'P4' })))[0]).toMatchObject({
    isNew: false,
    isGraver: false,
    alert: { id, status: 'acknowledged' },
  })
  expect((await raise(finding({ severity: 'P1' })))[0]).toMatchObject({
    isGraver: true,
    alert: { id, status: 'open', severity: 'P1', finding_count: 3 },
  })
})

test('an alert is retracted with its last block, keeps what still stands, and comes back with its block', async () => {
  const [one, two] = [finding({ blockHash: '0xaa' }), finding({ blockHash: '0xbb' })]
  await raise(one, two)
  expect(await retract('0xaa')).toMatchObject([{ status: 'open', finding_count: 1 }])
  expect(await retract('0xbb')).toMatchObject([{ status: 'retracted', finding_count: 0, handled_by: 'machine:watch' }])
  expect(await retract('0xbb')).toEqual([])
  const [back] = await raise(two)
  expect(back?.findings.map(({ id }) => id)).toEqual([two.id])
  expect((await all()).filter(({ status }) => status === 'open')).toMatchObject([
    { finding_count: 1, handled_by: null },
  ])
  await raise(one)
  const alerts = await all()
  expect(alerts.filter(({ status }) => status === 'open')).toMatchObject([{ finding_count: 2 }])
})

test('a block whose very alert was retracted can come back', async () => {
  const only = finding({ blockHash: '0xcc' })
  const [first] = await raise(only)
  await retract('0xcc')
  const [again] = await raise(only)
  expect(again?.alert.id).toBe(first?.alert.id)
  expect(await all()).toMatchObject([{ status: 'open', finding_count: 1 }])
})

test('findings on pending transactions outlive the head they were judged on', async () => {
  await raise(finding({ stage: 'pending', blockHash: '0xdd' }))
  expect(await retract('0xdd')).toEqual([])
})

test('a person may do what the table says and nothing else', async () => {
  const [raised] = await raise(finding())
  const id = raised?.alert.id ?? ''
  const by = { actor: 'person:anna', reason: 'a\u0000b\ud800' }
  for (const [from, allowed] of Object.entries(Alert.transitions))
    for (const to of Object.keys(Alert.transitions) as Alert.Status[]) {
      await home.database.updateTable('alert').set({ status: from }).where('id', '=', id).execute()
      const handled = Alert.handle(home.database, id, to, by)
      if ((allowed as readonly string[]).includes(to)) expect((await handled).status, `${from} to ${to}`).toBe(to)
      else await expect(handled, `${from} to ${to}`).rejects.toThrow(Alert.InvalidHandlingError)
    }
  await expect(Alert.handle(home.database, 'alert_none', 'open', by)).rejects.toThrow(Alert.UnknownAlertError)
})

test('a dismissed alert cannot be reopened beside a newer one about the same', async () => {
  const [first] = await raise(finding())
  const by = { actor: 'person:anna', reason: 'no' }
  await Alert.handle(home.database, first?.alert.id ?? '', 'dismissed', by)
  await raise(finding())
  await expect(Alert.handle(home.database, first?.alert.id ?? '', 'open', by)).rejects.toThrow(
    Alert.SupersededAlertError,
  )
})

test('names and sentences of strangers are stored, whatever they hold', async () => {
  const hostile = "Token \u0000 \ud83d <script>\u202e'; drop table alert; --"
  const [raised] = await raise(finding({ sentence: hostile, values: { name: hostile, nested: [{ deep: hostile }] } }))
  expect(raised?.alert.title).toBe("Token \ufffd \ufffd <script>\u202e'; drop table alert; --")
  const row = await home.database
    .selectFrom('finding')
    .selectAll()
    .where('system', '=', system)
    .executeTakeFirstOrThrow()
  expect(row.values).toEqual({ name: raised?.alert.title, nested: [{ deep: raised?.alert.title }] })
})
