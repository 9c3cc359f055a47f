import type { ReactNode } from 'react'
import { Icon, type IconName } from './Icon.tsx'

export type Tone = 'red' | 'orange' | 'amber' | 'green' | 'blue' | 'grey'

/** A word with a colour; the word alone says it all. */
export function Badge({
  tone = 'grey',
  icon,
  children,
  ...rest
}: {
  tone?: Tone
  icon?: IconName
  children: ReactNode
  'data-tip'?: string
  'data-testid'?: string
}) {
  return (
    <span className={`badge tone-${tone}`} {...rest}>
      {icon && <Icon name={icon} size={14} />}
      {children}
    </span>
  )
}

const severities = {
  P1: { tone: 'red', word: 'Critical', sides: 8 },
  P2: { tone: 'orange', word: 'High', sides: 3 },
  P3: { tone: 'amber', word: 'Moderate', sides: 4 },
  P4: { tone: 'blue', word: 'Low', sides: 0 },
  P5: { tone: 'grey', word: 'Info', sides: 1 },
} as const satisfies Record<string, { tone: Tone; word: string; sides: number }>

export type SeverityLevel = keyof typeof severities

/** One of five, told by shape (octagon, triangle, diamond, disc, ring), by name and by colour. */
export function Severity({ level, short = false }: { level: SeverityLevel; short?: boolean }) {
  const { tone, word, sides } = severities[level]
  return (
    <span className={`severity ink-${tone}`} {...(short ? { 'data-tip': `${level} ${word}` } : {})}>
      <svg width="12" height="12" viewBox="0 0 12 12" aria-hidden="true" focusable="false" fill="currentColor">
        {sides === 8 && <path d="M3.7.5h4.6l3.2 3.2v4.6l-3.2 3.2H3.7L.5 8.3V3.7z" />}
        {sides === 3 && <path d="M6 .8 11.6 11H.4z" />}
        {sides === 4 && <path d="M6 .4 11.6 6 6 11.6.4 6z" />}
        {sides === 0 && <circle cx="6" cy="6" r="4.5" />}
        {sides === 1 && <circle cx="6" cy="6" r="4" fill="none" stroke="currentColor" strokeWidth="1.5" />}
      </svg>
      <span>{level}</span>
      {short ? <span className="visually-hidden">{word}</span> : <span>{word}</span>}
    </span>
  )
}
