/** Every address of the console. Each page is fetched when first visited, or when a link to it is pointed at. */
import { createRootRoute, createRoute, createRouter, lazyRouteComponent } from '@tanstack/react-router'
import {
  alerts,
  approval,
  approvals,
  everyAlert,
  incident,
  incidents,
  outbox,
  queryClient,
  readiness,
} from './api/queries.ts'
import { currentToken } from './api/token.ts'
import { Failed, NotFound } from './shell/NotFound.tsx'
import { Shell } from './shell/Shell.tsx'

const root = createRootRoute({ component: Shell, notFoundComponent: NotFound })

// Loaders only start the reading: a page draws at once and fills itself.
const home = createRoute({
  getParentRoute: () => root,
  path: '/',
  loader: () => begin(readiness, incidents),
  component: lazyRouteComponent(() => import('./pages/home/HomePage.tsx')),
})
const incidentList = createRoute({
  getParentRoute: () => root,
  path: '/incidents',
  loader: () => begin(incidents),
  component: lazyRouteComponent(() => import('./pages/incidents/IncidentsPage.tsx')),
})
const incidentPage = createRoute({
  getParentRoute: () => root,
  path: '/incidents/$id',
  loader: ({ params }) => begin(incident(params.id)),
  component: lazyRouteComponent(() => import('./pages/incidents/IncidentPage.tsx')),
})
const alertList = createRoute({
  getParentRoute: () => root,
  path: '/alerts',
  validateSearch: (search: Record<string, unknown>): { alert?: string } =>
    typeof search.alert === 'string' ? { alert: search.alert } : {},
  loader: () => begin(alerts(everyAlert)),
  component: lazyRouteComponent(() => import('./pages/alerts/AlertsPage.tsx')),
})
const approvalList = createRoute({
  getParentRoute: () => root,
  path: '/approvals',
  loader: () => begin(approvals),
  component: lazyRouteComponent(() => import('./pages/approvals/ApprovalsPage.tsx')),
})
const approvalPage = createRoute({
  getParentRoute: () => root,
  path: '/approvals/$id',
  loader: ({ params }) => begin(approval(params.id)),
  component: lazyRouteComponent(() => import('./pages/approvals/ApprovalPage.tsx')),
})
const outboxPage = createRoute({
  getParentRoute: () => root,
  path: '/outbox',
  loader: () => begin(outbox),
  component: lazyRouteComponent(() => import('./pages/outbox/OutboxPage.tsx')),
})

/** A function, because making a router reads the address bar, and the token must have left it by then. */
export function openRouter() {
  return createRouter({
    routeTree: root.addChildren([home, incidentList, incidentPage, alertList, approvalList, approvalPage, outboxPage]),
    defaultPreload: 'intent',
    defaultPreloadStaleTime: 0,
    defaultErrorComponent: Failed,
    scrollRestoration: true,
  })
}

declare module '@tanstack/react-router' {
  interface Register {
    router: ReturnType<typeof openRouter>
  }
}

function begin(...queries: readonly { readonly queryKey: readonly unknown[] }[]): void {
  if (currentToken() !== null) for (const query of queries) void queryClient.prefetchQuery(query)
}
