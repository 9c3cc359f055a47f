import { expect, test } from 'vitest'
import { hasLookalike, show } from './lookalikes.ts'

const vault = '0x7a25C3f0e1bB94D2a7685fC0dE19b2a4C6F0881d'
const poisoned = '0x7A25ffffffffffffffffffffffffffffffff881D'

test('two addresses with the same ends are flagged while both are shown', () => {
  const hideVault = show(vault)
  expect(hasLookalike(vault)).toBe(false)
  const hidePoisoned = show(poisoned)
  expect(hasLookalike(vault)).toBe(true)
  expect(hasLookalike(poisoned)).toBe(true)
  hidePoisoned()
  expect(hasLookalike(vault)).toBe(false)
  hideVault()
})

test('one address shown twice, in other letter case, is no lookalike of itself', () => {
  const hide = [show(vault), show(vault.toLowerCase())]
  expect(hasLookalike(vault)).toBe(false)
  for (const each of hide) each()
})
