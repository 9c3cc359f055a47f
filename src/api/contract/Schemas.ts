/** The shapes of the domain that travel through the API: findings, alerts, incidents, runs, approvals. Pure: no Node import. */
import { z } from '@hono/zod-openapi'
import { hash, instant, integer, severity } from './Scalars.ts'

/** A CAIP-10 account with what the configuration calls it. */
export const Account = z
  .object({
    id: z.string().openapi({ example: 'eip155:1:0xC02aaA39b223FE8D0A0e5C4F27eAD9083C756Cc2' }),
    label: z.string().optional(),
  })
  .openapi('Account')

/** An exact amount. */
export const Amount = z.object({ units: integer, decimals: z.number().int(), symbol: z.string() }).openapi('Amount')

export const Finding = z
  .object({
    id: z.string(),
    alertId: z.string().nullable(),
    chain: z.string(),
    blockNumber: integer,
    blockHash: hash,
    stage: z.enum(['included', 'pending']),
    transactionHash: hash.nullable(),
    detector: z.string(),
    detectorVersion: z.string(),
    ruleSetVersion: z.string(),
    deploymentId: z.string(),
    system: z.string(),
    subject: Account,
    actors: z.array(Account),
    severity,
    confidence: z.number(),
    sentence: z.string(),
    /** Says that something could not be judged, rather than what was seen. */
    isError: z.boolean(),
    values: z.record(z.string(), z.unknown()),
    foundAt: instant,
    /** Set when the block was replaced by a reorganisation. */
    retractedAt: instant.nullable(),
  })
  .openapi('Finding')

export const Alert = z
  .object({
    id: z.string(),
    chain: z.string(),
    system: z.string(),
    severity,
    title: z.string(),
    status: z.enum(['open', 'acknowledged', 'dismissed', 'retracted', 'closed']),
    firstAt: instant,
    lastAt: instant,
    findingCount: z.number().int(),
    incidentId: z.string().nullable(),
    /** Who acknowledged or dismissed it, when and why. */
    handledBy: z.string().nullable(),
    handledReason: z.string().nullable(),
  })
  .openapi('Alert')

export const IncidentStatus = z
  .enum([
    'detected',
    'triage',
    'active',
    'contained',
    'eradicated',
    'recovering',
    'monitoring',
    'resolved',
    'post_incident',
    'closed',
    'false_positive',
    'duplicate',
    'cancelled',
  ])
  .openapi('IncidentStatus')

export const IncidentSummary = z
  .object({
    id: z.string().openapi({ example: 'INC-2026-0001' }),
    title: z.string(),
    severity,
    status: IncidentStatus,
    system: z.string(),
    chain: z.string(),
    declaredAt: instant,
    /** When the first malicious event happened on chain: the time of its block. */
    beganAt: instant.nullable(),
    beganBlock: integer.nullable(),
    containedAt: instant.nullable(),
    /** The block at which a read on chain proved the containment. */
    containedBlock: integer.nullable(),
    resolvedAt: instant.nullable(),
    alertCount: z.number().int(),
    /** What the protected system lost since the attack began, by its own asset balances; the largest asset first. */
    losses: z.array(Amount),
    /** Requests for approval that wait for someone. */
    approvalsWaiting: z.number().int(),
  })
  .openapi('IncidentSummary')

export const TimelineEntry = z
  .object({
    sequence: z.number().int(),
    at: instant,
    /** What kind of thing happened: finding, transition, step, approval, transaction, message, note, exhibit. */
    kind: z.string(),
    /** `machine:<part>` or `person:<id>`. */
    actor: z.string(),
    summary: z.string(),
    detail: z.record(z.string(), z.unknown()),
    previousHash: z.string(),
    /** SHA-256 over the entry and the hash before it. */
    hash: z.string(),
  })
  .openapi('TimelineEntry')

export const Exhibit = z
  .object({
    id: z.string(),
    kind: z.string(),
    title: z.string(),
    mediaType: z.string(),
    sha256: z.string(),
    bytes: z.number().int(),
    collectedAt: instant,
    collectedBy: z.string(),
  })
  .openapi('Exhibit')

export const StepStatus = z.enum(['waiting', 'running', 'done', 'failed', 'skipped']).openapi('StepStatus')

/** One step of a run; `path` is the action it belongs to, in the order in which they are tried. */
export const Step = z
  .object({
    path: z.string(),
    name: z.enum(['precondition', 'simulate', 'policy', 'approve', 'sign', 'broadcast', 'confirm', 'verify']),
    status: StepStatus,
    startedAt: instant.nullable(),
    endedAt: instant.nullable(),
    summary: z.string().nullable(),
    detail: z.record(z.string(), z.unknown()),
  })
  .openapi('Step')

