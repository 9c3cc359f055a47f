import { useEffect, useRef } from 'react'

/**
 * Shows the `data-tip` of whatever the pointer or the keyboard is on. One layer for the whole page: nothing clips it and
 * a list of ten thousand rows carries no extra elements. Mount once.
 */
export function TipLayer() {
  const layer = useRef<HTMLDivElement>(null)
  useEffect(() => {
    const tip = layer.current as HTMLDivElement
    let owner: Element | null = null
    const hide = () => {
      owner = null
      tip.hidden = true
    }
    const show = (event: Event) => {
      // A click also moves the focus; only the keyboard asks for a tip by it.
      if (event.type === 'focusin' && !(event.target as Element).matches?.(':focus-visible')) return
      const next = (event.target as Element).closest?.('[data-tip]') ?? null
      if (next === owner) return
      if (!next) return hide()
      owner = next
      tip.textContent = next.getAttribute('data-tip')
      tip.hidden = false
      place(tip, next.getBoundingClientRect())
    }
    const onKey = (event: KeyboardEvent) => event.key === 'Escape' && hide()
    document.addEventListener('pointerover', show)
    document.addEventListener('focusin', show)
    document.addEventListener('focusout', hide)
    document.addEventListener('keydown', onKey)
    document.addEventListener('scroll', hide, { capture: true, passive: true })
    return () => {
      document.removeEventListener('pointerover', show)
      document.removeEventListener('focusin', show)
      document.removeEventListener('focusout', hide)
      document.removeEventListener('keydown', onKey)
      document.removeEventListener('scroll', hide, { capture: true })
    }
  }, [])
  return <div ref={layer} className="tip no-print" role="tooltip" hidden popover="manual" />
}

function place(tip: HTMLElement, owner: DOMRect) {
  // The top layer, so that tips also show over open dialogs.
  if (!tip.matches(':popover-open')) tip.showPopover?.()
  const { width, height } = tip.getBoundingClientRect()
  const left = Math.min(Math.max(8, owner.left + owner.width / 2 - width / 2), innerWidth - width - 8)
  const above = owner.top - height - 6
  tip.style.left = `${left}px`
  tip.style.top = `${above < 8 ? owner.bottom + 6 : above}px`
}
