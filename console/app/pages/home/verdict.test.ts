import { expect, test } from 'vitest'
import type { Readiness } from '../../api/contract.ts'
import { verdictsOf } from './verdict.ts'

const empty: Readiness = {
  organisation: '',
  deploymentId: '',
  ruleSetVersion: '',
  startedAt: '',
  now: '',
  chains: [],
  channels: [],
  actions: [],
  detectors: [],
  people: [],
}

test('nothing set up is not ready', () => {
  expect(verdictsOf(empty).map(({ isReady }) => isReady)).toEqual([false, false, false, false, false])
})

test('each fault is said with its reason', () => {
  const action = { playbook: 'contain', path: 'pause', action: 'Pause the vault', checkedAt: '' }
  const verdicts = verdictsOf({
    ...empty,
    actions: [
      { ...action, ready: true, reason: null },
      { ...action, ready: false, reason: 'The guardian has no ether for gas.' },
    ],
  })
  expect(verdicts[1]).toEqual({
    name: 'Actions',
    isReady: false,
    word: '1 of 2 ready',
    problems: ['Pause the vault: The guardian has no ether for gas.'],
  })
})
