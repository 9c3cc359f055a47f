import { expect, test } from 'vitest'
import * as Random from './Random.ts'

test('a seed gives the same sequence on every machine', () => {
  const random = Random.seeded(7)
  const drawn = Array.from({ length: 4 }, () => Random.integer(random, 1, 1_000))
  expect(drawn).toMatchInlineSnapshot(`
    [
      894,
      981,
      187,
      384,
    ]
  `)
})

test('integers cover their range, ends included', () => {
  const random = Random.seeded(1)
  const drawn = new Set(Array.from({ length: 400 }, () => Random.integer(random, -2, 2)))
  expect([...drawn].sort((a, b) => a - b)).toEqual([-2, -1, 0, 1, 2])
})

test('a weight of zero is never drawn, and twice the weight comes twice as often', () => {
  const random = Random.seeded(5)
  const counts = { never: 0, once: 0, twice: 0 }
  for (let draw = 0; draw < 6_000; draw++) counts[Random.weighted(random, { never: 0, once: 1, twice: 2 })]++
  expect(counts.never).toBe(0)
  expect(counts.twice / counts.once).toBeGreaterThan(1.8)
  expect(counts.twice / counts.once).toBeLessThan(2.2)
})
