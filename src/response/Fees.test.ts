import { expect, test } from 'vitest'
import * as Fees from './Fees.ts'

test('fees below the cap are left as they are', () => {
  const fees = { maxFeePerGas: 50n, maxPriorityFeePerGas: 5n }
  expect(Fees.cap(fees, 10n, 500n)).toEqual(fees)
  expect(Fees.cap({ gasPrice: 50n }, 10n, 500n)).toEqual({ gasPrice: 50n })
})

test('fees above the cap are lowered, the tip with the ceiling, so that the whole never costs more', () => {
  expect(Fees.cap({ maxFeePerGas: 50n, maxPriorityFeePerGas: 5n }, 10n, 499n)).toEqual({
    maxFeePerGas: 49n,
    maxPriorityFeePerGas: 5n,
  })
  expect(Fees.cap({ maxFeePerGas: 50n, maxPriorityFeePerGas: 45n }, 10n, 400n)).toEqual({
    maxFeePerGas: 40n,
    maxPriorityFeePerGas: 40n,
  })
  expect(Fees.cap({ gasPrice: 50n }, 10n, 9n + 10n)).toEqual({ gasPrice: 1n })
})

test('a cap that leaves nothing for gas is an error of the configuration', () => {
  for (const most of [9n, 0n, -1n]) expect(() => Fees.cap({ gasPrice: 1n }, 10n, most)).toThrow(Fees.CostCapError)
})
