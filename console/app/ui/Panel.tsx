import { type ReactNode, useId } from 'react'
import { Icon, type IconName } from './Icon.tsx'

type Props = {
  title: string
  count?: ReactNode
  actions?: ReactNode
  children: ReactNode
  className?: string
  flush?: boolean
  id?: string
}

/** A titled part of a page. `flush` lets rows reach its edges. */
export function Panel({ title, count, actions, children, className = '', flush = false, id }: Props) {
  const heading = useId()
  return (
    <section className={`panel ${className}`} aria-labelledby={heading} {...(id ? { id } : {})}>
      <header className="panel-head">
        <h2 id={heading}>
          {title}
          {count !== undefined && <span className="panel-count">{count}</span>}
        </h2>
        {actions && <div className="panel-actions">{actions}</div>}
      </header>
      <div className={flush ? 'panel-body panel-flush' : 'panel-body'}>{children}</div>
    </section>
  )
}

/** Nothing here, and what would change that: a sentence, and a command or two lines of configuration. */
export function Empty({ title, children, code }: { title: string; children?: ReactNode; code?: string }) {
  return (
    <div className="empty">
      <p className="empty-title">{title}</p>
      {children && <p>{children}</p>}
      {code && <Code>{code}</Code>}
    </div>
  )
}

/** Something to type or to paste. Scrolls sideways, so the keyboard must reach it. */
export function Code({ children }: { children: string }) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: see above
    <pre className="code" tabIndex={0}>
      {children}
    </pre>
  )
}

const noticeIcons = {
  red: 'incident',
  amber: 'clock',
  green: 'check',
  blue: 'dot',
  grey: 'dot',
} as const satisfies Record<string, IconName>

/** A sentence that must be read now. `alert` interrupts a screen reader; use it for what just went wrong. */
export function Notice({
  tone,
  title,
  children,
  alert = false,
}: {
  tone: keyof typeof noticeIcons
  title: ReactNode
  children?: ReactNode
  alert?: boolean
}) {
  return (
    <div className={`notice tone-${tone}`} {...(alert ? { role: 'alert' } : {})}>
      <Icon name={noticeIcons[tone]} />
      <div>
        <p className="notice-title">{title}</p>
        {children && <div className="notice-body">{children}</div>}
      </div>
    </div>
  )
}

/** Holds the place of what is being fetched. Appears late, because most answers come sooner. */
export function Loading({ what }: { what: string }) {
  return (
    <p className="loading" role="status">
      Reading {what}…
    </p>
  )
}
