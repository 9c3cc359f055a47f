import { useMutation, useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { Answer } from '../../api/Answer.tsx'
import { retryMessage } from '../../api/actions.ts'
import type { OutboxMessage } from '../../api/contract.ts'
import { count, words } from '../../api/format.ts'
import { outbox } from '../../api/queries.ts'
import { Badge, type Tone } from '../../ui/Badge.tsx'
import { Button } from '../../ui/Button.tsx'
import type { IconName } from '../../ui/Icon.tsx'
import { Empty, Notice } from '../../ui/Panel.tsx'
import { Segmented } from '../../ui/Segmented.tsx'
import { toast } from '../../ui/toasts.ts'
import { useTitle } from '../../ui/useTitle.ts'
import { When } from '../../ui/When.tsx'
import { examples } from '../examples.ts'

/** Who was told what, and what never arrived. */
export default function OutboxPage() {
  const query = useQuery(outbox)
  const [show, setShow] = useState<'all' | OutboxMessage['status']>('all')
  useTitle('Outbox')
  const number = (status: OutboxMessage['status']) =>
    query.data ? { count: query.data.filter((each) => each.status === status).length } : {}
  return (
    <div className="page">
      <header className="page-head">
        <h1>Outbox</h1>
        <Segmented
          label="Show"
          value={show}
          onChange={setShow}
          options={[
            { value: 'all', label: 'All' },
            { value: 'waiting', label: 'Waiting', ...number('waiting') },
            { value: 'dead', label: 'Undelivered', ...number('dead') },
            { value: 'delivered', label: 'Delivered' },
          ]}
        />
      </header>
      <Answer query={query} what="messages">
        {(all) => <Messages all={all} shown={all.filter((each) => show === 'all' || each.status === show)} />}
      </Answer>
    </div>
  )
}

function Messages({ all, shown }: { all: readonly OutboxMessage[]; shown: readonly OutboxMessage[] }) {
  const dead = all.filter((each) => each.status === 'dead').length
  return (
    <>
      {dead > 0 && (
        <Notice tone="red" title={`${count(dead, 'message')} never arrived.`}>
          Someone who should know does not. Mend the channel, then send them again.
        </Notice>
      )}
      <div className="panel">
        {shown.length === 0 && (
          <Empty
            title={all.length === 0 ? 'Nothing was sent yet.' : 'None here.'}
            {...(all.length === 0 ? { code: examples.channels } : {})}
          >
            {all.length === 0 && 'Messages to people and systems wait here until their channel confirms them.'}
          </Empty>
        )}
        <ul className="rows" aria-label="Messages">
          {shown.map((message) => (
            <Message key={message.id} message={message} />
          ))}
        </ul>
      </div>
    </>
  )
}

const states: Record<OutboxMessage['status'], { tone: Tone; icon: IconName; word: string }> = {
  waiting: { tone: 'amber', icon: 'clock', word: 'Waiting' },
  delivered: { tone: 'green', icon: 'check', word: 'Delivered' },
  dead: { tone: 'red', icon: 'cross', word: 'Undelivered' },
}

function Message({ message }: { message: OutboxMessage }) {
  const retry = useMutation({
    mutationFn: () => retryMessage(message.id),
    onSuccess: () => toast('Queued again.'),
    onError: (error) => toast(error.message, { tone: 'red' }),
  })
  const { tone, icon, word } = states[message.status]
  return (
    <li className="row" data-testid="message" data-status={message.status}>
      <div className="row-main">
        <p className="row-title">{message.summary}</p>
        <p className="row-meta">
          <Badge tone={tone} icon={icon}>
            {word}
          </Badge>
          <span>{message.channel}</span>
          <span>{words(message.kind)}</span>
          <span>{count(message.attempts, 'attempt')}</span>
          <When at={message.deliveredAt ?? message.createdAt} />
          {message.nextAttemptAt && message.status === 'waiting' && (
            <span>
              next try <When at={message.nextAttemptAt} />
            </span>
          )}
        </p>
        {message.lastError && message.status !== 'delivered' && (
          <p className="small ink-red mono">{message.lastError}</p>
        )}
      </div>
      {message.status === 'dead' && (
        <Button size="small" icon="retry" busy={retry.isPending} onClick={() => retry.mutate()}>
          Send again
        </Button>
      )}
    </li>
  )
}
