import { afterAll, beforeAll, expect, test } from 'vitest'
import * as Data from '../../test/database.ts'
import * as Channel from '../comms/Channel.ts'
import * as Outbox from '../store/Outbox.ts'
import * as Channels from './Channels.ts'

let home: Awaited<ReturnType<typeof Data.open>>
beforeAll(async () => {
  home = await Data.open()
})
afterAll(() => home?.stop())

test('the other channels hear of a silent one, once until it works again, and two silent ones do not tell for ever', async () => {
  const clock = Data.clock()
  const names = ['slack', 'pager']
  const bury = Channels.obituary(names, clock.now)
  const dead = new Set(['slack'])
  const drain = async () => {
    for (const name of names) {
      const deliver: Outbox.Deliver = async () => {
        if (dead.has(name)) throw new Channel.MissingSecretError('NONE')
      }
      // Each round ends at a failure, and these fail at once and for good.
      for (let round = 0; round < 20; round += 1) await Outbox.drain(home.database, name, deliver, clock, () => 0, bury)
    }
    clock.pass(1_000)
  }
  const put = (key: string) =>
    Outbox.put(home.database, [{ channel: 'slack', kind: 'alert', key, summary: key, payload: {} }], clock.now())
  const told = async () =>
    (
      await home.database.selectFrom('outbox').selectAll().where('kind', '=', 'failed').orderBy('created_at').execute()
    ).map(({ channel, status, summary }) => `${channel} ${status}: ${summary}`)
  const slack = 'P2 Channel slack does not get through: a message was given up on'
  await put('a')
  await put('b')
  await drain()
  await drain()
  expect(await told()).toEqual([`pager delivered: ${slack}`])

  // It works for a while; then both are silent.
  dead.delete('slack')
  await put('c')
  await drain()
  dead.add('slack').add('pager')
  await put('d')
  for (let round = 0; round < 4; round += 1) await drain()
  expect((await told()).slice(1)).toEqual([
    `pager dead: ${slack}`,
    'slack dead: P2 Channel pager does not get through: a message was given up on',
  ])
})
