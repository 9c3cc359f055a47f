import { useMemo, useState } from 'react'

type Held<T> = { readonly rows: readonly T[]; readonly waiting: number; readonly release: () => void }

/**
 * Rows as they stood when the reader took hold of them, so that nothing moves under the pointer.
 * While `isHeld`, rows already shown keep their order and show their newest state; new ones wait and are counted.
 */
export function useHeldRows<T>(rows: readonly T[], key: (row: T) => string | number, isHeld: boolean): Held<T> {
  const [order, setOrder] = useState<readonly (string | number)[] | null>(null)
  const keys = useMemo(() => rows.map(key), [rows, key])
  if (isHeld && order === null) setOrder(keys)
  if (!isHeld && order !== null) setOrder(null)
  return useMemo(() => {
    if (order === null) return { rows, waiting: 0, release: () => {} }
    const byKey = new Map(rows.map((row, index) => [keys[index], row]))
    const shown = order.flatMap((each) => byKey.get(each) ?? [])
    return { rows: shown, waiting: rows.length - shown.length, release: () => setOrder(keys) }
  }, [rows, keys, order])
}
