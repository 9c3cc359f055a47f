/** The steps that touch the chain: sign once, broadcast the same bytes, see it included, read the effect at its block. */
import { type Hash, type Hex, numberToHex } from 'viem'
import * as Duration from '../base/Duration.ts'
import * as Errors from '../base/Errors.ts'
import * as Json from '../base/Json.ts'
import type * as Chain from '../chain/Chain.ts'
import * as Record from '../chain/Record.ts'
import * as Exhibit from '../incident/Exhibit.ts'
import * as Incident from '../incident/Incident.ts'
import * as Timeline from '../incident/Timeline.ts'
import * as Action from './Action.ts'
import * as Approval from './Approval.ts'
import type { Context } from './Context.ts'
import * as Ledger from './Ledger.ts'
import type * as Note from './Note.ts'
import * as Playbook from './Playbook.ts'
import * as Policy from './Policy.ts'
import * as Prepare from './Prepare.ts'
import * as Run from './Run.ts'
import * as Task from './Task.ts'

const actor = 'machine:playbook' as const

/** How often the bytes are sent again while they are not included: a node may have dropped them. */
const resendMs = 12_000

type Outcome = { readonly reason?: string | undefined; readonly note?: Note.Note | undefined }

/** Signs the transaction and stores it with its nonce, before anything is sent. What was signed before is not signed again. */
export async function sign(context: Context, task: Task.Task): Promise<Outcome> {
  const { runId, attempt } = task
  const { name: path } = attempt
  const at = () => context.clock.now().toISOString()
  // After a crash it may be on chain already, where estimating it anew would say that it fails.
  const sent = (await Ledger.find(context.database, runId, path)) ?? (await signAnew(context, task))
  if ('refusal' in sent)
    return {
      reason: sent.refusal,
      note: { at: at(), changes: [{ path, name: 'sign', status: 'failed', summary: sent.refusal }] },
    }
  const detail = { run: runId, path, hash: sent.hash, nonce: sent.nonce, from: sent.sender, to: sent.recipient }
  const summary = `Signed ${attempt.action.sentence} as ${sent.hash}, nonce ${sent.nonce}`
  const event = { kind: 'transaction', summary, detail: Json.plain(detail), key: `signed:${sent.hash}` } as const
  return { note: { at: at(), changes: [{ path, name: 'sign', status: 'done', summary }], event } }
}

async function signAnew(
  { database, policy, clock }: Context,
  { runId, chain, attempt }: Task.Task,
): Promise<Ledger.Sent | { readonly refusal: string }> {
  const { action, by, name: path } = attempt
  const call = Action.toCall(action, by)
  const asks = Playbook.asks(attempt)
  const actionHash = Action.hash(chain.key, call)
  const signatures = asks ? await Approval.granted(database, runId, path, actionHash, clock.now()) : []
  if (asks && signatures.length === 0)
    return { refusal: 'what was approved is not this action, or its approval has expired' }
  const transaction = by.carry(call, signatures)
  // Judged again at the last moment: nothing unlawful is ever signed, whatever went before.
  const verdict = Policy.judge(policy, action, transaction.value)
  if (!verdict.ok) return { refusal: verdict.summary }
  const { to, data, value } = transaction
  const [estimate, fees] = await Promise.all([
    chain.request('eth_estimateGas', [
      { from: by.sender.address, to, data, value: numberToHex(value) },
    ]) as Promise<Hex>,
    by.sender.fees(chain),
  ])
  // Half as much again and a little more: the state may change before inclusion, and unused gas is not paid.
  const gasLimit = (BigInt(estimate) * 3n) / 2n + 30_000n
  const order = { runId, path, sender: by.sender, transaction, gasLimit, fees, maxCostWei: policy.maxWeiPerTransaction }
  return Ledger.sign(database, chain, order, clock.now())
}

/** Sends the stored bytes. Accepted means that at least one endpoint took them or has them already. */
export async function broadcast(context: Context, { runId, chain, attempt }: Task.Task): Promise<Outcome> {
  const { name: path } = attempt
  const sent = await signed(context, runId, path)
  try {
    await Ledger.broadcast(context.database, chain, sent, context.clock)
  } catch (thrown) {
    // A crash between sending and recording leaves the transaction included already: then the node refuses its nonce.
    if (!(await Ledger.receiptOf(chain, sent.hash as Hash))) throw thrown
  }
  const summary = `Sent ${sent.hash}`
  const event = {
    kind: 'transaction',
    summary,
    detail: { run: runId, path, hash: sent.hash },
    key: `sent:${sent.hash}`,
  } as const
  return {
    note: {
      at: context.clock.now().toISOString(),
      changes: [{ path, name: 'broadcast', status: 'done', summary }],
      event,
    },
  }
}

