/** The columns of every table, as `migrations/` makes them. Integers of a chain are bigint; times are Date (UTC). */
import type { ColumnType, Generated } from 'kysely'

/** A `jsonb` column: reads as decoded JSON, written as text (`Json.stringify`). */
type Jsonb<value = unknown> = ColumnType<value, string, string>

export type Tables = {
  installation: { only_one: Generated<boolean>; deployment_id: string; created_at: Date }
  chain: { key: string; caip2: string; genesis_hash: string; first_seen_at: Date }
  cursor: { chain: string; number: bigint; hash: string; moved_at: Date }
  block: {
    chain: string
    hash: string
    number: bigint
    parent_hash: string
    mined_at: Date
    rule_set_version: string
    evaluated_at: Date
    retracted_at: Date | null
  }
  detector_state: {
    chain: string
    detector: string
    detector_version: string
    block_hash: string
    block_number: bigint
    state: Jsonb
  }
  incident: {
    id: string
    number: number
    title: string
    severity: string
    status: string
    system: string
    chain: string
    declared_at: Date
    began_at: Date | null
    began_block: bigint | null
    contained_at: Date | null
    contained_block: bigint | null
    contained_hash: string | null
    resolved_at: Date | null
  }
  alert: {
    id: string
    group_key: string
    chain: string
    system: string
    severity: string
    title: string
    status: string
    first_at: Date
    last_at: Date
    finding_count: number
    incident_id: string | null
    handled_by: string | null
    handled_reason: string | null
  }
  finding: {
    id: string
    deployment_id: string
    chain: string
    block_number: bigint
    block_hash: string
    stage: string
    transaction_hash: string | null
    detector: string
    detector_version: string
    rule_set_version: string
    system: string
    subject: string
    actors: Jsonb
    severity: string
    confidence: number
    sentence: string
    is_error: boolean
    values: Jsonb
    found_at: Date
    retracted_at: Date | null
    alert_id: string | null
  }
  holding: {
    chain: string
    block_hash: string
    block_number: bigint
    mined_at: Date
    system: string
    account: string
    asset: string
    symbol: string
    decimals: number
    units: bigint
  }
  timeline: {
    incident_id: string
    sequence: number
    at: Date
    kind: string
    actor: string
    summary: string
    detail: Jsonb
    previous_hash: string
    hash: string
    event_key: string
  }
  exhibit: {
    id: string
    incident_id: string
    kind: string
    title: string
    media_type: string
    sha256: string
    content: Buffer
    collected_at: Date
    collected_by: string
  }
  run: {
    id: string
    incident_id: string
    finding_id: string
    playbook: string
    playbook_version: string
    status: string
    started_at: Date
    ended_at: Date | null
    outcome: string | null
  }
  step: {
    run_id: string
    path: string
    name: string
    position: number
    status: string
    started_at: Date | null
    ended_at: Date | null
    summary: string | null
    detail: Jsonb
  }
  approval: {
    id: string
    run_id: string
    incident_id: string
    path: string
    role: string
    threshold: number
    status: string
    request: Jsonb
    action_hash: string
    requested_at: Date
    expires_at: Date
  }
  approval_decision: {
    approval_id: string
    person: string
    decision: string
    address: string
    signature: string
    at: Date
  }
  sent_transaction: {
    hash: string
    chain: string
    sender: string
    nonce: bigint
    run_id: string
    path: string
    recipient: string
    raw: string
    status: string
    block_number: bigint | null
    block_hash: string | null
    signed_at: Date
    accepted_at: Date | null
    included_at: Date | null
  }
  outbox: {
    id: string
    channel: string
    kind: string
    idempotency_key: string
    payload: Jsonb
    summary: string
    status: string
    attempts: number
    created_at: Date
    next_attempt_at: Date | null
    delivered_at: Date | null
    last_error: string | null
  }
}
