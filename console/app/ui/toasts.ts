/** What just happened, and how to take it back. */
import { useSyncExternalStore } from 'react'

export type Toast = {
  readonly id: number
  readonly text: string
  readonly tone: 'plain' | 'red'
  readonly undo?: (() => void) | undefined
}

let all: readonly Toast[] = []
let last = 0
const listeners = new Set<() => void>()

/** Says something at the bottom of the screen for 8 s, at most three at a time. */
export function toast(text: string, options: { tone?: 'plain' | 'red'; undo?: () => void } = {}): void {
  const id = ++last
  set([...all.slice(-2), { id, text, tone: options.tone ?? 'plain', undo: options.undo }])
  setTimeout(() => dismiss(id), 8_000)
}

export function dismiss(id: number): void {
  set(all.filter((each) => each.id !== id))
}

export function useToasts(): readonly Toast[] {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    () => all,
  )
}

function set(next: readonly Toast[]) {
  all = next
  for (const listener of listeners) listener()
}
