/** A value over blocks, with the blocks that matter marked. Loaded only where it is drawn. */
import { useEffect, useRef } from 'react'
import uPlot from 'uplot'
import 'uplot/dist/uPlot.min.css'

export type Mark = { readonly block: number; readonly label: string; readonly tone: 'red' | 'green' }

type Props = {
  /** What is drawn, in a sentence: for those who cannot see it. */
  readonly label: string
  readonly points: readonly { readonly block: number; readonly value: number }[]
  readonly marks: readonly Mark[]
  readonly tone: 'red' | 'blue'
  readonly height: number
  readonly format: (value: number) => string
  /** What to say under the pointer about the point at this index. */
  readonly describe: (index: number) => string
}

export default function BlockChart(props: Props) {
  const box = useRef<HTMLDivElement>(null)
  const readout = useRef<HTMLParagraphElement>(null)
  const latest = useRef(props)
  latest.current = props

  useEffect(() => {
    const element = box.current as HTMLDivElement
    let plot: uPlot | undefined
    const draw = () => {
      plot?.destroy()
      plot = new uPlot(options(latest, element, readout.current as HTMLElement), data(latest.current), element)
    }
    draw()
    const resize = new ResizeObserver(() =>
      plot?.setSize({ width: element.clientWidth, height: latest.current.height }),
    )
    resize.observe(element)
    // Canvas takes its colours once: draw again when the theme changes.
    const theme = new MutationObserver(draw)
    theme.observe(document.documentElement, { attributeFilter: ['data-theme'] })
    const scheme = matchMedia('(prefers-color-scheme: dark)')
    scheme.addEventListener('change', draw)
    element.addEventListener('redraw', draw)
    return () => {
      resize.disconnect()
      theme.disconnect()
      scheme.removeEventListener('change', draw)
      element.removeEventListener('redraw', draw)
      plot?.destroy()
    }
  }, [])

  // biome-ignore lint/correctness/useExhaustiveDependencies: `latest` carries them; a change of any asks for a new drawing
  useEffect(() => {
    box.current?.dispatchEvent(new Event('redraw'))
  }, [props.points, props.marks, props.tone, props.height])

  return (
    <figure className="chart">
      <div ref={box} role="img" aria-label={props.label} style={{ minHeight: props.height }} />
      <p ref={readout} className="chart-readout mono" aria-hidden="true" />
    </figure>
  )
}

function data({ points }: Props): uPlot.AlignedData {
  return [points.map((point) => point.block), points.map((point) => point.value)]
}

function options(latest: { readonly current: Props }, element: HTMLElement, readout: HTMLElement): uPlot.Options {
  const style = getComputedStyle(element)
  const colour = (name: string) => style.getPropertyValue(`--${name}`).trim()
  const { tone, height, format } = latest.current
  const axis: uPlot.Axis = {
    stroke: colour('ink-3'),
    font: `11px ${style.fontFamily}`,
    grid: { stroke: colour('line'), width: 1 },
    ticks: { show: false },
  }
  const grouped = (value: number) => Math.round(value).toLocaleString('en-US')
  return {
    width: element.clientWidth,
    height,
    padding: [element.clientWidth < 500 ? 38 : 24, 28, 0, 0],
    legend: { show: false },
    cursor: { y: false, drag: { x: false, y: false }, points: { size: 7 } },
    scales: {
      x: { time: false, range: (_, low, high) => range(latest.current, low, high) },
      y: { range: (_, low, high) => floorOf(low, high) },
    },
    axes: [
      {
        ...axis,
        space: 90,
        size: 28,
        grid: { show: false },
        values: (_, ticks) => ticks.map((tick) => (Number.isInteger(tick) ? grouped(tick) : '')),
      },
      {
        ...axis,
        space: 36,
        size: (_, texts) => 16 + Math.max(0, ...(texts ?? []).map((text) => text.length)) * 6.5,
        values: (_, ticks) => ticks.map(format),
      },
    ],
    series: [
      {},
      {
        stroke: colour(tone),
        width: 2,
        fill: colour(`${tone}-soft`),
        paths: uPlot.paths.stepped?.({ align: 1 }) as uPlot.Series.PathBuilder,
        points: { show: false },
      },
    ],
    hooks: {
      draw: [(plot) => drawMarks(plot, latest.current.marks, colour, style.fontFamily)],
      setCursor: [
        (plot) => {
          const index = plot.cursor.idx
          readout.textContent = index === null || index === undefined ? '' : latest.current.describe(index)
        },
      ],
    },
  }
}

/** Leaves room for marks outside the data. */
function range({ marks }: Props, low: number, high: number): [number, number] {
  const blocks = marks.map((mark) => mark.block)
  const [from, to] = [Math.min(low, ...blocks), Math.max(high, ...blocks)]
  const room = Math.max(1, Math.round((to - from) * 0.02))
  return [from - room, to + room]
}

/** From zero, unless the change is so small beside the whole that zero would hide it. */
function floorOf(low: number, high: number): [number, number] {
  const spread = high - low
  const top = high + (spread || high || 1) * 0.08
  return [spread < high * 0.05 && low > 0 ? low - (spread || high * 0.05) * 0.15 : Math.min(0, low), top]
}

function drawMarks(plot: uPlot, marks: readonly Mark[], colour: (name: string) => string, font: string) {
  const { ctx, bbox } = plot
  const ratio = devicePixelRatio
  ctx.save()
  ctx.font = `600 ${11 * ratio}px ${font}`
  ctx.textBaseline = 'bottom'
  ctx.textAlign = 'left'
  const isStacked = bbox.width / ratio < 430
  let row = 0
  for (const { block, label, tone } of marks) {
    const x = Math.round(plot.valToPos(block, 'x', true))
    ctx.strokeStyle = ctx.fillStyle = colour(tone)
    ctx.lineWidth = 1.5 * ratio
    ctx.setLineDash([4 * ratio, 3 * ratio])
    ctx.beginPath()
    ctx.moveTo(x, bbox.top - 4 * ratio)
    ctx.lineTo(x, bbox.top + bbox.height)
    ctx.stroke()
    const width = ctx.measureText(label).width
    // Each word on its own side of its line: the attack's before, the containment's after.
    const wanted = tone === 'red' ? x + 4 * ratio - width : x - 4 * ratio
    const left = Math.min(Math.max(bbox.left, wanted), bbox.left + bbox.width - width)
    ctx.setLineDash([])
    // On a phone the words would meet: each has its own line there.
    ctx.fillText(label, left, bbox.top - (isStacked && row++ === 0 ? 20 : 5) * ratio)
  }
  ctx.restore()
}
