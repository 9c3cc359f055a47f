/** Keys: one table at a time per page, the innermost first. Silent while someone types or a dialog is open. */
import { useEffect, useRef } from 'react'

type Table = Record<string, (() => void) | undefined>

const tables: { readonly current: Table }[] = []
let prefix = ''
let prefixAt = 0

/** Binds keys such as `j`, `?` or `g h` while the component is mounted. */
export function useShortcuts(table: Table): void {
  const latest = useRef(table)
  latest.current = table
  useEffect(() => {
    tables.push(latest)
    return () => void tables.splice(tables.indexOf(latest), 1)
  }, [])
}

/** Listens on the whole window; call once. Returns how to stop. */
export function listenForShortcuts(): () => void {
  const onKey = (event: KeyboardEvent) => {
    if (event.defaultPrevented || event.metaKey || event.ctrlKey || event.altKey || isBusy(event.target)) return
    const keys = prefix && event.timeStamp - prefixAt < 1_000 ? `${prefix} ${event.key}` : event.key
    prefix = ''
    const action = tables.findLast(({ current }) => current[keys])?.current[keys]
    if (action) {
      event.preventDefault()
      action()
    } else if (tables.some(({ current }) => Object.keys(current).some((each) => each.startsWith(`${event.key} `)))) {
      prefix = event.key
      prefixAt = event.timeStamp
    }
  }
  addEventListener('keydown', onKey)
  return () => removeEventListener('keydown', onKey)
}

function isBusy(target: EventTarget | null): boolean {
  const element = target instanceof Element ? target : null
  return (
    element?.closest('input, textarea, select, [contenteditable]') != null ||
    document.querySelector('dialog[open]') !== null
  )
}
