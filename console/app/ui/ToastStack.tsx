import { Button, IconButton } from './Button.tsx'
import { dismiss, useToasts } from './toasts.ts'

export function ToastStack() {
  const toasts = useToasts()
  return (
    <div className="toasts no-print" role="status" aria-live="polite">
      {toasts.map(({ id, text, tone, undo }) => (
        <div key={id} className={`toast ${tone === 'red' ? 'toast-red' : ''}`}>
          <span>{text}</span>
          {undo && (
            <Button
              size="small"
              onClick={() => {
                undo()
                dismiss(id)
              }}
            >
              Undo
            </Button>
          )}
          <IconButton size="small" icon="cross" label="Dismiss" onClick={() => dismiss(id)} />
        </div>
      ))}
    </div>
  )
}
