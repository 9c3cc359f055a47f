import { expect, test } from 'vitest'
import { paths } from './paths.ts'

test('every URL, with an id that needs escaping', () => {
  const urls = Object.entries(paths).map(([name, path]) => {
    if (typeof path === 'string') return `${name} ${path}`
    if (name === 'alerts') return `${name} ${paths.alerts(10)}`
    return `${name} ${(path as (id: string, format: string) => string)('a/b', 'html')}`
  })
  expect(urls).toMatchInlineSnapshot(`
    [
      "readiness /api/readiness",
      "changes /api/changes",
      "incidents /api/incidents",
      "incident /api/incidents/a%2Fb",
      "transitions /api/incidents/a%2Fb/transitions",
      "notes /api/incidents/a%2Fb/notes",
      "report /api/incidents/a%2Fb/report.html",
      "exhibit /api/exhibits/a%2Fb",
      "alerts /api/alerts?limit=10",
      "handling /api/alerts/a%2Fb/handling",
      "findings /api/findings?alertId=a%2Fb",
      "approvals /api/approvals",
      "approval /api/approvals/a%2Fb",
      "decisions /api/approvals/a%2Fb/decisions",
      "outbox /api/outbox",
      "retry /api/outbox/a%2Fb/retry",
    ]
  `)
})
