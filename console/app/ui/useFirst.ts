import { useState } from 'react'

/** The first `limit` rows, and how to get the rest. Keeps a page light when a storm left thousands. */
export function useFirst<T>(
  rows: readonly T[],
  limit: number,
): { shown: readonly T[]; more: { count: number; show: () => void } | null } {
  const [isAll, setAll] = useState(false)
  if (isAll || rows.length <= limit) return { shown: rows, more: null }
  return { shown: rows.slice(0, limit), more: { count: rows.length - limit, show: () => setAll(true) } }
}
