/**
 * Addresses on screen that a hurried reader would take for one another.
 *
 * Those who poison address histories grind a few characters at both ends, because that is all most programs show.
 * Two shown addresses with the same first four and last four characters are lookalikes, and are then shown whole.
 */
import { useEffect, useSyncExternalStore } from 'react'

const shown = new Map<string, Map<string, number>>()
const listeners = new Set<() => void>()

/** What two lookalikes share, in lower case. */
export function silhouette(address: string): string {
  const digits = address.slice(2).toLowerCase()
  return `${digits.slice(0, 4)}…${digits.slice(-4)}`
}

/** Notes that `address` is on screen. Returns whether another one on screen looks like it. */
export function useLookalike(address: string): boolean {
  useEffect(() => show(address), [address])
  return useSyncExternalStore(subscribe, () => (shown.get(silhouette(address))?.size ?? 0) > 1)
}

/** Counts an address as shown until the returned function is called. */
export function show(address: string): () => void {
  const outline = silhouette(address)
  const name = address.toLowerCase()
  const group = shown.get(outline) ?? new Map<string, number>()
  shown.set(outline, group)
  group.set(name, (group.get(name) ?? 0) + 1)
  tell(group)
  return () => {
    const left = (group.get(name) ?? 1) - 1
    if (left > 0) group.set(name, left)
    else group.delete(name)
    if (group.size === 0) shown.delete(outline)
    tell(group)
  }
}

export function hasLookalike(address: string): boolean {
  return (shown.get(silhouette(address))?.size ?? 0) > 1
}

function tell(group: Map<string, number>) {
  if (group.size > 0) for (const listener of listeners) listener()
}

function subscribe(listener: () => void) {
  listeners.add(listener)
  return () => listeners.delete(listener)
}
