/** Before anything is sent: does the action make sense now, would it work, does it stop this attack, may it be done? */
import { type Address, decodeFunctionResult, encodeFunctionData, type Hash, type Hex, pad, toEventSelector } from 'viem'
import * as Errors from '../base/Errors.ts'
import type * as Chain from '../chain/Chain.ts'
import * as Fork from '../chain/Fork.ts'
import * as Action from './Action.ts'
import type * as Playbook from './Playbook.ts'
import * as Policy from './Policy.ts'
import type * as Run from './Run.ts'

export type Prepared = {
  readonly ok: boolean
  /** The effect is there already: nothing is to be sent, only to be proven. */
  readonly inEffect: boolean
  readonly steps: readonly Run.StepChange[]
  readonly simulation: Simulation | undefined
}

export type Simulation = {
  readonly block: bigint
  readonly succeeded: boolean
  readonly gasUsed: bigint
  readonly effects: readonly string[]
  /** For people. `null` where it cannot be known: no transaction to replay, or it no longer works even without the action. */
  readonly stopsAttack: boolean | null
}

/** Looks, simulates on the present state, and asks the policy. Reads only; sends nothing. */
export async function prepare(
  chain: Chain.Chain,
  attempt: Playbook.Attempt,
  attack: Hash | undefined,
  policy: Policy.Policy,
): Promise<Prepared> {
  const { action, by, name: path } = attempt
  const stop = (steps: Run.StepChange[], simulation?: Simulation): Prepared => ({
    ok: false,
    inEffect: false,
    steps,
    simulation,
  })
  const [now, ready] = await Promise.all([
    action.precondition(chain),
    // Where it is in effect already no key is needed, so a missing one must not hide that.
    by.ready(chain).catch((thrown: unknown): Action.Check => {
      if (Errors.remedyOf(thrown) === 'retry') throw thrown
      return { ok: false, summary: Errors.messageOf(thrown) }
    }),
  ])
  if (now.inEffect)
    return {
      ok: true,
      inEffect: true,
      steps: [{ path, name: 'precondition', status: 'done', summary: now.summary, detail: now.detail }],
      simulation: undefined,
    }
  const checks = [now, ready]
  const failed = checks.find(({ ok }) => !ok)
  const looked: Run.StepChange = {
    path,
    name: 'precondition',
    status: failed ? 'failed' : 'done',
    summary: (failed ?? { summary: checks.map(({ summary }) => summary).join(' ') }).summary,
    detail: Object.assign({}, ...checks.map(({ detail }) => detail)),
  }
  if (failed) return stop([looked])
  const simulation = await simulate(chain, action, by, attack)
  const simulated: Run.StepChange = {
    path,
    name: 'simulate',
    status: simulation.succeeded ? 'done' : 'failed',
    summary: simulation.effects.join(' '),
    detail: simulation,
  }
  if (!simulation.succeeded) return stop([looked, simulated], simulation)
  const verdict = Policy.judge(policy, action, action.value)
  const judged: Run.StepChange = {
    path,
    name: 'policy',
    status: verdict.ok ? 'done' : 'failed',
    summary: verdict.summary,
    detail: verdict.detail,
  }
  return { ok: verdict.ok, inEffect: false, steps: [looked, simulated, judged], simulation }
}

/**
 * Dry run on the head: the action, then its effect read back; and for people's judgement the attack's own transaction
 * with the action before it and without. Only the first two can refuse: an attacker chooses what its transaction does in
 * a replay, and must not be able to choose whether it is answered.
 */
