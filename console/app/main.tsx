import { QueryClientProvider } from '@tanstack/react-query'
import { RouterProvider } from '@tanstack/react-router'
import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { queryClient } from './api/queries.ts'
import { shareTokenBetweenTabs, takeTokenFromUrl } from './api/token.ts'
import { openRouter } from './routes.tsx'
import './styles/tokens.css'
import './styles/base.css'
import './styles/tones.css'
import './styles/page.css'
import './ui/ui.css'
import './ui/text.css'
import './ui/controls.css'
import './shell/shell.css'
import './shell/connection.css'
import './shell/overlays.css'
import './pages/rows.css'

// Before the router reads the address: the token must not enter its history.
takeTokenFromUrl()
addEventListener('hashchange', takeTokenFromUrl)
shareTokenBetweenTabs()

const router = openRouter()
createRoot(document.getElementById('root') as HTMLElement).render(
  <StrictMode>
    <QueryClientProvider client={queryClient}>
      <RouterProvider router={router} />
    </QueryClientProvider>
  </StrictMode>,
)
