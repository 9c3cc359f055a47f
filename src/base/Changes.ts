/** Tells whoever listens inside this process that a noun changed; carries no content, so that readers fetch what they may see. */

export type Noun = 'incident' | 'alert' | 'finding' | 'run' | 'approval' | 'chain' | 'outbox'
export type Change = { readonly noun: Noun; readonly id: string; readonly incidentId: string | null; readonly at: Date }

export type Changes = {
  readonly publish: (change: Change) => void
  /** Calls `listener` for every change until the returned function is called. */
  readonly subscribe: (listener: (change: Change) => void) => () => void
}

export function create(): Changes {
  const listeners = new Set<(change: Change) => void>()
  return {
    publish: (change) => {
      for (const listener of listeners) listener(change)
    },
    subscribe: (listener) => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
  }
}
