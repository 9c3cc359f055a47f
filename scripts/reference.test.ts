import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { pages } from './reference.ts'

test('the reference is what the code says today; if not: npx node scripts/reference.ts', () => {
  const directory = join(import.meta.dirname, '../docs/reference')
  const written = readdirSync(directory).map((name) => [name, readFileSync(join(directory, name), 'utf8')])
  expect(Object.fromEntries(written)).toEqual(pages())
})
