import { useEffect, useState } from 'react'
import { useShortcuts } from './shortcuts.ts'

/** `j` and `k` walk through `count` rows, Enter opens. Returns the row walked to, or -1 before the first step. */
export function useRowKeys(count: number, open: (index: number) => void): number {
  const [selected, setSelected] = useState(-1)
  const openSelected = () => open(selected)
  useShortcuts({
    j: () => setSelected((index) => Math.min(count - 1, index + 1)),
    k: () => setSelected((index) => Math.max(0, index - 1)),
    Enter: selected >= 0 && !isOnControl() ? openSelected : undefined,
  })
  useEffect(() => {
    if (selected >= 0) document.querySelector('[data-selected]')?.scrollIntoView({ block: 'nearest' })
  }, [selected])
  return Math.min(selected, count - 1)
}

/** Enter belongs to the button or link that has the focus. */
function isOnControl(): boolean {
  return document.activeElement?.closest('a, button') != null
}
