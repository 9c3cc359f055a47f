import { expect, test } from 'vitest'
import { isOpen, phaseOf } from './state.ts'

const loss = [{ units: '1', decimals: 18, symbol: 'WETH' }]

test('bleeding needs a loss; without one it is at risk', () => {
  expect(phaseOf({ status: 'active', containedBlock: null, losses: loss }).name).toBe('bleeding')
  expect(phaseOf({ status: 'detected', containedBlock: null, losses: [] }).name).toBe('at_risk')
})

test('an incident taken back to active bleeds, though it was contained once', () => {
  expect(phaseOf({ status: 'active', containedBlock: '7', losses: loss }).name).toBe('bleeding')
})

test('contained says at which block, or that nobody verified it', () => {
  expect(phaseOf({ status: 'contained', containedBlock: '21034567', losses: loss }).sentence).toContain('21,034,567')
  expect(phaseOf({ status: 'contained', containedBlock: null, losses: loss }).name).toBe('unverified')
})

test('what is over is not open', () => {
  expect(isOpen({ status: 'monitoring' })).toBe(true)
  expect(isOpen({ status: 'false_positive' })).toBe(false)
})