/** Waits for inclusion, sending the same bytes again now and then. */
export async function confirm(context: Context, task: Task.Task): Promise<Outcome> {
  const { runId, incidentId, chain, attempt } = task
  const { name: path } = attempt
  const { database, clock } = context
  const sent = await signed(context, runId, path)
  await Run.mark(database, runId, [{ path, name: 'confirm', status: 'running' }], clock.now())
  Task.changed(context, runId, incidentId)
  const deadline = clock.now().getTime() + Duration.toMilliseconds(attempt.confirmWithin ?? '3m')
  let resendAt = clock.now().getTime() + resendMs
  for (let wait = 20; clock.now().getTime() < deadline; wait = Math.min(wait * 1.5, 500)) {
    const inclusion = await Ledger.receiptOf(chain, sent.hash as Hash)
    if (inclusion) {
      const summary = `${sent.hash} ${inclusion.succeeded ? 'is included' : 'reverted'} in block ${inclusion.blockNumber}`
      const detail = { run: runId, path, hash: sent.hash, ...inclusion }
      const event = {
        kind: 'transaction',
        actor,
        summary,
        detail,
        key: `included:${sent.hash}:${inclusion.blockHash}`,
      } as const
      const now = clock.now()
      await database.transaction().execute(async (connection) => {
        await Ledger.include(connection, sent.hash, inclusion, now)
        const status = inclusion.succeeded ? 'done' : 'failed'
        await Run.mark(connection, runId, [{ path, name: 'confirm', status, summary }], now)
        await Timeline.append(connection, incidentId, event, now)
      })
      return inclusion.succeeded ? {} : { reason: summary }
    }
    if (clock.now().getTime() >= resendAt) {
      await Ledger.broadcast(database, chain, sent, clock).catch((thrown: unknown) =>
        context.log.warn({ hash: sent.hash, error: Errors.messageOf(thrown) }, 'sending again failed'),
      )
      resendAt += resendMs
    }
    await clock.sleep(wait)
  }
  const reason = `transaction ${sent.hash} was not included within ${attempt.confirmWithin ?? '3m'}; it may still be`
  await Run.mark(database, runId, [{ path, name: 'confirm', status: 'failed', summary: reason }], clock.now())
  return { reason }
}

/** Reads the effect at the block of inclusion. Only this makes an incident contained. */
export async function verify(context: Context, task: Task.Task): Promise<Outcome> {
  const { runId, incidentId, chain, attempt } = task
  // Without a transaction of ours the effect was there already, and the head is where to see it.
  let sent = await Ledger.find(context.database, runId, attempt.name)
  if (sent && !(await stands(chain, sent))) {
    context.log.warn({ run: runId, hash: sent.hash }, 'the block of a transaction was replaced; waiting for it again')
    await Ledger.broadcast(context.database, chain, sent, context.clock).catch(() => undefined)
    const again = await confirm(context, task)
    if (again.reason !== undefined) return again
    sent = await signed(context, runId, attempt.name)
  }
  const at =
    sent?.block_hash ?? ((await chain.request('eth_getBlockByNumber', ['latest', false])) as { hash: Hash }).hash
  const proof = await prove(chain, attempt.action, at as Hash, (sent?.hash ?? null) as Hash | null)
  // Undone since, the effect is no containment, whatever the block of inclusion says.
  if (!proof.holds || (await Prepare.isUndone(chain, attempt.action))) {
    const { name } = attempt.action.effect.function
    const reason = `${name}() is not ${String(attempt.action.effect.expected)} ${proof.holds ? 'any more' : `at block ${proof.blockNumber}`}`
    const change = { path: attempt.name, name: 'verify', status: 'failed', summary: reason, detail: proof } as const
    await Run.mark(context.database, runId, [change], context.clock.now())
    return { reason }
  }
  const now = context.clock.now()
  await context.database.transaction().execute(async (connection) => {
    if (await Record.isContradicted(connection, chain.key, proof)) throw new VanishedBlockError(proof.blockHash)
    const title = `${attempt.action.effect.function.name}() read at block ${proof.blockNumber}`
    const exhibit = await Exhibit.add(
      connection,
      incidentId,
      {
        kind: 'containment_verification',
        title,
        mediaType: 'application/json',
        content: JSON.stringify(Json.plain(proof), null, 2),
        by: actor,
      },
      now,
    )
    const reason = `${attempt.action.sentence}: ${attempt.action.effect.function.name}() is ${String(attempt.action.effect.expected)} at block ${proof.blockNumber}.`
    await Incident.move(
      connection,
      incidentId,
      {
        to: 'contained',
        actor,
        reason,
        proof: { ...proof, exhibit },
        key: `contained:${runId}`,
      },
      now,
    )
    await Run.mark(
      connection,
      runId,
      [{ path: attempt.name, name: 'verify', status: 'done', summary: reason, detail: proof }],
      now,
    )
    await Run.move(
      connection,
      runId,
      'succeeded',
      now,
      sent
        ? `Contained in block ${proof.blockNumber} by ${attempt.by.label}`
        : `In effect already at block ${proof.blockNumber}`,
    )
    await Run.skipRest(connection, runId)
    const facts = [
      { label: 'Action', value: `${attempt.action.sentence} by ${attempt.by.label}` },
      { label: 'Transaction', value: sent?.hash ?? 'none of ours: it was in effect already' },
      { label: 'Verified at block', value: `${proof.blockNumber} (${proof.blockHash})` },
    ]
    await context.announce(connection, {
      kind: 'contained',
      key: `contained:${runId}`,
      severity: 'P1',
      incidentId,
      title: `Contained: ${attempt.action.sentence}`,
      facts,
      path: `/incidents/${incidentId}`,
    })
  })
  context.changes.publish({ noun: 'incident', id: incidentId, incidentId, at: now })
  return {}
}

