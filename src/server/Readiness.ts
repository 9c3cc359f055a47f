/** Is everything ready before it is needed: would each declared action work if it had to, now? */

import type * as Operations from '../api/contract/Operations.ts'
import * as Errors from '../base/Errors.ts'
import type * as Chain from '../chain/Chain.ts'
import * as Action from '../playbook/Action.ts'
import * as Approve from '../playbook/Approve.ts'
import type * as Person from '../playbook/Person.ts'
import * as Playbook from '../playbook/Playbook.ts'
import type * as Policy from '../playbook/Policy.ts'
import * as Prepare from '../playbook/Prepare.ts'

/** Rehearses every attempt of every playbook on the present state: reads and dry runs, nothing sent. */
export async function rehearse(
  playbooks: readonly Playbook.Playbook[],
  chains: ReadonlyMap<string, Chain.Chain>,
  policy: Policy.Policy,
  people: readonly Person.Person[],
  now: () => Date,
): Promise<Operations.ActionReadiness[]> {
  return Promise.all(
    playbooks.flatMap((playbook) =>
      playbook.attempts.map(async (attempt) => {
        const said = {
          playbook: playbook.name,
          path: attempt.name,
          action: `${attempt.action.sentence} by ${attempt.by.label}`,
        }
        const reason = await obstacle(attempt, chains.get(attempt.action.chain), policy, people).catch(
          (thrown: unknown) => Errors.messageOf(thrown),
        )
        return { ...said, ready: reason === null, reason, checkedAt: now().toISOString() }
      }),
    ),
  )
}

async function obstacle(
  attempt: Playbook.Attempt,
  chain: Chain.Chain | undefined,
  policy: Policy.Policy,
  people: readonly Person.Person[],
): Promise<string | null> {
  if (!chain) return `the chain ${attempt.action.chain} is not connected`
  if (Playbook.asks(attempt)) {
    const { action, by } = attempt
    Approve.quorum(people, attempt, await by.mandate?.(chain, Action.toCall(action, by)))
  }
  const prepared = await Prepare.prepare(chain, attempt, undefined, policy)
  return prepared.ok ? null : (prepared.steps.at(-1)?.summary ?? 'it could not be prepared')
}
