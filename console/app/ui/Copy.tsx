import { useEffect, useState } from 'react'
import { IconButton } from './Button.tsx'

/** Copies `text` as it is, whatever is shown of it. */
export function Copy({ text, what }: { text: string; what: string }) {
  const [copied, setCopied] = useState(false)
  useEffect(() => {
    if (!copied) return
    const timer = setTimeout(() => setCopied(false), 1_500)
    return () => clearTimeout(timer)
  }, [copied])
  const copy = () => void navigator.clipboard?.writeText(text).then(() => setCopied(true))
  return (
    <IconButton
      className="copy no-print"
      size="small"
      icon={copied ? 'check' : 'copy'}
      label={copied ? 'Copied' : `Copy ${what}`}
      onClick={copy}
    />
  )
}
