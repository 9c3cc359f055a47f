import { afterAll, beforeAll, expect, test } from 'vitest'
import * as Installation from '../../test/installation.ts'
import type * as Operations from './contract/Operations.ts'

let place: Installation.Ground
let home: Installation.Installation

beforeAll(async () => {
  place = await Installation.ground()
  home = await Installation.start(place)
  await place.mine(6)
  await place.attack()
  await home.incidentThat('contained')
})
afterAll(async () => {
  await home?.stop()
  await place?.stop()
})

test('the document is OpenAPI 3.1, tells every path it serves, and resolves every reference', async () => {
  const response = await fetch(`${home.url}/api/openapi.json`)
  expect(response.status).toBe(200)
  const document = (await response.json()) as {
    openapi: string
    paths: Record<
      string,
      Record<string, { responses: object; security?: unknown[]; parameters?: { name: string; in: string }[] }>
    >
    components: { schemas: Record<string, object>; securitySchemes: object }
  }
  expect(document.openapi).toBe('3.1.0')
  expect(document.components.securitySchemes).toEqual({ token: { type: 'http', scheme: 'bearer' } })
  const references = [...JSON.stringify(document).matchAll(/"\$ref":"([^"]+)"/g)].map(([, name = '']) => name)
  expect(references.length).toBeGreaterThan(20)
  for (const reference of references) {
    const found = reference
      .replace('#/', '')
      .split('/')
      .reduce<unknown>((at, key) => (at as Record<string, unknown>)?.[key], document)
    expect(found, reference).toBeDefined()
  }
  for (const [path, methods] of Object.entries(document.paths))
    for (const [method, { responses, security, parameters = [] }] of Object.entries(methods)) {
      expect(Object.keys(responses), path).toContain('200')
      expect(security, path).toEqual([{ token: [] }])
      const named = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name)
      expect(
        parameters.filter((parameter) => parameter.in === 'path').map(({ name }) => name),
        path,
      ).toEqual(named)
      // Every path is served: whatever it answers, it is not that there is nothing.
      const answer = await home.call(path.replaceAll(/\{\w+\}/g, 'none'), {
        method: method.toUpperCase(),
        ...(method === 'post' ? { body: '{}' } : {}),
        signal: AbortSignal.timeout(5_000),
      })
      expect(await errorOf(answer), `${method} ${path}`).not.toBe('Api.UnknownPathError')
      expect(answer.status, `${method} ${path}`).toBeLessThan(500)
    }
})

async function errorOf(answer: Response): Promise<string | undefined> {
  if (answer.ok) return void (await answer.body?.cancel())
  return ((await answer.json()) as Operations.Problem).error
}

test('what is wrong with a request is told with a status of its own, and never as a bug', async () => {
  const incident = (await home.incident())?.id
  const cases: readonly [status: number, error: string, path: string, body?: string][] = [
    [404, 'Api.UnknownPathError', '/api/nothing'],
    [404, 'Incident.UnknownIncidentError', '/api/incidents/INC-1999-0001'],
    [404, 'Exhibit.UnknownExhibitError', '/api/exhibits/none'],
    [404, 'Approval.UnknownApprovalError', '/api/approvals/none'],
    [400, 'Api.InvalidRequestError', '/api/findings?limit=-1'],
    [400, 'Api.InvalidRequestError', `/api/incidents/${incident}/notes`, '{"text":'],
    [400, 'Api.InvalidRequestError', `/api/incidents/${incident}/notes`, '{"text":"","actor":"console"}'],
    [
      400,
      'Api.InvalidRequestError',
      `/api/incidents/${incident}/notes`,
      JSON.stringify({ text: 'x'.repeat(20_000), actor: 'console' }),
    ],
    [409, 'Actor.NobodyError', `/api/incidents/${incident}/notes`, '{"text":"a","actor":"eve"}'],
    [
      409,
      'Incident.InvalidTransitionError',
      `/api/incidents/${incident}/transitions`,
      '{"to":"contained","reason":"x","actor":"console"}',
    ],
    [409, 'operations.NotDeadError', '/api/outbox/none/retry', '{}'],
  ]
  for (const [status, error, path, body] of cases) {
    const answer = await home.call(path, body === undefined ? {} : { method: 'POST', body })
    const problem = (await answer.json()) as Operations.Problem
    expect([answer.status, problem.error], `${path} ${body?.slice(0, 40)}`).toEqual([status, error])
    expect(problem.remedy).toBe('operator')
  }
})

test('identifiers that hold what a path or a database cannot are answered as unknown', async () => {
  for (const id of [
    '%00',
    '%F0%9F%94%A5',
    encodeURIComponent("'; drop table incident; --"),
    '..%2f..%2ftoken',
    '%ED%A0%80',
  ])
    for (const path of ['incidents', 'exhibits', 'approvals']) {
      const answer = await home.call(`/api/${path}/${id}`)
      expect(answer.status, `${path}/${id}`).toBeLessThan(500)
      expect(answer.status, `${path}/${id}`).toBeGreaterThanOrEqual(400)
    }
})

test('a note with markup stays text in the timeline and in the report', async () => {
  const id = (await home.incident())?.id
  const text = '<script>alert(1)</script> \u0000 \ud800 "quoted" & more'
  const noted = await home.post(`/api/incidents/${id}/notes`, { text, actor: 'owner1' })
  expect(noted.status).toBe(200)
  const html = await (await home.call(`/api/incidents/${id}/report.html`)).text()
  expect(html).not.toContain('<script')
  expect(html).toContain('&lt;script&gt;alert(1)&lt;/script&gt;')
  expect((await home.incident())?.intact).toBe(true)
})

test('answers carry headers that keep other sites and sniffing out', async () => {
  const { headers } = await home.call('/api/incidents')
  expect(headers.get('x-content-type-options')).toBe('nosniff')
  expect(headers.get('content-security-policy')).toContain("frame-ancestors 'none'")
  expect(headers.get('access-control-allow-origin')).toBeNull()
})

test('the stream beats at once and then tells what changed', async () => {
  const abort = new AbortController()
  const response = await home.call('/api/changes', { signal: abort.signal })
  expect(response.headers.get('content-type')).toContain('text/event-stream')
  const reader = (response.body as ReadableStream<Uint8Array>).pipeThrough(new TextDecoderStream()).getReader()
  let told = ''
  const hear = async (what: RegExp) => {
    while (!what.test(told)) {
      const { value, done } = await reader.read()
      if (done) throw new Error(`The stream ended: ${told}`)
      told += value
    }
  }
  await hear(/event: beat/)
  const id = (await home.incident())?.id
  await home.post(`/api/incidents/${id}/notes`, { text: 'a note', actor: 'cli' })
  await hear(new RegExp(`event: change\\s+data: .*"noun":"incident","id":"${id}"`))
  await place.mine(1)
  await hear(/"noun":"chain"/)
  abort.abort()
})
