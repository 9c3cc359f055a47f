import { Copy } from './Copy.tsx'

/** Facts as they were recorded: name and value, nothing interpreted. */
export function Values({ values }: { values: Record<string, unknown> }) {
  const entries = Object.entries(values)
  if (entries.length === 0) return null
  return (
    <dl className="values">
      {entries.map(([name, value]) => {
        const text = plain(value)
        return (
          <div key={name}>
            <dt>{name}</dt>
            <dd>
              <code>{text}</code>
              {text.length > 30 && <Copy text={text} what={name} />}
            </dd>
          </div>
        )
      })}
    </dl>
  )
}

/** One value as text: strings bare, everything else as JSON. */
export function plain(value: unknown): string {
  if (typeof value === 'string') return value
  return JSON.stringify(value, null, typeof value === 'object' ? 1 : 0) ?? 'undefined'
}
