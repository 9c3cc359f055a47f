/**
 * Leave to act, given by people: each signs, with their own key and by EIP-712, the exact action. M distinct people of a
 * role make a quorum; one refusal ends it. An API token decides nothing.
 */
import type { Selectable } from 'kysely'
import { type Hex, hashTypedData, isAddressEqual, recoverTypedDataAddress, type TypedDataDefinition } from 'viem'
import * as Errors from '../base/Errors.ts'
import * as Id from '../base/Id.ts'
import * as Json from '../base/Json.ts'
import * as Caip from '../chain/Caip.ts'
import type { Connection } from '../store/Database.ts'
import type { Tables } from '../store/Tables.ts'
import type { Mandate, Signature } from './Action.ts'
import * as Person from './Person.ts'

export type Approval = Selectable<Tables['approval']>
export type Decision = Selectable<Tables['approval_decision']>
export type Status = 'waiting' | 'granted' | 'refused' | 'expired' | 'withdrawn'

/** What was asked, fixed when it was asked. */
export type Request = {
  readonly action: string
  readonly target: string
  readonly functionName: string
  readonly arguments: readonly { readonly name: string; readonly type: string; readonly value: unknown }[]
  readonly calldata: Hex
  readonly valueWei: string
  readonly chain: Caip.ChainKey
  /** The account that the target sees as its caller; part of what `action_hash` commits to. */
  readonly caller?: Hex | undefined
  readonly grant: TypedDataDefinition
  readonly refuse: TypedDataDefinition
  readonly simulation: unknown
  /** Only these addresses count, where the authority (a Safe) says who its signers are. */
  readonly eligible?: readonly Hex[] | undefined
  readonly mandateState?: Mandate['state'] | undefined
}

export type Scope = {
  readonly deployment: string
  readonly incident: string
  readonly run: string
  readonly path: string
  readonly action: string
  readonly actionHash: Hex
  readonly expiresAt: Date
}

/** The EIP-712 document by which a person grants or refuses an action. Readable in any wallet. */
export function document(chain: Caip.ChainKey, scope: Scope, decision: 'grant' | 'refuse'): TypedDataDefinition {
  return {
    domain: { name: 'Firebreak', version: '1', chainId: Caip.reference(chain) },
    primaryType: 'Approval',
    types: {
      Approval: [
        { name: 'decision', type: 'string' },
        { name: 'action', type: 'string' },
        { name: 'actionHash', type: 'bytes32' },
        { name: 'incident', type: 'string' },
        { name: 'run', type: 'string' },
        { name: 'path', type: 'string' },
        { name: 'deployment', type: 'string' },
        { name: 'expiresAt', type: 'uint256' },
      ],
    },
    message: { ...scope, decision, expiresAt: BigInt(Math.floor(scope.expiresAt.getTime() / 1000)) },
  }
}

/** Asks for approval. Asking again for the same path of the same run returns what was asked first. */
export async function ask(
  connection: Connection,
  scope: Scope,
  quorum: { readonly role: string; readonly threshold: number },
  request: Request,
  now: Date,
): Promise<Approval> {
  const row = {
    id: Id.of('approval', scope.run, scope.path),
    run_id: scope.run,
    incident_id: scope.incident,
    path: scope.path,
    role: quorum.role,
    threshold: quorum.threshold,
    status: 'waiting',
    request: Json.stringify(request),
    action_hash: scope.actionHash,
    requested_at: now,
    expires_at: scope.expiresAt,
  }
  await connection
    .insertInto('approval')
    .values(row)
    .onConflict((conflict) => conflict.columns(['run_id', 'path']).doNothing())
    .execute()
  return (await show(connection, row.id)).approval
}

/** An approval with the decisions made so far. */
export async function show(
  connection: Connection,
  id: string,
): Promise<{ approval: Approval; request: Request; decisions: Decision[] }> {
  const approval = await connection.selectFrom('approval').selectAll().where('id', '=', id).executeTakeFirst()
  if (!approval) throw new UnknownApprovalError(id)
  const decisions = await connection
    .selectFrom('approval_decision')
    .selectAll()
    .where('approval_id', '=', id)
    .orderBy('at')
    .execute()
  return { approval, request: Json.decode(approval.request) as unknown as Request, decisions }
}

/**
 * Takes one person's decision. Who decided is read from the signature; it counts only for a person of the role, once,
 * before the approval expires, and over exactly the document that was asked. Returns the approval as it then stands.
 */
