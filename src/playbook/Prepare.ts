/** Before anything is sent: does the action make sense now, would it work, does it stop this attack, may it be done? */
import { decodeFunctionResult, encodeFunctionData, type Hash, type Hex } from 'viem'
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
  /** `null` where it cannot be known: no transaction to replay, or it no longer works even without the action. */
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
  const [now, ready] = await Promise.all([action.precondition(chain), by.ready(chain)])
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
  const refuted = !simulation.succeeded || simulation.stopsAttack === false
  const simulated: Run.StepChange = {
    path,
    name: 'simulate',
    status: refuted ? 'failed' : 'done',
    summary: simulation.effects.join(' '),
    detail: simulation,
  }
  if (refuted) return stop([looked, simulated], simulation)
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
 * Dry run on the head: the action, then its effect read back, then the attack's own transaction once more; and beside it
 * the attack without the action, because an attack that no longer works anyway proves nothing.
 */
export async function simulate(
  chain: Chain.Chain,
  action: Action.Action,
  by: Action.Authority,
  attack: Hash | undefined,
): Promise<Simulation> {
  const call = Action.toCall(action, by)
  const { effect } = action
  const look = {
    from: by.caller,
    to: action.target,
    data: encodeFunctionData({ abi: [effect.function], args: effect.args }),
    value: 0n,
  }
  const [replay, head] = await Promise.all([
    attack ? transactionOf(chain, attack) : undefined,
    chain.request('eth_blockNumber', []) as Promise<Hex>,
  ])
  const [[acted, seen, after], baseline] = await Promise.all([
    Fork.simulate(chain, { calls: [call, look, ...(replay ? [replay] : [])] }),
    replay ? Fork.simulate(chain, { calls: [replay] }) : [],
  ])
  const succeeded = acted?.status === 'success' && seen?.status === 'success' && isExpected(effect, seen.returnData)
  const before = baseline?.[0]
  const stopsAttack = before?.status !== 'success' || !after ? null : after.status === 'reverted'
  return { block: BigInt(head), succeeded, gasUsed: acted?.gasUsed ?? 0n, stopsAttack, effects: describe() }

  function describe(): string[] {
    if (acted?.status !== 'success') return [`It would revert: ${acted?.error ?? 'no reason given'}.`]
    if (!succeeded)
      return [`It would succeed, but ${effect.function.name} would not become ${String(effect.expected)}.`]
    const effects = [
      `It succeeds on block ${BigInt(head)} and ${effect.function.name}() becomes ${String(effect.expected)}.`,
    ]
    if (!replay) return effects
    if (stopsAttack === null)
      return [
        ...effects,
        `Transaction ${attack} no longer succeeds on this state even without it, so the replay proves nothing.`,
      ]
    return [
      ...effects,
      `Replayed without it, transaction ${attack} succeeds again; replayed after it, ${stopsAttack ? `it reverts (${after?.error ?? 'no reason given'})` : 'it still succeeds'}.`,
    ]
  }
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
