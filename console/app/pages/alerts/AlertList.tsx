import { useCallback, useRef, useState } from 'react'
import type { Alert } from '../../api/contract.ts'
import { count } from '../../api/format.ts'
import { Empty } from '../../ui/Panel.tsx'
import { useShortcuts } from '../../ui/shortcuts.ts'
import { useHeldRows } from '../../ui/useHeldRows.ts'
import { useMedia } from '../../ui/useMedia.ts'
import { VirtualList, type VirtualListHandle } from '../../ui/VirtualList.tsx'
import { examples } from '../examples.ts'
import { AlertRow } from './AlertRow.tsx'
import type { Handling } from './useHandling.ts'

type Props = {
  readonly alerts: readonly Alert[]
  readonly total: number
  readonly handling: Handling
  readonly onOpen: (alert: Alert) => void
}

const keyOf = (alert: Alert) => alert.id

/** Ten thousand alerts under the arrow keys. New ones wait above while the reader is among the rows. */
export function AlertList({ alerts, total, handling, onOpen }: Props) {
  const list = useRef<VirtualListHandle>(null)
  const [selectedId, setSelectedId] = useState<string | null>(null)
  const [isAtTop, setAtTop] = useState(true)
  const [isOver, setOver] = useState(false)
  const isNarrow = useMedia('(max-width: 899px)')
  const held = useHeldRows(alerts, useCallback(keyOf, []), !isAtTop || isOver || selectedId !== null)
  const selected = held.rows.findIndex((alert) => alert.id === selectedId)

  const step = (by: 1 | -1) => {
    const index = Math.min(held.rows.length - 1, Math.max(0, selected + by))
    setSelectedId(held.rows[index]?.id ?? null)
    list.current?.reveal(index)
  }
  const onSelected = (act: (alert: Alert) => void) => () => {
    const alert = held.rows[selected]
    if (alert) act(alert)
  }
  const openSelected = onSelected(onOpen)
  const deselect = () => setSelectedId(null)
  useShortcuts({
    j: () => step(1),
    k: () => step(-1),
    a: onSelected(handling.acknowledge),
    d: onSelected(
      (alert) => (alert.status === 'open' || alert.status === 'acknowledged') && handling.askDismiss(alert),
    ),
    u: handling.undo,
    o: openSelected,
    Enter: selected >= 0 ? openSelected : undefined,
    Escape: selected >= 0 ? deselect : undefined,
  })

  if (alerts.length === 0)
    return (
      <div className="panel">
        <Empty
          title={total === 0 ? 'No alerts yet.' : 'No alert matches.'}
          {...(total === 0 ? { code: examples.detectors } : {})}
        >
          {total === 0 &&
            'Detectors look at every block. What they find and deem worth a person’s attention comes here.'}
        </Empty>
      </div>
    )
  return (
    <section
      className="panel alerts-panel"
      aria-label="Alerts"
      onPointerEnter={() => setOver(true)}
      onPointerLeave={() => setOver(false)}
    >
      <p className="alert-head" aria-hidden="true">
        <span>Severity</span>
        <span>Alert</span>
        <span>System</span>
        <span>Findings</span>
        <span>Last seen</span>
        <span>Status</span>
      </p>
      {held.waiting > 0 && (
        <button
          type="button"
          className="more-rows"
          onClick={() => {
            held.release()
            list.current?.toTop()
          }}
        >
          {count(held.waiting, 'new alert')}
        </button>
      )}
      <VirtualList
        ref={list}
        label="Alerts"
        rows={held.rows}
        rowHeight={isNarrow ? 112 : 44}
        rowKey={keyOf}
        onScrolled={setAtTop}
      >
        {(alert) => <AlertRow alert={alert} isSelected={alert.id === selectedId} handling={handling} onOpen={onOpen} />}
      </VirtualList>
    </section>
  )
}
