/** Who acts at this device. The name goes into the timeline; a signature, where one is needed, proves more. */
import { useSyncExternalStore } from 'react'

const key = 'firebreak.actor'
const listeners = new Set<() => void>()
let asking: ((actor: string | null) => void) | null = null

export function currentActor(): string | null {
  return localStorage.getItem(key)
}

export function chooseActor(id: string): void {
  localStorage.setItem(key, id)
  answer(id)
}

/** The chosen person, or the one chosen now; null when the question is dismissed. */
export async function actorOrAsk(): Promise<string | null> {
  return currentActor() ?? askActor()
}

export function askActor(): Promise<string | null> {
  answer(null)
  return new Promise((resolve) => {
    asking = resolve
    tell()
  })
}

export function dismissQuestion(): void {
  answer(null)
}

export function useActor(): string | null {
  return useSyncExternalStore(subscribe, currentActor)
}

export function useIsAsking(): boolean {
  return useSyncExternalStore(subscribe, () => asking !== null)
}

function answer(actor: string | null) {
  const resolve = asking
  asking = null
  resolve?.(actor)
  tell()
}

function tell() {
  for (const listener of listeners) listener()
}

function subscribe(listener: () => void) {
  listeners.add(listener)
  return () => listeners.delete(listener)
}
