/** One second hand for every age and countdown on screen. */
import { useSyncExternalStore } from 'react'

let offset = 0
let tick = Date.now()
let timer: ReturnType<typeof setInterval> | undefined
const listeners = new Set<() => void>()

/** Corrects this device's clock by that of a better one, in milliseconds since 1970. Small differences are travel time. */
export function setNow(at: number): void {
  const gap = at - Date.now()
  offset = Math.abs(gap) < 1_500 ? 0 : gap
}

/** Now, in milliseconds since 1970. */
export function now(): number {
  return Date.now() + offset
}

/** Derives a value from the time; the component is drawn again only when that value changes. */
export function useClock<T extends string | number | boolean>(read: (now: number) => T): T {
  return useSyncExternalStore(subscribe, () => read(tick))
}

function subscribe(listener: () => void) {
  if (listeners.size === 0) {
    tick = now()
    timer = setInterval(beat, 1_000)
  }
  listeners.add(listener)
  return () => {
    listeners.delete(listener)
    if (listeners.size === 0) clearInterval(timer)
  }
}

function beat() {
  tick = now()
  for (const listener of listeners) listener()
}
