import { useCallback, useMemo, useRef, useState } from 'react'
import { handleAlert } from '../../api/actions.ts'
import type { Alert } from '../../api/contract.ts'
import { toast } from '../../ui/toasts.ts'

export type Handling = {
  /** Handled since the filter was last changed. */
  readonly touched: ReadonlySet<string>
  readonly dismissing: Alert | null
  readonly acknowledge: (alert: Alert) => void
  readonly askDismiss: (alert: Alert | null) => void
  readonly dismiss: (alert: Alert, reason: string) => void
  /** Takes the last handling back. */
  readonly undo: () => void
  readonly forget: () => void
}

/** Acknowledging and dismissing, each with a way back. */
export function useHandling(): Handling {
  const [touched, setTouched] = useState<ReadonlySet<string>>(new Set())
  const [dismissing, setDismissing] = useState<Alert | null>(null)
  const last = useRef<Alert | null>(null)

  const handle = useCallback(
    async (alert: Alert, status: Alert['status'] & ('open' | 'acknowledged' | 'dismissed'), reason: string) => {
      setTouched((all) => new Set(all).add(alert.id))
      try {
        const handled = await handleAlert(alert.id, status, reason)
        if (!handled) return
        last.current = status === 'open' ? null : alert
        if (status !== 'open')
          toast(`${status === 'acknowledged' ? 'Acknowledged' : 'Dismissed'}: ${alert.title}`, {
            undo: () => void handle(alert, 'open', 'Taken back.'),
          })
      } catch (error) {
        toast((error as Error).message, { tone: 'red' })
      }
    },
    [],
  )

  return useMemo(
    () => ({
      touched,
      dismissing,
      acknowledge: (alert) => void (alert.status === 'open' && handle(alert, 'acknowledged', '')),
      askDismiss: setDismissing,
      dismiss: (alert, reason) => {
        setDismissing(null)
        void handle(alert, 'dismissed', reason)
      },
      undo: () => void (last.current && handle(last.current, 'open', 'Taken back.')),
      forget: () => setTouched(new Set()),
    }),
    [touched, dismissing, handle],
  )
}
