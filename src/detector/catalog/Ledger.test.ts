import fc from 'fast-check'
import { type Address, numberToHex } from 'viem'
import { expect, test } from 'vitest'
import * as Ledger from './Ledger.ts'

const account = (index: number): Address => numberToHex(index + 1, { size: 20 })
const change = fc.tuple(
  fc.integer({ min: 0, max: 30 }).map(account),
  fc.bigInt({ min: -(10n ** 24n), max: 10n ** 24n }),
)
const size = (value: bigint) => (value < 0n ? -value : value)

test('positions are the sums of what moved, and an even account leaves no trace', () => {
  fc.assert(
    fc.property(fc.array(change), (changes) => {
      const ledger = new Map(changes.reduce<Ledger.Ledger>((all, one) => Ledger.add(all, [one]), []))
      for (const [address] of changes) {
        const sum = changes.filter(([other]) => other === address).reduce((total, [, value]) => total + value, 0n)
        expect(ledger.get(address) ?? 0n).toBe(sum)
        expect(Ledger.credit(ledger, address)).toBe(sum > 0n ? sum : 0n)
      }
      expect([...ledger.values()]).not.toContain(0n)
    }),
  )
})

test('a full ledger forgets the smallest positions first, and is never over-full', () => {
  fc.assert(
    fc.property(fc.array(change), fc.integer({ min: 1, max: 10 }), (changes, most) => {
      const all = Ledger.add([], changes)
      const kept = Ledger.add([], changes, most)
      expect(kept).toHaveLength(Math.min(all.length, most))
      const forgotten = all.filter(([address]) => !kept.some(([other]) => other === address))
      const smallest = kept.map(([, value]) => size(value)).reduce((a, b) => (a < b ? a : b), 2n ** 256n)
      expect(forgotten.every(([, value]) => size(value) <= smallest)).toBe(true)
    }),
  )
})

test('a large depositor outlives any number of small ones', () => {
  let ledger = Ledger.add([], [[account(9_999), 10n ** 21n]])
  for (let index = 0; index < 5_000; index += 50)
    ledger = Ledger.add(
      ledger,
      Array.from({ length: 50 }, (_, offset) => [account(index + offset), 10n ** 18n] as const),
    )
  expect(Ledger.credit(new Map(ledger), account(9_999))).toBe(10n ** 21n)
  expect(ledger).toHaveLength(Ledger.limit)
})
