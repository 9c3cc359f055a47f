import { useQueryClient } from '@tanstack/react-query'
import { Outlet, useMatches, useNavigate } from '@tanstack/react-router'
import { lazy, Suspense, useEffect, useState } from 'react'
import { follow } from '../api/stream.ts'
import { useToken } from '../api/token.ts'
import { AccessPage } from '../pages/access/AccessPage.tsx'
import { IconButton } from '../ui/Button.tsx'
import { listenForShortcuts, useShortcuts } from '../ui/shortcuts.ts'
import { TipLayer } from '../ui/Tip.tsx'
import { ToastStack } from '../ui/ToastStack.tsx'
import { ActorDialog } from './ActorDialog.tsx'
import { CommandPalette } from './CommandPalette.tsx'
import { ConnectionBanner } from './ConnectionBanner.tsx'
import { ActorButton, LiveMark, Sidebar, TabBar, ThemeButton } from './Navigation.tsx'
import { places } from './places.ts'

const HelpDialog = lazy(() => import('./HelpDialog.tsx').then((module) => ({ default: module.HelpDialog })))

/** Everything around a page: navigation, live connection, keys, dialogs. Without a token it is a page that says how to get one. */
export function Shell() {
  const token = useToken()
  return token === null ? <AccessPage /> : <SignedIn key={token} />
}

function SignedIn() {
  const queries = useQueryClient()
  const [open, setOpen] = useState<'palette' | 'help' | null>(null)
  const isSingleAction = useMatches().some((match) => match.routeId === '/approvals/$id')
  useEffect(() => {
    const stop = new AbortController()
    void follow(queries, stop.signal)
    return () => stop.abort()
  }, [queries])
  useKeys(setOpen)
  return (
    <div className={`shell ${isSingleAction ? 'shell-single' : ''}`}>
      <a className="skip" href="#main">
        Skip to content
      </a>
      <Sidebar onSearch={() => setOpen('palette')} />
      <div className="column">
        <header className="topbar no-print">
          <LiveMark />
          <div>
            <ActorButton />
            <ThemeButton />
            <IconButton icon="search" label="Search or go to" onClick={() => setOpen('palette')} />
          </div>
        </header>
        <ConnectionBanner />
        <main id="main" tabIndex={-1}>
          <Suspense>
            <Outlet />
          </Suspense>
        </main>
      </div>
      <TabBar />
      <ActorDialog />
      {/* Not fetched when asked for: what is typed right after the shortcut must land in its field. */}
      {open === 'palette' && <CommandPalette onClose={() => setOpen(null)} onHelp={() => setOpen('help')} />}
      <Suspense>{open === 'help' && <HelpDialog onClose={() => setOpen(null)} />}</Suspense>
      <ToastStack />
      <TipLayer />
    </div>
  )
}

function useKeys(setOpen: (open: 'palette' | 'help') => void) {
  const navigate = useNavigate()
  useEffect(listenForShortcuts, [])
  useShortcuts({
    ...Object.fromEntries(places.map((place) => [place.keys, () => void navigate({ to: place.to })])),
    '?': () => setOpen('help'),
  })
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (event.key.toLowerCase() !== 'k' || !(event.metaKey || event.ctrlKey)) return
      event.preventDefault()
      setOpen('palette')
    }
    addEventListener('keydown', onKey)
    return () => removeEventListener('keydown', onKey)
  }, [setOpen])
}