export async function decide(
  connection: Connection,
  people: readonly Person.Person[],
  id: string,
  input: { readonly decision: 'grant' | 'refuse'; readonly signature: Hex },
  now: Date,
): Promise<{ approval: Approval; person: Person.Person }> {
  await connection.selectFrom('approval').select('id').where('id', '=', id).forUpdate().execute()
  const { approval, request, decisions } = await show(connection, id)
  if (approval.status !== 'waiting') throw new SettledError(approval)
  if (now >= approval.expires_at) throw new ExpiredError(approval)
  const address = await recoverTypedDataAddress({
    ...(input.decision === 'grant' ? request.grant : request.refuse),
    signature: input.signature,
  }).catch((cause: unknown) => {
    throw new UnreadableSignatureError(cause)
  })
  const person = Person.byAddress(people, address)
  if (!person) throw new StrangerError(address)
  if (!person.roles.includes(approval.role)) throw new WrongRoleError(person, approval.role)
  if (request.eligible && !request.eligible.some((signer) => isAddressEqual(signer, address)))
    throw new NotAnOwnerError(person)
  if (decisions.some((decision) => decision.person === person.id)) throw new DecidedAlreadyError(person)
  await connection
    .insertInto('approval_decision')
    .values({
      approval_id: id,
      person: person.id,
      decision: input.decision,
      address,
      signature: input.signature,
      at: now,
    })
    .execute()
  const grants = decisions.filter(({ decision }) => decision === 'grant').length + (input.decision === 'grant' ? 1 : 0)
  const status: Status = input.decision === 'refuse' ? 'refused' : grants >= approval.threshold ? 'granted' : 'waiting'
  const settled = await connection
    .updateTable('approval')
    .set({ status })
    .where('id', '=', id)
    .returningAll()
    .executeTakeFirstOrThrow()
  return { approval: settled, person }
}

/** Ends an approval that nobody completed. Returns its status: one that was settled meanwhile stays settled. */
export async function lapse(connection: Connection, id: string): Promise<Status> {
  await connection
    .updateTable('approval')
    .set({ status: 'expired' })
    .where('id', '=', id)
    .where('status', '=', 'waiting')
    .execute()
  return (await show(connection, id)).approval.status as Status
}

/** Takes back what a run still asks of people, since nothing would come of it. */
export async function withdraw(connection: Connection, runId: string): Promise<void> {
  await connection
    .updateTable('approval')
    .set({ status: 'withdrawn' })
    .where('run_id', '=', runId)
    .where('status', '=', 'waiting')
    .execute()
}

/** The signatures of those who granted exactly this action on a path; none where it was not granted. */
export async function granted(
  connection: Connection,
  runId: string,
  path: string,
  actionHash: Hex,
  now: Date,
): Promise<Signature[]> {
  const rows = await connection
    .selectFrom('approval_decision')
    .innerJoin('approval', 'approval.id', 'approval_decision.approval_id')
    .select(['address', 'signature'])
    .where('run_id', '=', runId)
    .where('path', '=', path)
    .where('approval.status', '=', 'granted')
    .where('approval.action_hash', '=', actionHash)
    .where('decision', '=', 'grant')
    .where('approval.expires_at', '>', now)
    .where('approval.expires_at', '>', now)
    .execute()
  return rows.map(({ address, signature }) => ({ address: address as Hex, signature: signature as Hex }))
}

/** The hash that a hardware wallet shows for the document. */
export function documentHash(document: TypedDataDefinition): Hex {
  return hashTypedData(document)
}

export class UnknownApprovalError extends Errors.BaseError {
  override readonly name = 'Approval.UnknownApprovalError'
  constructor(id: string) {
    super(`There is no approval \`${id}\`.`, { remedy: 'operator' })
  }
}

export class SettledError extends Errors.BaseError {
  override readonly name = 'Approval.SettledError'
  constructor({ status, path }: Approval) {
    super(`This approval is already ${status}.`, { remedy: 'operator', facts: { path } })
  }
}

export class ExpiredError extends Errors.BaseError {
  override readonly name = 'Approval.ExpiredError'
  constructor({ expires_at }: Approval) {
    super('This approval has expired.', { remedy: 'operator', facts: { expiredAt: expires_at.toISOString() } })
  }
}

export class UnreadableSignatureError extends Errors.BaseError {
  override readonly name = 'Approval.UnreadableSignatureError'
  constructor(cause: unknown) {
    super('This is not a signature over the document of this approval.', {
      remedy: 'operator',
      cause,
      advice: 'Sign the document shown, unchanged, with eth_signTypedData_v4.',
    })
  }
}

export class StrangerError extends Errors.BaseError {
  override readonly name = 'Approval.StrangerError'
  constructor(address: Hex) {
    super(`The signature is by ${address}, who is nobody in \`people\`.`, {
      remedy: 'operator',
      advice:
        'Choose the account that the configuration names for you; a signature over another document also ends here.',
    })
  }
}

export class WrongRoleError extends Errors.BaseError {
  override readonly name = 'Approval.WrongRoleError'
  constructor(person: Person.Person, role: string) {
    super(`${person.name} does not have the role \`${role}\`.`, {
      remedy: 'operator',
      facts: { person: person.id, roles: person.roles },
    })
  }
}

export class NotAnOwnerError extends Errors.BaseError {
  override readonly name = 'Approval.NotAnOwnerError'
  constructor(person: Person.Person) {
    super(`${person.name} is not an owner of the Safe.`, {
      remedy: 'operator',
      facts: { person: person.id, address: person.address },
    })
  }
}

export class DecidedAlreadyError extends Errors.BaseError {
  override readonly name = 'Approval.DecidedAlreadyError'
  constructor(person: Person.Person) {
    super(`${person.name} has decided already; each person counts once.`, {
      remedy: 'operator',
      facts: { person: person.id },
    })
  }
}
