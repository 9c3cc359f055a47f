import { Link } from '@tanstack/react-router'
import { Empty } from '../ui/Panel.tsx'

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