export const SentTransaction = z
  .object({
    hash,
    chain: z.string(),
    from: Account,
    to: Account,
    nonce: z.number().int(),
    /** signed → broadcast → included, or failed (reverted on chain) or replaced. */
    status: z.enum(['signed', 'broadcast', 'included', 'failed', 'replaced']),
    blockNumber: integer.nullable(),
    signedAt: instant,
    acceptedAt: instant.nullable(),
    includedAt: instant.nullable(),
  })
  .openapi('SentTransaction')

export const ApprovalSummary = z
  .object({
    id: z.string(),
    incidentId: z.string(),
    runId: z.string(),
    path: z.string(),
    /** What the action does, in one sentence. */
    action: z.string(),
    role: z.string(),
    threshold: z.number().int(),
    status: z.enum(['waiting', 'granted', 'refused', 'expired', 'withdrawn']),
    requestedAt: instant,
    expiresAt: instant,
    decisions: z.array(
      z.object({ person: z.string(), decision: z.enum(['grant', 'refuse']), address: z.string(), at: instant }),
    ),
    /** People of the role who may still sign. */
    candidates: z.array(z.object({ person: z.string(), name: z.string(), address: z.string() })),
  })
  .openapi('ApprovalSummary')

export const Approval = ApprovalSummary.extend({
  incident: IncidentSummary,
  /** CAIP-2 with the genesis hash, which the action hash commits to. */
  chain: z.string(),
  /** The account that acts; null for what was asked by a version that did not keep it. */
  caller: Account.nullable(),
  /** The exact call that the signature allows. */
  target: Account,
  functionName: z.string(),
  arguments: z.array(z.object({ name: z.string(), type: z.string(), value: z.unknown() })),
  calldata: z.string(),
  value: Amount,
  /** Hash of the action; each signature commits to it. */
  actionHash: z.string(),
  /** The EIP-712 document to sign with `eth_signTypedData_v4`, for a grant and, where one can refuse by signature, a refusal. */
  typedData: z.object({
    grant: z.record(z.string(), z.unknown()),
    refuse: z.record(z.string(), z.unknown()).nullable(),
  }),
  /** What the wallet will show as the hash to compare on a hardware device. */
  typedDataHash: z.string(),
  /** The dry run on the state at `block`. */
  simulation: z
    .object({
      block: integer,
      succeeded: z.boolean(),
      gasUsed: integer,
      /** Sentences: what changes, whether the attack replayed after the action fails. */
      effects: z.array(z.string()),
      stopsAttack: z.boolean().nullable(),
    })
    .nullable(),
}).openapi('Approval')

export const Run = z
  .object({
    id: z.string(),
    incidentId: z.string(),
    playbook: z.string(),
    playbookVersion: z.string(),
    status: z.enum(['requested', 'running', 'waiting_approval', 'succeeded', 'failed']),
    startedAt: instant,
    endedAt: instant.nullable(),
    outcome: z.string().nullable(),
    steps: z.array(Step),
    transactions: z.array(SentTransaction),
    approvals: z.array(ApprovalSummary),
  })
  .openapi('Run')

/** What the protected system held of an asset, block by block. */
export const HoldingSeries = z
  .object({
    account: Account,
    asset: Account,
    symbol: z.string(),
    decimals: z.number().int(),
    points: z.array(z.object({ block: integer, at: instant, units: integer })),
  })
  .openapi('HoldingSeries')

export const Transition = z
  .object({
    to: IncidentStatus,
    label: z.string(),
    /** Why it cannot be done now; null where it can. */
    blockedBy: z.string().nullable(),
    needsReason: z.boolean(),
  })
  .openapi('Transition')

export const Incident = IncidentSummary.extend({
  alerts: z.array(Alert),
  findings: z.array(Finding),
  timeline: z.array(TimelineEntry),
  exhibits: z.array(Exhibit),
  runs: z.array(Run),
  holdings: z.array(HoldingSeries),
  transitions: z.array(Transition),
  /** Whether the timeline's hash chain and every exhibit's digest hold. */
  intact: z.boolean(),
}).openapi('Incident')

export type Account = z.infer<typeof Account>
export type Amount = z.infer<typeof Amount>
export type Finding = z.infer<typeof Finding>
export type Alert = z.infer<typeof Alert>
export type IncidentStatus = z.infer<typeof IncidentStatus>
export type IncidentSummary = z.infer<typeof IncidentSummary>
export type TimelineEntry = z.infer<typeof TimelineEntry>
export type Exhibit = z.infer<typeof Exhibit>
export type Step = z.infer<typeof Step>
export type SentTransaction = z.infer<typeof SentTransaction>
export type ApprovalSummary = z.infer<typeof ApprovalSummary>
export type Approval = z.infer<typeof Approval>
export type Run = z.infer<typeof Run>
export type HoldingSeries = z.infer<typeof HoldingSeries>
export type Transition = z.infer<typeof Transition>
export type Incident = z.infer<typeof Incident>
