/** Authority by a key that the contract itself trusts: the fastest way to act, and all it can do is what the contract lets it. */
import { formatEther, type Hex } from 'viem'
import type { Authority } from '../playbook/Action.ts'
import type * as Key from './Key.ts'
import { keySender } from './keySender.ts'

/** Enough for one pause at a high price of gas, in wei: below it the guardian counts as not ready. */
const leastBalance = 2_000_000_000_000_000n

/** A guardian key authorised in advance. */
export function guardian(key: Key.Reference): Authority {
  const sender = keySender(key)
  return {
    kind: 'key',
    label: `guardian key ${key.address}`,
    caller: key.address,
    ready: async (chain) => {
      const [balance] = await Promise.all([
        chain.request('eth_getBalance', [key.address, 'latest']) as Promise<Hex>,
        sender.unlock(),
      ])
      const wei = BigInt(balance)
      if (wei < leastBalance)
        return {
          ok: false,
          summary: `Guardian ${key.address} holds ${formatEther(wei)} of the native coin; it needs ${formatEther(leastBalance)} for gas.`,
          detail: { balanceWei: wei },
        }
      return { ok: true, summary: `Guardian ${key.address} can pay for gas.`, detail: { balanceWei: wei } }
    },
    carry: (call) => ({ to: call.to, data: call.data, value: call.value }),
    sender,
  }
}
