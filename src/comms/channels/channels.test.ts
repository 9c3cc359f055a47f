import { createHmac } from 'node:crypto'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { receive } from '../../../test/receiver.ts'
import type { Announcement } from '../../incident/Announcement.ts'
import { slack } from './slack.ts'
import { webhook } from './webhook.ts'

let receiver: Awaited<ReturnType<typeof receive>>
let status = 204
beforeEach(async () => {
  status = 204
  receiver = await receive(() => ({ status, headers: status === 302 ? { location: 'http://127.0.0.1:9/' } : {} }))
})
afterEach(() => receiver.stop())

const announcement: Announcement = {
  kind: 'alert',
  key: 'alert:1',
  severity: 'P1',
  incidentId: 'INC-2026-0001',
  title: '<!channel> & <https://evil.example|click> left',
  facts: [{ label: 'Token <b>', value: '<@U123> & co' }],
  path: '/incidents/INC-2026-0001',
}
const delivery = {
  announcement,
  idempotencyKey: 'ops:alert:1',
  consoleUrl: 'https://firebreak.example',
  now: new Date('2026-01-01T00:00:00Z'),
}

test('a webhook is signed over its time and its body, and carries its key', async () => {
  process.env.FIREBREAK_TEST_SECRET = 'of the test'
  await webhook({ url: receiver.url, secret: { env: 'FIREBREAK_TEST_SECRET' } }).deliver(delivery)
  const [{ headers, body } = { headers: {}, body: '' }] = receiver.received
  const mac = createHmac('sha256', 'of the test').update(`1767225600.${body}`).digest('hex')
  expect(headers).toMatchObject({ 'firebreak-signature': `t=1767225600,v1=${mac}`, 'idempotency-key': 'ops:alert:1' })
  expect(JSON.parse(body)).toEqual({ ...announcement, url: 'https://firebreak.example/incidents/INC-2026-0001' })
  delete process.env.FIREBREAK_TEST_SECRET
})

test('a name made by a stranger pages nobody in Slack and links nowhere', async () => {
  await slack({ url: receiver.url }).deliver(delivery)
  const body = receiver.received[0]?.body ?? ''
  expect(body).not.toMatch(/<[!@#]/)
  expect(body).toContain('&lt;!channel&gt; &amp; &lt;https://evil.example|click&gt; left')
  expect(body.match(/<[^>]*>/g)).toEqual(['<https://firebreak.example/incidents/INC-2026-0001|Open in Firebreak>'])
})

test('a message to Slack keeps to its limits, however long a name is', async () => {
  const long = '<'.repeat(5_000)
  const facts = Array.from({ length: 20 }, () => ({ label: 'Name', value: long }))
  await slack({ url: receiver.url }).deliver({ ...delivery, announcement: { ...announcement, title: long, facts } })
  const { blocks } = JSON.parse(receiver.received[0]?.body ?? '') as {
    blocks: { text?: { text: string }; fields?: { text: string }[] }[]
  }
  for (const { text, fields = [] } of blocks) {
    expect(text?.text.length ?? 0).toBeLessThanOrEqual(3_000)
    expect(fields.length).toBeLessThanOrEqual(10)
    for (const field of fields) expect(field.text.length).toBeLessThanOrEqual(2_000)
  }
})

test('a refusal says by whom and whether to try again, and never the path, which is a secret', async () => {
  const remedies = {
    302: 'retry',
    403: 'config',
    404: 'config',
    408: 'retry',
    429: 'retry',
    500: 'retry',
    503: 'retry',
  }
  for (const [code, remedy] of Object.entries(remedies)) {
    status = Number(code)
    const failed = slack({ url: receiver.url }).deliver(delivery)
    await expect(failed, code).rejects.toMatchObject({ remedy })
    await expect(failed, code).rejects.not.toThrow('/hook')
  }
  const nowhere = slack({ url: 'http://127.0.0.1:9/secret' }).deliver(delivery)
  await expect(nowhere).rejects.toMatchObject({ name: 'Channel.UnreachableError', remedy: 'retry' })
  await expect(nowhere).rejects.not.toThrow('secret')
  await expect(slack({ url: { env: 'FIREBREAK_TEST_NONE' } }).deliver(delivery)).rejects.toMatchObject({
    remedy: 'config',
  })
})
