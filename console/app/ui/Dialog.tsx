import { type ReactNode, useEffect, useId, useRef } from 'react'
import { IconButton } from './Button.tsx'

type Props = { title: string; onClose: () => void; children: ReactNode; side?: boolean; wide?: boolean }

/** A native modal dialog: focus stays inside, Escape and a click outside close it. `side` slides in from the right. */
export function Dialog({ title, onClose, children, side = false, wide = false }: Props) {
  const dialog = useRef<HTMLDialogElement>(null)
  const heading = useId()
  useEffect(() => {
    const element = dialog.current
    if (!element || element.open) return
    element.showModal()
    // To what the reader came for, not to the button that leads away from it.
    element.querySelector<HTMLElement>('[data-first], h2')?.focus()
  }, [])
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: Escape closes a native dialog
    <dialog
      ref={dialog}
      className={`dialog ${side ? 'dialog-side' : ''} ${wide ? 'dialog-wide' : ''}`}
      aria-labelledby={heading}
      onClose={onClose}
      onClick={(event) => event.target === dialog.current && onClose()}
    >
      <div className="dialog-inner">
        <header className="dialog-head">
          <h2 id={heading} tabIndex={-1}>
            {title}
          </h2>
          <IconButton icon="cross" label="Close" onClick={onClose} />
        </header>
        {children}
      </div>
    </dialog>
  )
}
