import { useEffect } from 'react'

/** Names the tab: what matters first, because tabs are narrow. */
export function useTitle(title: string): void {
  useEffect(() => {
    document.title = `${title} · Firebreak`
  }, [title])
}
