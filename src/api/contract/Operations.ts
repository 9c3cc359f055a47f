/** The shapes by which the installation tells how it stands itself: readiness, messages, problems, live changes. */
import { z } from '@hono/zod-openapi'
import { instant, integer } from './Scalars.ts'

export const Endpoint = z
  .object({
    url: z.string(),
    kind: z.enum(['websocket', 'http']),
    state: z.enum(['up', 'down', 'wrong_chain', 'connecting']),
    latencyMs: z.number().nullable(),
    lastError: z.string().nullable(),
  })
  .openapi('Endpoint')

export const ChainHealth = z
  .object({
    name: z.string(),
    chain: z.string(),
    head: integer.nullable(),
    evaluated: integer.nullable(),
    /** Milliseconds since the last block was evaluated. */
    ageMs: z.number().nullable(),
    stale: z.boolean(),
    endpoints: z.array(Endpoint),
    problem: z.string().nullable(),
  })
  .openapi('ChainHealth')

export const ChannelHealth = z
  .object({
    name: z.string(),
    kind: z.string(),
    waiting: z.number().int(),
    dead: z.number().int(),
    lastDeliveredAt: instant.nullable(),
    lastError: z.string().nullable(),
  })
  .openapi('ChannelHealth')

/** Whether an action declared in advance would work now. */
export const ActionReadiness = z
  .object({
    playbook: z.string(),
    path: z.string(),
    action: z.string(),
    ready: z.boolean(),
    reason: z.string().nullable(),
    checkedAt: instant,
  })
  .openapi('ActionReadiness')

export const Readiness = z
  .object({
    organisation: z.string(),
    deploymentId: z.string(),
    ruleSetVersion: z.string(),
    startedAt: instant,
    now: instant,
    chains: z.array(ChainHealth),
    channels: z.array(ChannelHealth),
    actions: z.array(ActionReadiness),
    detectors: z.array(
      z.object({
        name: z.string(),
        version: z.string(),
        chain: z.string(),
        system: z.string(),
        errors: z.number().int(),
      }),
    ),
    people: z.array(z.object({ id: z.string(), name: z.string(), roles: z.array(z.string()), address: z.string() })),
  })
  .openapi('Readiness')

export const OutboxMessage = z
  .object({
    id: z.string(),
    channel: z.string(),
    kind: z.string(),
    status: z.enum(['waiting', 'delivered', 'dead']),
    attempts: z.number().int(),
    createdAt: instant,
    nextAttemptAt: instant.nullable(),
    deliveredAt: instant.nullable(),
    lastError: z.string().nullable(),
    summary: z.string(),
  })
  .openapi('OutboxMessage')

export const Problem = z
  .object({
    /** Stable name of the error, for example `Incident.InvalidTransitionError`. */
    error: z.string(),
    message: z.string(),
    remedy: z.enum(['retry', 'operator', 'config', 'bug']),
    advice: z.string().nullable(),
    facts: z.record(z.string(), z.unknown()),
  })
  .openapi('Problem')

/** One live update: what changed; the reader fetches the noun again. */
export const Change = z
  .object({
    noun: z.enum(['incident', 'alert', 'finding', 'run', 'approval', 'chain', 'outbox']),
    id: z.string(),
    incidentId: z.string().nullable(),
    at: instant,
  })
  .openapi('Change')

export type ChainHealth = z.infer<typeof ChainHealth>
export type ChannelHealth = z.infer<typeof ChannelHealth>
export type ActionReadiness = z.infer<typeof ActionReadiness>
export type Readiness = z.infer<typeof Readiness>
export type OutboxMessage = z.infer<typeof OutboxMessage>
export type Problem = z.infer<typeof Problem>
export type Change = z.infer<typeof Change>
