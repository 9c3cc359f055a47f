import { getAbiItem, parseAbi } from 'viem'
import { expect, test } from 'vitest'
import type { Action } from './Action.ts'
import * as Policy from './Policy.ts'

const target = '0x00000000000000000000000000000000000000AA' as const
const abi = parseAbi(['function pause()', 'function pause(uint256)', 'function paused() view returns (bool)'])
const [pause, pauseWith] = abi
const action: Action = {
  sentence: 'Pause it',
  chain: 'main',
  target,
  function: pause,
  args: [],
  value: 0n,
  precondition: async () => ({ ok: true, summary: '' }),
  effect: { function: getAbiItem({ abi, name: 'paused' }), args: [], expected: true },
}
const policy: Policy.Policy = {
  allow: [{ chain: 'main', target: target.toLowerCase() as typeof target, functions: ['pause()'] }],
  maxWeiPerTransaction: 100n,
}

test('what is listed is allowed up to the cap, whatever the case of the address', () => {
  expect(Policy.judge(policy, action, 100n)).toMatchObject({ ok: true, detail: { function: 'pause()', capWei: 100n } })
})

test('anything else is refused with what it was: another chain, target, function or amount', () => {
  const refused = (changes: Partial<Action>, cost = 0n) => {
    const { ok, summary } = Policy.judge(policy, { ...action, ...changes }, cost)
    expect(ok).toBe(false)
    return summary
  }
  expect(refused({ chain: 'other' })).toContain('on other')
  expect(refused({ target: '0x00000000000000000000000000000000000000bb' })).toContain('00bb')
  expect(refused({ function: pauseWith })).toContain('pause(uint256)')
  expect(refused({}, 101n)).toContain('101 wei')
  expect(Policy.judge({ allow: [], maxWeiPerTransaction: 0n }, action, 0n).ok).toBe(false)
})
