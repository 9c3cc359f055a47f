/** Turns rows into the shapes of the contract: integers as text, accounts with their labels, times in UTC. */

import type { Selectable } from 'kysely'
import type * as Alert from '../alert/Alert.ts'
import type * as AmountValue from '../base/Amount.ts'
import * as Json from '../base/Json.ts'
import type * as Caip from '../chain/Caip.ts'
import * as Caips from '../chain/Caip.ts'
import * as Holdings from '../impact/Holdings.ts'
import type * as Incident from '../incident/Incident.ts'
import type * as Timeline from '../incident/Timeline.ts'
import * as Approval from '../playbook/Approval.ts'
import * as Person from '../playbook/Person.ts'
import type { Tables } from '../store/Tables.ts'
import type { Context } from './Context.ts'
import type * as Operations from './contract/Operations.ts'
import type * as Schemas from './contract/Schemas.ts'

const time = (at: Date) => at.toISOString()
const timeOrNull = (at: Date | null) => at?.toISOString() ?? null
const integerOrNull = (value: bigint | null) => value?.toString() ?? null
const record = (value: unknown) => Json.plain(Json.decode(value)) as Record<string, unknown>

export function account(context: Pick<Context, 'labels'>, id: string): Schemas.Account {
  const label = context.labels.get(id)
  return label === undefined ? { id } : { id, label }
}

export function amount({ units, decimals, symbol }: AmountValue.Amount): Schemas.Amount {
  return { units: units.toString(), decimals, symbol }
}

export function finding(context: Context, row: Selectable<Tables['finding']>): Schemas.Finding {
  return {
    id: row.id,
    alertId: row.alert_id,
    chain: row.chain,
    blockNumber: row.block_number.toString(),
    blockHash: row.block_hash,
    stage: row.stage as 'included' | 'pending',
    transactionHash: row.transaction_hash,
    detector: row.detector,
    detectorVersion: row.detector_version,
    ruleSetVersion: row.rule_set_version,
    deploymentId: row.deployment_id,
    system: row.system,
    subject: account(context, row.subject),
    actors: (row.actors as string[]).map((id) => account(context, id)),
    severity: row.severity as Schemas.Finding['severity'],
    confidence: row.confidence,
    sentence: row.sentence,
    isError: row.is_error,
    values: record(row.values),
    foundAt: time(row.found_at),
    retractedAt: timeOrNull(row.retracted_at),
  }
}

export function alert(row: Alert.Alert): Schemas.Alert {
  return {
    id: row.id,
    chain: row.chain,
    system: row.system,
    severity: row.severity as Schemas.Alert['severity'],
    title: row.title,
    status: row.status as Schemas.Alert['status'],
    firstAt: time(row.first_at),
    lastAt: time(row.last_at),
    findingCount: row.finding_count,
    incidentId: row.incident_id,
    handledBy: row.handled_by,
    handledReason: row.handled_reason,
  }
}

export async function incident(context: Context, row: Incident.Incident): Promise<Schemas.IncidentSummary> {
  const [losses, alerts, waiting] = await Promise.all([
    Holdings.losses(context.database, row),
    context.database
      .selectFrom('alert')
      .select(({ fn }) => fn.countAll().as('count'))
      .where('incident_id', '=', row.id)
      .executeTakeFirst(),
    context.database
      .selectFrom('approval')
      .select(({ fn }) => fn.countAll().as('count'))
      .where('incident_id', '=', row.id)
      .where('status', '=', 'waiting')
      .executeTakeFirst(),
  ])
  return {
    id: row.id,
    title: row.title,
    severity: row.severity as Schemas.IncidentSummary['severity'],
    status: row.status as Schemas.IncidentStatus,
    system: row.system,
    chain: row.chain,
    declaredAt: time(row.declared_at),
    beganAt: timeOrNull(row.began_at),
    beganBlock: integerOrNull(row.began_block),
    containedAt: timeOrNull(row.contained_at),
    containedBlock: integerOrNull(row.contained_block),
    resolvedAt: timeOrNull(row.resolved_at),
    alertCount: Number(alerts?.count ?? 0),
    losses: losses.map(amount),
    approvalsWaiting: Number(waiting?.count ?? 0),
  }
}

export function entry(row: Timeline.Entry): Schemas.TimelineEntry {
  return {
    sequence: row.sequence,
    at: time(row.at),
    kind: row.kind,
    actor: row.actor,
    summary: row.summary,
    detail: record(row.detail),
    previousHash: row.previous_hash,
    hash: row.hash,
  }
}

export function exhibit(row: Omit<Selectable<Tables['exhibit']>, 'content'> & { bytes: number }): Schemas.Exhibit {
  return {
    id: row.id,
    kind: row.kind,
    title: row.title,
    mediaType: row.media_type,
    sha256: row.sha256,
    bytes: row.bytes,
    collectedAt: time(row.collected_at),
    collectedBy: row.collected_by,
  }
}

