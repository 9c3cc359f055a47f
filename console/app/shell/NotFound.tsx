import { type ErrorComponentProps, Link } from '@tanstack/react-router'
import { Button } from '../ui/Button.tsx'
import { Empty, Notice } from '../ui/Panel.tsx'

export function NotFound() {
  return (
    <div className="page">
      <Empty title="There is no such page.">
        <Link to="/" className="link">
          Go home
        </Link>
        , or press Ctrl K to search.
      </Empty>
    </div>
  )
}

/** A page that broke. The rest of the console still works, and so do the command line and the API. */
export function Failed({ error }: ErrorComponentProps) {
  return (
    <div className="page">
      <Notice tone="red" title="This page broke." alert>
        <p>
          It is a fault of Firebreak: <code>{error instanceof Error ? error.message : String(error)}</code>
        </p>
        <p>
          <Button size="small" icon="retry" onClick={() => location.reload()}>
            Load it again
          </Button>
        </p>
      </Notice>
    </div>
  )
}
