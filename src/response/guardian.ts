/** Authority by a key that the contract itself trusts: the fastest way to act, and all it can do is what the contract lets it. */
import { formatEther } from 'viem'
import type { Authority } from '../playbook/Action.ts'
import * as Fees from './Fees.ts'
import type * as Key from './Key.ts'
import { keySender } from './keySender.ts'

/** Gas that a pause takes at most, by far. */
const generousGas = 150_000n

/** A guardian key authorised in advance. */
export function guardian(key: Key.Reference): Authority {
  const sender = keySender(key)
  return {
    kind: 'key',
    label: `guardian key ${key.address}`,
    caller: key.address,
    ready: async (chain) => {
      const [{ balanceWei, neededWei, level }] = await Promise.all([
        Fees.funds(chain, key.address, generousGas),
        sender.unlock(),
      ])
      const detail = { balanceWei, neededWei }
      const holds = `Guardian ${key.address} holds ${formatEther(balanceWei)} of the native coin`
      const needs = `a call may need ${formatEther(neededWei)} for gas at the price of now`
      if (level === 'none') return { ok: false, summary: `${holds}; ${needs}.`, detail }
      if (level === 'low') return { ok: true, summary: `${holds}, which is little: ${needs}. Top it up.`, detail }
      return { ok: true, summary: `Guardian ${key.address} can pay for gas.`, detail }
    },
    carry: (call) => ({ to: call.to, data: call.data, value: call.value }),
    sender,
  }
}