export function series(
  context: Context,
  { account: holder, asset, symbol, decimals, points }: Holdings.Series,
): Schemas.HoldingSeries {
  return {
    account: account(context, holder),
    asset: account(context, asset),
    symbol,
    decimals,
    points: points.map(({ block, at, units }) => ({ block: block.toString(), at: time(at), units: units.toString() })),
  }
}

export function approval(
  context: Context,
  row: Approval.Approval,
  decisions: readonly Approval.Decision[],
): Schemas.ApprovalSummary {
  const request = Json.decode(row.request) as unknown as Approval.Request
  const eligible = request.eligible?.map((address) => address.toLowerCase())
  const candidates = Person.withRole(context.people, row.role).filter(
    ({ id, address }) =>
      !decisions.some(({ person }) => person === id) && (!eligible || eligible.includes(address.toLowerCase())),
  )
  return {
    id: row.id,
    incidentId: row.incident_id,
    runId: row.run_id,
    path: row.path,
    action: request.action,
    role: row.role,
    threshold: row.threshold,
    status: row.status as Schemas.ApprovalSummary['status'],
    requestedAt: time(row.requested_at),
    expiresAt: time(row.expires_at),
    decisions: decisions.map(({ person, decision, address, at }) => ({
      person,
      decision: decision as 'grant' | 'refuse',
      address,
      at: time(at),
    })),
    candidates: candidates.map(({ id, name, address }) => ({ person: id, name, address })),
  }
}

/** An EIP-712 document as `eth_signTypedData_v4` takes it: with its domain's type, and integers as text. */
export function typedData(document: Approval.Request['grant']): Record<string, unknown> {
  // In the order of EIP-712, which is part of what is hashed; the database keeps keys in an order of its own.
  const fields = [
    { name: 'name', type: 'string' },
    { name: 'version', type: 'string' },
    { name: 'chainId', type: 'uint256' },
    { name: 'verifyingContract', type: 'address' },
    { name: 'salt', type: 'bytes32' },
  ]
  const domain = fields.filter(({ name }) => name in (document.domain ?? {}))
  return Json.plain({ ...document, types: { EIP712Domain: domain, ...document.types } }) as Record<string, unknown>
}

export function fullApproval(
  context: Context,
  row: Approval.Approval,
  decisions: readonly Approval.Decision[],
  summary: Schemas.IncidentSummary,
): Schemas.Approval {
  const request = Json.decode(row.request) as unknown as Approval.Request
  const simulation = Json.plain(request.simulation) as Schemas.Approval['simulation'] | null
  return {
    ...approval(context, row, decisions),
    incident: summary,
    chain: request.chain,
    caller: request.caller ? account(context, Caips.account(request.chain, request.caller)) : null,
    target: account(context, Caips.account(request.chain as Caip.ChainKey, request.target as `0x${string}`)),
    functionName: request.functionName,
    arguments: request.arguments.map(({ name, type, value }) => ({ name, type, value: Json.plain(value) })),
    calldata: request.calldata,
    value: { units: request.valueWei, decimals: 18, symbol: 'ETH' },
    actionHash: row.action_hash,
    typedData: { grant: typedData(request.grant), refuse: typedData(request.refuse) },
    typedDataHash: Approval.documentHash(request.grant),
    simulation,
  }
}

export function sent(context: Context, row: Selectable<Tables['sent_transaction']>): Schemas.SentTransaction {
  const chain = row.chain as Caip.ChainKey
  return {
    hash: row.hash,
    chain: row.chain,
    from: account(context, Caips.account(chain, row.sender as `0x${string}`)),
    to: account(context, Caips.account(chain, row.recipient as `0x${string}`)),
    nonce: Number(row.nonce),
    status: row.status as Schemas.SentTransaction['status'],
    blockNumber: integerOrNull(row.block_number),
    signedAt: time(row.signed_at),
    acceptedAt: timeOrNull(row.accepted_at),
    includedAt: timeOrNull(row.included_at),
  }
}

export function step(row: Selectable<Tables['step']>): Schemas.Step {
  return {
    path: row.path,
    name: row.name as Schemas.Step['name'],
    status: row.status as Schemas.Step['status'],
    startedAt: timeOrNull(row.started_at),
    endedAt: timeOrNull(row.ended_at),
    summary: row.summary,
    detail: record(row.detail),
  }
}

export function message(row: Selectable<Tables['outbox']>): Operations.OutboxMessage {
  return {
    id: row.id,
    channel: row.channel,
    kind: row.kind,
    status: row.status as Operations.OutboxMessage['status'],
    attempts: row.attempts,
    createdAt: time(row.created_at),
    nextAttemptAt: timeOrNull(row.next_attempt_at),
    deliveredAt: timeOrNull(row.delivered_at),
    lastError: row.last_error,
    summary: row.summary,
  }
}
