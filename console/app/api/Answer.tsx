import type { UseQueryResult } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { Button } from '../ui/Button.tsx'
import { Loading, Notice } from '../ui/Panel.tsx'
import { ApiError } from './client.ts'

/** What a query gave: the rows, or that they are being read, or why they cannot be. Old rows stay while new ones fail. */
export function Answer<T>({
  query,
  what,
  children,
}: {
  query: UseQueryResult<T>
  what: string
  children: (data: T) => ReactNode
}) {
  if (query.data !== undefined) return children(query.data)
  if (query.error) return <ProblemNotice error={query.error} retry={() => void query.refetch()} />
  return <Loading what={what} />
}

const remedies = {
  retry: 'It may work the next time.',
  operator: 'Someone with the right to do so must act.',
  config: 'The configuration of the server needs a change.',
  bug: 'This is a fault of Firebreak itself.',
} as const

/** A failure in words: what, why, and what would help. */
export function ProblemNotice({ error, retry }: { error: Error; retry?: () => void }) {
  const problem = error instanceof ApiError ? error.problem : null
  return (
    <Notice tone="red" title={error.message} alert>
      <p>
        {problem ? (problem.advice ?? remedies[problem.remedy]) : null}{' '}
        {problem && <code className="muted">{problem.error}</code>}
      </p>
      {retry && (
        <p>
          <Button size="small" icon="retry" onClick={retry}>
            Try again
          </Button>
        </p>
      )}
    </Notice>
  )
}
