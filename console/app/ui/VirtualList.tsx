import { type ReactNode, type Ref, useImperativeHandle, useLayoutEffect, useRef, useState } from 'react'

export type VirtualListHandle = { readonly reveal: (index: number) => void; readonly toTop: () => void }

type Props<T> = {
  readonly label: string
  readonly rows: readonly T[]
  /** In pixels; every row has it. */
  readonly rowHeight: number
  readonly rowKey: (row: T) => string
  readonly children: (row: T, index: number) => ReactNode
  readonly onScrolled?: (isAtTop: boolean) => void
  readonly ref?: Ref<VirtualListHandle>
}

/** Rows beyond the edges that are drawn too, so that fast scrolling meets no blank. */
const overscan = 8

/** A list that draws only what is in view: ten thousand rows cost what thirty do. */
export function VirtualList<T>({ label, rows, rowHeight, rowKey, children, onScrolled, ref }: Props<T>) {
  const box = useRef<HTMLDivElement>(null)
  const [view, setView] = useState({ top: 0, height: 800 })
  useLayoutEffect(() => {
    const element = box.current as HTMLDivElement
    const watch = new ResizeObserver(() => setView({ top: element.scrollTop, height: element.clientHeight }))
    watch.observe(element)
    return () => watch.disconnect()
  }, [])
  useImperativeHandle(ref, () => ({
    reveal: (index) => {
      const element = box.current as HTMLDivElement
      const top = index * rowHeight
      if (top < element.scrollTop) element.scrollTop = top
      else if (top + rowHeight > element.scrollTop + element.clientHeight)
        element.scrollTop = top + rowHeight - element.clientHeight
    },
    toTop: () => box.current?.scrollTo({ top: 0 }),
  }))
  const first = Math.max(0, Math.floor(view.top / rowHeight) - overscan)
  const last = Math.min(rows.length, Math.ceil((view.top + view.height) / rowHeight) + overscan)
  return (
    <div
      ref={box}
      className="virtual"
      tabIndex={-1}
      onScroll={({ currentTarget }) => {
        setView({ top: currentTarget.scrollTop, height: currentTarget.clientHeight })
        onScrolled?.(currentTarget.scrollTop < rowHeight)
      }}
    >
      <ul aria-label={label} className="virtual-space" style={{ height: rows.length * rowHeight }}>
        {rows.slice(first, last).map((row, offset) => (
          <li
            key={rowKey(row)}
            className="virtual-row"
            aria-setsize={rows.length}
            aria-posinset={first + offset + 1}
            style={{ height: rowHeight, transform: `translateY(${(first + offset) * rowHeight}px)` }}
          >
            {children(row, first + offset)}
          </li>
        ))}
      </ul>
    </div>
  )
}
