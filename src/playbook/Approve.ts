/** The approval step: works out whose signatures are needed over what, asks for them, and reads the outcome. */
import { toFunctionSignature } from 'viem'
import * as Duration from '../base/Duration.ts'
import * as Errors from '../base/Errors.ts'
import * as Timeline from '../incident/Timeline.ts'
import * as Action from './Action.ts'
import * as Approval from './Approval.ts'
import type { Context } from './Context.ts'
import * as Person from './Person.ts'
import type * as Playbook from './Playbook.ts'
import * as Run from './Run.ts'
import * as Task from './Task.ts'

/** Signers of a Safe are asked for by this role where the playbook names none. */
const signerRole = 'signer'

/** How long to wait for signatures where the playbook does not say. */
const defaultWithin: Duration.Duration = '24h'

/** Asks for the signatures that the attempt or its authority needs, over the dry run made just before. */
export async function ask(
  context: Context,
  { runId, incidentId, chain, attempt }: Task.Task,
): Promise<{ readonly approval: { readonly id: string; readonly expiresAt: string }; readonly reason?: undefined }> {
  const { action, by, name: path } = attempt
  const now = context.clock.now()
  const call = Action.toCall(action, by)
  const mandate = await by.mandate?.(chain, call)
  const needed = quorum(context.people, attempt, mandate)
  const scope: Approval.Scope = {
    deployment: context.deploymentId,
    incident: incidentId,
    run: runId,
    path,
    action: `${action.sentence} on ${action.target} by ${by.label}`,
    actionHash: Action.hash(chain.key, call),
    expiresAt: new Date(now.getTime() + Duration.toMilliseconds(needed.within)),
  }
  const simulated = await context.database
    .selectFrom('step')
    .select('detail')
    .where('run_id', '=', runId)
    .where('path', '=', path)
    .where('name', '=', 'simulate')
    .executeTakeFirst()
  const request: Approval.Request = {
    action: action.sentence,
    target: action.target,
    functionName: toFunctionSignature(action.function),
    arguments: action.function.inputs.map(({ name, type }, index) => ({
      name: name ?? '',
      type,
      value: action.args[index],
    })),
    calldata: call.data,
    valueWei: call.value.toString(),
    chain: chain.key,
    caller: by.caller,
    grant: mandate?.document ?? Approval.document(chain.key, scope, 'grant'),
    refuse: Approval.document(chain.key, scope, 'refuse'),
    simulation: simulated?.detail ?? null,
    ...(mandate ? { eligible: mandate.eligible, mandateState: mandate.state } : {}),
  }
  const asked = await context.database.transaction().execute(async (connection) => {
    const approval = await Approval.ask(
      connection,
      scope,
      { role: needed.role, threshold: needed.people },
      request,
      now,
    )
    await Run.move(connection, runId, 'waiting_approval', now)
    await Run.mark(
      connection,
      runId,
      [
        {
          path,
          name: 'approve',
          status: 'running',
          summary: `Waiting for ${needed.people} of role ${needed.role}`,
          detail: { approval: approval.id },
        },
      ],
      now,
    )
    await Timeline.append(
      connection,
      incidentId,
      {
        kind: 'approval',
        actor: 'machine:playbook',
        summary: `${needed.people} signatures of role ${needed.role} asked for: ${scope.action}`,
        detail: { approval: approval.id, actionHash: scope.actionHash, expiresAt: approval.expires_at },
        key: `asked:${approval.id}`,
      },
      now,
    )
    const facts = [
      { label: 'Action', value: scope.action },
      { label: 'Needed', value: `${needed.people} of role ${needed.role}` },
      { label: 'Until', value: approval.expires_at.toISOString() },
    ]
    await context.announce(connection, {
      kind: 'approval',
      key: `asked:${approval.id}`,
      severity: 'P1',
      incidentId,
      title: `Approval needed: ${action.sentence}`,
      facts,
      path: `/approvals/${approval.id}`,
    })
    return approval
  })
  context.changes.publish({ noun: 'approval', id: asked.id, incidentId, at: now })
  Task.changed(context, runId, incidentId)
  return { approval: { id: asked.id, expiresAt: asked.expires_at.toISOString() } }
}

/** How the approval stands now; once its time has passed it is expired for good. */
export async function tally(context: Context, id: string): Promise<Approval.Status> {
  const { approval } = await Approval.show(context.database, id)
  if (approval.status === 'waiting' && context.clock.now() >= approval.expires_at)
    return Approval.lapse(context.database, id)
  return approval.status as Approval.Status
}

/** Records the outcome; `reason` says why it was not granted. */
export async function settle(
  context: Context,
  { runId, incidentId, attempt }: Task.Task,
  id: string,
): Promise<{ readonly reason?: string | undefined }> {
  const { approval, decisions } = await Approval.show(context.database, id)
  const now = context.clock.now()
  const names = decisions.map(({ person, decision }) => `${person} (${decision})`).join(', ') || 'nobody'
  const summary = `Approval ${approval.status} for ${attempt.action.sentence}: ${names}`
  await context.database.transaction().execute(async (connection) => {
    await Run.move(connection, runId, 'running', now)
    const status = approval.status === 'granted' ? 'done' : 'failed'
    await Run.mark(connection, runId, [{ path: attempt.name, name: 'approve', status, summary }], now)
    await Timeline.append(
      connection,
      incidentId,
      { kind: 'approval', actor: 'machine:playbook', summary, detail: { approval: id }, key: `settled:${id}` },
      now,
    )
  })
  context.changes.publish({ noun: 'approval', id, incidentId, at: now })
  return approval.status === 'granted' ? {} : { reason: `approval ${approval.status}` }
}

/**
 * Who must sign: as many as the playbook asks for, and as many as the authority (a Safe) needs. Throws where the people
 * of the configuration cannot give so many signatures, because asking them would only lose time.
 */
export function quorum(
  people: readonly Person.Person[],
  { approval }: Pick<Playbook.Attempt, 'approval'>,
  mandate: Action.Mandate | undefined,
): Playbook.Quorum {
  const asked = {
    role: approval?.role ?? signerRole,
    within: approval?.within ?? defaultWithin,
    people: Math.max(approval?.people ?? 1, mandate?.threshold ?? 1),
  }
  const owners = mandate?.eligible.map((address) => address.toLowerCase())
  const able = Person.withRole(people, asked.role).filter(
    ({ address }) => !owners || owners.includes(address.toLowerCase()),
  )
  if (able.length < asked.people) throw new UnreachableQuorumError(asked, able)
  return asked
}

export class UnreachableQuorumError extends Errors.BaseError {
  override readonly name = 'Approve.UnreachableQuorumError'
  constructor(quorum: Playbook.Quorum, able: readonly Person.Person[]) {
    super(
      `${quorum.people} signatures of role ${quorum.role} are needed, but only ${able.length} people can give one.`,
      {
        remedy: 'config',
        facts: { able: able.map(({ id }) => id) },
        advice: 'Name more people of this role in `people`, each with the address that signs (for a Safe: an owner).',
      },
    )
  }
}
