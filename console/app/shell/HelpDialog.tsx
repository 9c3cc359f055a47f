import { Dialog } from '../ui/Dialog.tsx'
import { places } from './places.ts'

const groups: readonly { title: string; keys: readonly (readonly [string, string])[] }[] = [
  {
    title: 'Everywhere',
    keys: [
      ['Ctrl K', 'Search, or go anywhere'],
      ['?', 'This help'],
      ['Esc', 'Close what is open'],
    ],
  },
  { title: 'Go to', keys: places.map((place) => [place.keys, place.label] as const) },
  {
    title: 'In lists',
    keys: [
      ['j', 'Next row'],
      ['k', 'Previous row'],
      ['Enter', 'Open'],
      ['a', 'Acknowledge an alert'],
      ['d', 'Dismiss an alert'],
      ['u', 'Take that back'],
    ],
  },
  {
    title: 'In an incident',
    keys: [
      ['n', 'Write a note'],
      ['s', 'Change the state'],
    ],
  },
]

export function HelpDialog({ onClose }: { onClose: () => void }) {
  return (
    <Dialog title="Keys" onClose={onClose} wide>
      <div className="help">
        {groups.map((group) => (
          <section key={group.title}>
            <h3>{group.title}</h3>
            <dl>
              {group.keys.map(([keys, does]) => (
                <div key={keys}>
                  <dt>
                    {keys.split(' ').map((key) => (
                      <kbd key={key} className="kbd">
                        {key}
                      </kbd>
                    ))}
                  </dt>
                  <dd>{does}</dd>
                </div>
              ))}
            </dl>
          </section>
        ))}
      </div>
    </Dialog>
  )
}
