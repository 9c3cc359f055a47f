import fc from 'fast-check'
import { expect, test } from 'vitest'
import * as History from './History.ts'

const amount = fc.bigInt({ min: 0n, max: 2n ** 256n })
const amounts = fc.array(amount, { maxLength: 80 })
const of = (values: readonly bigint[], most?: number) =>
  values.reduce<History.History>((history, value) => History.record(history, value, most), [])

test('log2 is exact at powers of two, however large', () => {
  for (const power of [0, 1, 52, 53, 255, 1_023, 1_024, 5_000]) expect(History.log2(2n ** BigInt(power))).toBe(power)
  expect(History.log2(0n)).toBe(0)
  expect(History.log2(-5n)).toBe(0)
})

test('log2 never decreases and is never NaN', () => {
  fc.assert(
    fc.property(amount, amount, (a, b) => {
      const [low, high] = a < b ? [a, b] : [b, a]
      expect(Number.isFinite(History.log2(low))).toBe(true)
      expect(History.log2(high)).toBeGreaterThanOrEqual(History.log2(low))
    }),
  )
  fc.assert(
    fc.property(fc.bigInt({ min: 1n, max: 2n ** 3_000n }), (a) => {
      expect(History.log2(a + 1n)).toBeGreaterThanOrEqual(History.log2(a))
    }),
  )
})

test('a comparison is never NaN, and a larger amount is never nearer', () => {
  fc.assert(
    fc.property(amounts, amount, amount, (past, a, b) => {
      const history = of(past)
      const [low, high] = a < b ? [a, b] : [b, a]
      const [near, far] = [History.compare(history, low, 1), History.compare(history, high, 1)]
      expect(near === undefined).toBe(history.length === 0)
      if (!near || !far) return
      for (const value of [...Object.values(near), History.confidence(near)]) expect(Number.isFinite(value)).toBe(true)
      expect(far.distance).toBeGreaterThanOrEqual(near.distance)
      expect(far.timesLargest).toBeGreaterThanOrEqual(near.timesLargest)
      expect(History.confidence(far)).toBeGreaterThanOrEqual(History.confidence(near))
      if (History.isUnusual(near)) expect(History.isUnusual(far)).toBe(true)
      if (History.isExtreme(near)) expect(History.isUnusual(near)).toBe(true)
    }),
  )
})

test('the history is bounded and forgets the oldest first', () => {
  fc.assert(
    fc.property(amounts, fc.integer({ min: 1, max: 20 }), (past, most) => {
      const kept = past.filter((value) => value > 0n)
      expect(of(past, most)).toEqual(of(kept.slice(-most), most))
    }),
  )
  expect(of(Array.from({ length: 2_000 }, (_, index) => BigInt(index)))).toHaveLength(History.limit)
})

test('what is in the history is no news: no amount that is the median is unusual', () => {
  fc.assert(
    fc.property(fc.array(fc.bigInt({ min: 1n, max: 2n ** 128n }), { minLength: 21, maxLength: 61 }), (past) => {
      const sorted = [...past].sort((a, b) => (a < b ? -1 : 1))
      const middle = History.compare(of(past), sorted[past.length >> 1] ?? 1n)
      expect(middle && History.isUnusual(middle)).toBe(false)
    }),
  )
})

test('below the least number of observations nothing is said', () => {
  const few = of(Array.from({ length: History.enough - 1 }, () => 100n))
  expect(History.compare(few, 10n ** 30n)).toBeUndefined()
  expect(History.compare(History.record(few, 100n), 10n ** 30n)?.observations).toBe(History.enough)
})

test('an attack in many steps does not make itself look usual', () => {
  const honest = of(Array.from({ length: 60 }, (_, index) => BigInt(100 + 13 * (index % 9))))
  let history = honest
  for (let step = 0; step < 25; step++) {
    const found = History.compare(history, 100_000n)
    expect(found && History.isUnusual(found)).toBe(true)
    history = History.record(history, 100_000n)
  }
})

test('a history stretched by dust does not hide what is far above all of it', () => {
  const stretched = of(Array.from({ length: 100 }, (_, index) => (index % 2 ? 1n : 10n ** 18n)))
  const found = History.compare(stretched, 10n ** 20n)
  expect(found?.distance).toBeLessThan(4)
  expect(found && History.isUnusual(found)).toBe(true)
})