export type Proof = {
  readonly claim: string
  readonly holds: boolean
  readonly chain: string
  readonly transaction: Hash | null
  readonly blockNumber: bigint
  readonly blockHash: Hash
  readonly blockTime: Date
  /** The exact request and its exact answer, so that a stranger can ask any node again. */
  readonly request: { readonly method: 'eth_call'; readonly params: readonly unknown[] }
  readonly answer: Hex
}

/** Reads an action's effect at a block, named by its hash. */
export async function prove(
  chain: Chain.Chain,
  action: Action.Action,
  blockHash: Hash,
  transaction: Hash | null,
): Promise<Proof> {
  const { effect } = action
  const params = [{ to: action.target, data: Prepare.viewOf(effect) }, { blockHash }]
  const [answer, block] = (await Promise.all([
    chain.request('eth_call', params),
    chain.request('eth_getBlockByHash', [blockHash, false]),
  ])) as [Hex, { number: Hex; timestamp: Hex } | null]
  if (!block) throw new VanishedBlockError(blockHash)
  return {
    claim: `${effect.function.name}(${effect.args.join(', ')}) of ${action.target} is ${String(effect.expected)}`,
    holds: Prepare.isExpected(effect, answer),
    chain: chain.key,
    transaction,
    blockNumber: BigInt(block.number),
    blockHash,
    blockTime: new Date(Number(BigInt(block.timestamp)) * 1000),
    request: { method: 'eth_call', params },
    answer,
  }
}

/** Whether the chain still has the block in which a transaction was included. */
async function stands(chain: Chain.Chain, { block_number, block_hash }: Ledger.Sent): Promise<boolean> {
  if (block_number === null || block_hash === null) return false
  const there = (await chain.request('eth_getBlockByNumber', [numberToHex(block_number), false])) as {
    hash: Hash
  } | null
  return there?.hash === block_hash
}

async function signed(context: Context, runId: string, path: string): Promise<Ledger.Sent> {
  const sent = await Ledger.find(context.database, runId, path)
  if (!sent) throw new NothingSignedError(runId, path)
  return sent
}

export class VanishedBlockError extends Errors.BaseError {
  override readonly name = 'Send.VanishedBlockError'
  constructor(blockHash: Hash) {
    super('The block to read at is no longer of the chain.', { remedy: 'retry', facts: { blockHash } })
  }
}

export class NothingSignedError extends Errors.BaseError {
  override readonly name = 'Send.NothingSignedError'
  constructor(runId: string, path: string) {
    super('There is no signed transaction for this step.', { remedy: 'bug', facts: { run: runId, path } })
  }
}
