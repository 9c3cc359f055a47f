/** What playbooks may do at most, whoever wrote them: targets and functions by list, money by cap. Nothing is allowed by default. */
import { type Address, isAddressEqual, toFunctionSignature } from 'viem'
import type { Action, Check } from './Action.ts'

export type Policy = {
  readonly allow: readonly Permission[]
  /** The most that one transaction may cost, value and fees together, in wei. */
  readonly maxWeiPerTransaction: bigint
}

export type Permission = {
  readonly chain: string
  readonly target: Address
  /** Signatures, for example `pause()`. */
  readonly functions: readonly string[]
}

/** Whether the policy lets this action be sent at this greatest cost. Pure. */
export function judge(policy: Policy, action: Action, maxCostWei: bigint): Check {
  const signature = toFunctionSignature(action.function)
  const permission = policy.allow.find(
    ({ chain, target }) => chain === action.chain && isAddressEqual(target, action.target),
  )
  const detail = { target: action.target, function: signature, maxCostWei, capWei: policy.maxWeiPerTransaction }
  if (!permission)
    return { ok: false, summary: `Policy allows no call to ${action.target} on ${action.chain}.`, detail }
  if (!permission.functions.includes(signature))
    return {
      ok: false,
      summary: `Policy does not allow ${signature} on ${action.target}; it allows ${permission.functions.join(', ')}.`,
      detail,
    }
  if (maxCostWei > policy.maxWeiPerTransaction)
    return {
      ok: false,
      summary: `It could cost ${maxCostWei} wei; policy caps a transaction at ${policy.maxWeiPerTransaction} wei.`,
      detail,
    }
  return {
    ok: true,
    summary: `Policy allows ${signature} on this target, up to ${policy.maxWeiPerTransaction} wei.`,
    detail,
  }
}
