import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import * as Data from '../../test/database.ts'
import { receive } from '../../test/receiver.ts'
import * as Channel from '../comms/Channel.ts'
import * as Outbox from './Outbox.ts'

let home: Awaited<ReturnType<typeof Data.open>>
let clock: ReturnType<typeof Data.clock>

beforeAll(async () => {
  home = await Data.open()
})
afterAll(() => home?.stop())
beforeEach(async () => {
  clock = Data.clock()
  await home.database.deleteFrom('outbox').execute()
})

const put = async (key: string, channel = 'ops') => {
  await Outbox.put(home.database, [{ channel, kind: 'alert', key, summary: key, payload: { key } }], clock.now())
  clock.pass(1)
}
const drain = (deliver: Outbox.Deliver, channel = 'ops') =>
  Outbox.drain(home.database, channel, deliver, clock, () => 0)
const all = () => home.database.selectFrom('outbox').selectAll().orderBy('created_at').execute()

test('a channel gets its messages once, the oldest first, and none of another channel', async () => {
  for (const key of ['a', 'b', 'c', 'b']) await put(key)
  await put('d', 'other')
  const got: string[] = []
  const deliver: Outbox.Deliver = async ({ summary }) => void got.push(summary)
  expect(await drain(deliver)).toBe(3)
  expect(await drain(deliver)).toBe(0)
  expect(got).toEqual(['a', 'b', 'c'])
  expect((await all()).map(({ channel, status }) => `${channel} ${status}`)).toEqual([
    'ops delivered',
    'ops delivered',
    'ops delivered',
    'other waiting',
  ])
})

test('a failure ends the round, waits twice as long each time, and a new message is not held up', async () => {
  await put('a')
  await put('b')
  const fail: Outbox.Deliver = async () => {
    throw new Error('down')
  }
  const tried: string[] = []
  const delivered = await drain((message) => {
    tried.push(message.summary)
    return fail(message)
  })
  expect(delivered).toBe(0)
  expect(tried).toEqual(['a'])
  expect((await all())[0]).toMatchObject({ status: 'waiting', attempts: 1, last_error: 'down' })
  // The next round goes on with the newer one, which no failure holds up.
  await drain((message) => {
    tried.push(message.summary)
    return fail(message)
  })
  expect(tried).toEqual(['a', 'b'])
  await home.database.deleteFrom('outbox').where('summary', '=', 'b').execute()
  const waits: number[] = [1000]
  for (let attempt = 2; attempt < Outbox.maxAttempts; attempt += 1) {
    const before = (await all())[0]?.next_attempt_at as Date
    clock.pass(before.getTime() - clock.now().getTime())
    await drain(fail)
    waits.push(((await all())[0]?.next_attempt_at?.getTime() ?? 0) - clock.now().getTime())
  }
  const doubling = Array.from({ length: 12 }, (_, index) => 1000 * 2 ** index)
  expect(waits).toEqual([...doubling, ...Array.from({ length: 10 }, () => 3_600_000)])
  const hours = waits.reduce((sum, wait) => sum + wait) / 3_600_000
  expect(Math.round(hours)).toBe(11)
})

test('once a channel works again, all that wait are sent, the oldest first', async () => {
  for (const key of ['a', 'b', 'c']) {
    await put(key)
    await drain(async () => {
      throw new Error('down')
    })
  }
  await put('elsewhere', 'other')
  await put('d')
  const got: string[] = []
  expect(
    await drain(async ({ summary }) => {
      got.push(summary)
    }),
  ).toBe(4)
  expect(got).toEqual(['d', 'a', 'b', 'c'])
})

test('a message that is given up on is told of in the same transaction, with when the channel worked last', async () => {
  const buried: [string, Date | null][] = []
  const bury: Outbox.Bury = async (connection, { summary }, last) => {
    const row = await connection.selectFrom('outbox').select('status').where('summary', '=', summary).executeTakeFirst()
    expect(row?.status).toBe('dead')
    buried.push([summary, last])
  }
  const round = (deliver: Outbox.Deliver) => Outbox.drain(home.database, 'ops', deliver, clock, () => 0, bury)
  const refuse: Outbox.Deliver = () => Promise.reject(new Channel.MissingSecretError('NONE'))
  await put('a')
  await round(refuse)
  await put('b')
  const at = clock.now()
  await round(async () => {})
  await put('c')
  await round(refuse)
  expect(buried).toEqual([
    ['a', null],
    ['c', at],
  ])
})

test('a channel that throws before it promises anything has failed like any other', async () => {
  await put('a')
  const deliver: Outbox.Deliver = () => {
    throw new Channel.MissingSecretError('NONE')
  }
  expect(await drain(deliver)).toBe(0)
  expect((await all())[0]).toMatchObject({ status: 'dead', last_error: 'The environment variable NONE is not set.' })
})

test('what failed too often is dead, is not tried again, and lives again by hand', async () => {
  await put('a')
  const fail: Outbox.Deliver = async () => {
    throw new Error('down')
  }
  for (let attempt = 0; attempt < Outbox.maxAttempts; attempt += 1) {
    await drain(fail)
    clock.pass(4_000_000)
  }
  const [dead] = await all()
  expect(dead).toMatchObject({ status: 'dead', attempts: Outbox.maxAttempts, next_attempt_at: null })
  expect(await drain(async () => {})).toBe(0)
  expect(await Outbox.revive(home.database, dead?.id ?? '', clock.now())).toMatchObject({
    status: 'waiting',
    attempts: 0,
  })
  expect(await Outbox.revive(home.database, dead?.id ?? '', clock.now())).toBeUndefined()
  expect(await drain(async () => {})).toBe(1)
})

test('a receiver that asks for time is given it, and one that refuses for good is not asked again', async () => {
  const answers = [
    { status: 429, headers: { 'retry-after': '30' } },
    { status: 204 },
    { status: 403, body: 'no \u0000 such hook\nsecret second line' },
  ]
  const receiver = await receive((count) => answers[count - 1] ?? { status: 500 })
  try {
    const deliver: Outbox.Deliver = () => Channel.post(receiver.url, '{}', {})
    await put('a')
    await drain(deliver)
    const wait = ((await all())[0]?.next_attempt_at?.getTime() ?? 0) - clock.now().getTime()
    expect(wait).toBe(30_000)
    clock.pass(30_000)
    expect(await drain(deliver)).toBe(1)
    await put('b')
    await drain(deliver)
    const [, refused] = await all()
    expect(refused).toMatchObject({ status: 'dead', attempts: 1 })
    // The path of a hook is a secret, and what it answers is a stranger's text.
    expect(refused?.last_error).toBe(`${new URL(receiver.url).host} answered 403: no \ufffd such hook.`)
  } finally {
    await receiver.stop()
  }
})
