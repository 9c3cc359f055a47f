/** The access token: read once from the address bar, kept for this tab's life, never left where it could be copied. */
import { useSyncExternalStore } from 'react'

const key = 'firebreak.token'
const listeners = new Set<() => void>()
let channel: BroadcastChannel | undefined

export function currentToken(): string | null {
  return sessionStorage.getItem(key)
}

export function keepToken(token: string): void {
  sessionStorage.setItem(key, token)
  for (const listener of listeners) listener()
}

export function dropToken(): void {
  if (currentToken() === null) return
  sessionStorage.removeItem(key)
  for (const listener of listeners) listener()
}

export function useToken(): string | null {
  return useSyncExternalStore((listener) => {
    listeners.add(listener)
    return () => listeners.delete(listener)
  }, currentToken)
}

/** Takes `#token=…` out of the address bar, so that neither history nor a shared link carries it. */
export function takeTokenFromUrl(): void {
  const match = /^#(.*&)?token=([^&]+)(.*)$/.exec(location.hash)
  if (!match?.[2]) return
  const rest = `${match[1]?.replace(/&$/, '') ?? ''}${match[3] ?? ''}`.replace(/^&/, '')
  history.replaceState(history.state, '', `${location.pathname}${location.search}${rest ? `#${rest}` : ''}`)
  keepToken(decodeURIComponent(match[2]))
}

/** Answers other tabs of this origin, and asks them when this tab has none: a link opened in a new tab just works. */
export function shareTokenBetweenTabs(): void {
  if (typeof BroadcastChannel === 'undefined') return
  channel = new BroadcastChannel('firebreak')
  channel.onmessage = ({ data }: MessageEvent<{ ask?: boolean; token?: string }>) => {
    const mine = currentToken()
    if (data.ask && mine) channel?.postMessage({ token: mine })
    if (data.token && !mine) keepToken(data.token)
  }
  if (!currentToken()) channel.postMessage({ ask: true })
}
