import { useMutation } from '@tanstack/react-query'
import { useRef, useState } from 'react'
import { ProblemNotice } from '../../api/Answer.tsx'
import { addNote } from '../../api/actions.ts'
import { Button } from '../../ui/Button.tsx'
import { useShortcuts } from '../../ui/shortcuts.ts'

/** What a person saw or decided, for the record. Grows when one begins to write. */
export function NoteForm({ incidentId }: { incidentId: string }) {
  const [text, setText] = useState('')
  const field = useRef<HTMLTextAreaElement>(null)
  const note = useMutation({
    mutationFn: () => addNote(incidentId, text.trim()),
    onSuccess: (entry) => {
      if (entry) setText('')
    },
  })
  useShortcuts({ n: () => field.current?.focus() })
  const send = () => text.trim() && !note.isPending && note.mutate()
  return (
    <form
      className="note no-print"
      onSubmit={(event) => {
        event.preventDefault()
        send()
      }}
    >
      <textarea
        ref={field}
        className="input"
        aria-label="Note for the timeline"
        placeholder="Note what you see or decide"
        rows={text ? 3 : 1}
        maxLength={10_000}
        value={text}
        onChange={(event) => setText(event.target.value)}
        onKeyDown={(event) => {
          if (event.key === 'Enter' && (event.metaKey || event.ctrlKey)) send()
          if (event.key === 'Escape') field.current?.blur()
        }}
      />
      {text && (
        <Button type="submit" size="small" busy={note.isPending}>
          Add note
        </Button>
      )}
      {note.error && <ProblemNotice error={note.error} />}
    </form>
  )
}
