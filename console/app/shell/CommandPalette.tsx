import { useQuery } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { useEffect, useId, useMemo, useRef, useState } from 'react'
import { askActor } from '../api/actor.ts'
import { approvals, incidents } from '../api/queries.ts'
import { Icon, type IconName } from '../ui/Icon.tsx'
import { places } from './places.ts'
import { chooseTheme } from './theme.ts'

type Command = {
  readonly id: string
  readonly icon: IconName
  readonly text: string
  readonly hint: string
  readonly run: () => void
}

/** One field that finds pages, incidents, approvals and commands. */
export function CommandPalette({ onClose, onHelp }: { onClose: () => void; onHelp: () => void }) {
  const dialog = useRef<HTMLDialogElement>(null)
  const list = useId()
  const [text, setText] = useState('')
  const [chosen, setChosen] = useState(0)
  const found = useMatches(useCommands(onHelp), text)

  useEffect(() => dialog.current?.showModal(), [])
  const run = (command: Command | undefined) => {
    if (!command) return
    onClose()
    command.run()
  }
  const onKeyDown = (event: React.KeyboardEvent) => {
    const step = event.key === 'ArrowDown' ? 1 : event.key === 'ArrowUp' ? -1 : 0
    if (step) setChosen((index) => (index + step + found.length) % Math.max(1, found.length))
    else if (event.key === 'Enter') run(found[chosen])
    else return
    event.preventDefault()
  }

  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: Escape closes a native dialog
    <dialog
      ref={dialog}
      className="dialog palette"
      aria-label="Search or go to"
      onClose={onClose}
      onClick={(event) => event.target === dialog.current && onClose()}
    >
      <div className="palette-field">
        <Icon name="search" />
        <input
          type="text"
          role="combobox"
          aria-label="Search or go to"
          aria-expanded="true"
          aria-controls={list}
          aria-activedescendant={found[chosen] ? `${list}-${chosen}` : undefined}
          placeholder="Page, incident, approval, command"
          autoComplete="off"
          spellCheck={false}
          value={text}
          onChange={(event) => {
            setText(event.target.value)
            setChosen(0)
          }}
          onKeyDown={onKeyDown}
        />
      </div>
      <div id={list} role="listbox" aria-label="Results" className="palette-list">
        {found.map((command, index) => (
          // biome-ignore lint/a11y/useKeyWithClickEvents: the field above has the keys
          // biome-ignore lint/a11y/useFocusableInteractive: the focus stays in the field
          <div
            key={command.id}
            id={`${list}-${index}`}
            role="option"
            aria-selected={index === chosen}
            className="palette-row"
            onPointerMove={() => setChosen(index)}
            onClick={() => run(command)}
          >
            <Icon name={command.icon} />
            <span>{command.text}</span>
            <span className="muted small">{command.hint}</span>
          </div>
        ))}
      </div>
      {found.length === 0 && <p className="palette-none muted">Nothing is called “{text}”.</p>}
    </dialog>
  )
}

function useCommands(onHelp: () => void): readonly Command[] {
  const navigate = useNavigate()
  const known = useQuery(incidents).data
  const waiting = useQuery(approvals).data
  return useMemo(
    () => [
      ...(waiting ?? [])
        .filter((each) => each.status === 'waiting')
        .map((each) => ({
          id: each.id,
          icon: 'approval' as const,
          text: `Sign: ${each.action}`,
          hint: each.incidentId,
          run: () => void navigate({ to: '/approvals/$id', params: { id: each.id } }),
        })),
      ...places.map((place) => ({
        id: place.to,
        icon: place.icon,
        text: place.label,
        hint: place.keys,
        run: () => void navigate({ to: place.to }),
      })),
      ...(known ?? []).map((each) => ({
        id: each.id,
        icon: 'incident' as const,
        text: each.title,
        hint: each.id,
        run: () => void navigate({ to: '/incidents/$id', params: { id: each.id } }),
      })),
      { id: 'light', icon: 'sun', text: 'Theme: light', hint: '', run: () => chooseTheme('light') },
      { id: 'dark', icon: 'moon', text: 'Theme: dark', hint: '', run: () => chooseTheme('dark') },
      { id: 'auto', icon: 'auto', text: 'Theme: as the system', hint: '', run: () => chooseTheme('auto') },
      { id: 'actor', icon: 'person', text: 'Say who is acting', hint: '', run: () => void askActor() },
      { id: 'help', icon: 'dot', text: 'Keys', hint: '?', run: onHelp },
    ],
    [known, waiting, navigate, onHelp],
  )
}

/** Every word typed must occur. */
function useMatches(commands: readonly Command[], text: string): readonly Command[] {
  return useMemo(() => {
    const words = text.toLowerCase().split(/\s+/).filter(Boolean)
    return commands
      .filter((command) => words.every((word) => `${command.text} ${command.hint}`.toLowerCase().includes(word)))
      .slice(0, 50)
  }, [commands, text])
}
