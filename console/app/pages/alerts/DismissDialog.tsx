import { useState } from 'react'
import type { Alert } from '../../api/contract.ts'
import { Button } from '../../ui/Button.tsx'
import { Dialog } from '../../ui/Dialog.tsx'

const usual = ['False positive', 'Expected activity', 'Planned operation', 'Too small to matter'] as const

/** Asks why: the reason is what makes the next alert of its kind better. */
export function DismissDialog({
  alert,
  onDismiss,
  onClose,
}: {
  alert: Alert
  onDismiss: (alert: Alert, reason: string) => void
  onClose: () => void
}) {
  const [reason, setReason] = useState('')
  return (
    <Dialog title="Dismiss this alert" onClose={onClose}>
      <p>{alert.title}</p>
      <form
        className="dismiss"
        onSubmit={(event) => {
          event.preventDefault()
          if (reason.trim()) onDismiss(alert, reason.trim())
        }}
      >
        <div className="dismiss-usual">
          {usual.map((each) => (
            <Button key={each} size="small" aria-pressed={reason === each} onClick={() => setReason(each)}>
              {each}
            </Button>
          ))}
        </div>
        <label className="field">
          <span>Why</span>
          <input
            className="input"
            data-first
            value={reason}
            maxLength={2_000}
            onChange={(event) => setReason(event.target.value)}
          />
        </label>
        <div className="dialog-foot">
          <Button onClick={onClose}>Cancel</Button>
          <Button kind="primary" type="submit" disabled={reason.trim() === ''}>
            Dismiss
          </Button>
        </div>
      </form>
    </Dialog>
  )
}