export async function simulate(
  chain: Chain.Chain,
  action: Action.Action,
  by: Action.Authority,
  attack: Hash | undefined,
): Promise<Simulation> {
  const call = Action.toCall(action, by)
  const look = { from: by.caller, to: action.target, data: viewOf(action.effect), value: 0n }
  const [[acted, seen], replay, head] = await Promise.all([
    Fork.simulate(chain, { calls: [call, look] }),
    attack ? rehearse(chain, call, attack).catch(() => undefined) : undefined,
    chain.request('eth_blockNumber', []) as Promise<Hex>,
  ])
  const succeeded =
    acted?.status === 'success' && seen?.status === 'success' && isExpected(action.effect, seen.returnData)
  const { function: view, expected } = action.effect
  const effect =
    acted?.status !== 'success'
      ? `It would revert: ${acted?.error ?? 'no reason given'}.`
      : succeeded
        ? `It succeeds on block ${BigInt(head)} and ${view.name}() becomes ${String(expected)}.`
        : `It would succeed, but ${view.name}() would not become ${String(expected)}.`
  const stopsAttack = replay?.stopsAttack ?? null
  return {
    block: BigInt(head),
    succeeded,
    gasUsed: acted?.gasUsed ?? 0n,
    stopsAttack,
    effects: [effect, ...(replay ? [replay.says] : [])],
  }
}

/** The attack's transaction once more: alone, and after the action. */
async function rehearse(
  chain: Chain.Chain,
  call: Action.Call,
  attack: Hash,
): Promise<{ stopsAttack: boolean | null; says: string } | undefined> {
  const replay = await transactionOf(chain, attack)
  if (!replay) return undefined
  // Its sender may have spent since what it sent along then.
  const stateOverrides = { [replay.from]: { balance: replay.value + 10n ** 21n } }
  const [[before], [, after]] = await Promise.all([
    Fork.simulate(chain, { calls: [replay], stateOverrides }),
    Fork.simulate(chain, { calls: [call, replay], stateOverrides }),
  ])
  if (before?.status !== 'success' || !after)
    return {
      stopsAttack: null,
      says: `Transaction ${attack} no longer succeeds on this state even without it, so the replay proves nothing.`,
    }
  const reverts = after.status === 'reverted'
  // It may catch the failure and go on; what counts is whether it still gets anything out.
  const isHarmless = takes(before, call.to) && !takes(after, call.to)
  const then = reverts
    ? `it reverts (${after.error ?? 'no reason given'})`
    : isHarmless
      ? 'it gets nothing out'
      : 'it still succeeds'
  return {
    stopsAttack: reverts || isHarmless,
    says: `Replayed without it, transaction ${attack} succeeds again; replayed after it, ${then}.`,
  }
}

const transfer = toEventSelector('Transfer(address,address,uint256)')

/** Whether tokens leave an account in a dry run. */
function takes({ logs = [] }: Fork.Outcome, account: Address): boolean {
  const from = pad(account).toLowerCase()
  return logs.some(({ topics }) => topics[0] === transfer && topics[1]?.toLowerCase() === from)
}

/** Whether an effect that was there is there no more, on the head. */
export async function isUndone(chain: Chain.Chain, { target, effect }: Action.Action): Promise<boolean> {
  const answer = (await chain.request('eth_call', [{ to: target, data: viewOf(effect) }, 'latest'])) as Hex
  return !isExpected(effect, answer)
}

/** The call that shows an effect. */
export function viewOf(effect: Action.Action['effect']): Hex {
  return encodeFunctionData({ abi: [effect.function], args: effect.args })
}

/** Whether the answer of an effect's view is what the action should have brought about. */
export function isExpected(effect: Action.Action['effect'], answer: Hex): boolean {
  try {
    return decodeFunctionResult({ abi: [effect.function], data: answer, args: effect.args }) === effect.expected
  } catch {
    return false
  }
}

async function transactionOf(chain: Chain.Chain, hash: Hash): Promise<Action.Call | undefined> {
  const found = (await chain.request('eth_getTransactionByHash', [hash])) as {
    from: Hex
    to: Hex | null
    input: Hex
    value: Hex
  } | null
  // A contract creation has no callee to replay against.
  return found?.to ? { from: found.from, to: found.to, data: found.input, value: BigInt(found.value) } : undefined
}
