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
  expect(await drain(async () => {})).toBe(1)
  const waits: number[] = []
  for (let attempt = 2; attempt < Outbox.maxAttempts; attempt += 1) {
    const before = (await all())[0]?.next_attempt_at as Date
    clock.pass(before.getTime() - clock.now().getTime())
    await drain(fail)
    waits.push(((await all())[0]?.next_attempt_at?.getTime() ?? 0) - clock.now().getTime())
  }
  expect(waits).toEqual([2, 4, 8, 16, 32, 64, 128, 256, 512, 1024].map((seconds) => seconds * 1000))
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
