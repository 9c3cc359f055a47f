import { useMutation } from '@tanstack/react-query'
import { useState } from 'react'
import { ProblemNotice } from '../../api/Answer.tsx'
import { moveIncident } from '../../api/actions.ts'
import type { Incident, Transition } from '../../api/contract.ts'
import { Button } from '../../ui/Button.tsx'
import { Dialog } from '../../ui/Dialog.tsx'
import { Empty } from '../../ui/Panel.tsx'
import { toast } from '../../ui/toasts.ts'

/** Moves the incident on: every way out of this state, with the reason where a way is closed. */
export function TransitionDialog({ incident, onClose }: { incident: Incident; onClose: () => void }) {
  const [to, setTo] = useState<Transition['to'] | null>(null)
  const [reason, setReason] = useState('')
  const chosen = incident.transitions.find((each) => each.to === to)
  const move = useMutation({
    mutationFn: (transition: Transition) => moveIncident(incident.id, transition.to, reason.trim()),
    onSuccess: (moved, transition) => {
      if (!moved) return
      onClose()
      toast(`${transition.label}: done.`)
    },
  })
  const lacksReason = chosen?.needsReason === true && reason.trim() === ''
  return (
    <Dialog title="Change the state" onClose={onClose}>
      {incident.transitions.length === 0 && <Empty title="This state is the last." />}
      <fieldset className="choices">
        <legend className="visually-hidden">New state</legend>
        {incident.transitions.map((transition) => (
          <label
            key={transition.to}
            className="choice"
            data-checked={transition.to === to || undefined}
            data-disabled={transition.blockedBy !== null || undefined}
            data-testid={`transition-${transition.to}`}
          >
            <span>
              <input
                type="radio"
                name="to"
                checked={transition.to === to}
                disabled={transition.blockedBy !== null}
                onChange={() => setTo(transition.to)}
              />
              {transition.label}
            </span>
            {transition.blockedBy && <span className="small choice-why">{transition.blockedBy}</span>}
          </label>
        ))}
      </fieldset>
      {chosen && (
        <label className="field">
          <span>{chosen.needsReason ? 'Reason' : 'Reason (optional)'}</span>
          <textarea
            className="input"
            value={reason}
            maxLength={2_000}
            onChange={(event) => setReason(event.target.value)}
          />
        </label>
      )}
      {move.error && <ProblemNotice error={move.error} />}
      <div className="dialog-foot">
        <Button onClick={onClose}>Cancel</Button>
        <Button
          kind="primary"
          disabled={!chosen || lacksReason}
          busy={move.isPending}
          onClick={() => chosen && move.mutate(chosen)}
          data-testid="transition-confirm"
        >
          {chosen ? chosen.label : 'Choose a state'}
        </Button>
      </div>
    </Dialog>
  )
}
