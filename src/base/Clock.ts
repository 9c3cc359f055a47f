/** Time as an argument, so that every detector, timer and deadline can be replayed. */
import { setTimeout as delay } from 'node:timers/promises'

export type Clock = {
  /** The present instant, UTC. */
  readonly now: () => Date
  /** Resolves after `milliseconds`, or rejects with an `AbortError` once `signal` aborts. */
  readonly sleep: (milliseconds: number, signal?: AbortSignal) => Promise<void>
}

/** The machine's clock. */
export const system: Clock = {
  now: () => new Date(),
  sleep: (milliseconds, signal) => delay(milliseconds, undefined, { signal, ref: true }),
}
