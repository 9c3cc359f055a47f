import { lazy, Suspense, useMemo, useState } from 'react'
import type { Incident } from '../../api/contract.ts'
import { approximately, exact, group, rounded, utcTime } from '../../api/format.ts'
import type { Mark } from '../../ui/BlockChart.tsx'
import { Boundary } from '../../ui/Boundary.tsx'
import { Empty, Panel } from '../../ui/Panel.tsx'
import { Segmented } from '../../ui/Segmented.tsx'
import { useMedia } from '../../ui/useMedia.ts'
import { examples } from '../examples.ts'
import type { Flow } from './bleeding.ts'
import { HoldingsTable } from './HoldingsTable.tsx'

const BlockChart = lazy(() => import('../../ui/BlockChart.tsx'))

/** What the system holds, block by block, with the first malicious block and the containment marked. A table stands beside it. */
export function HoldingsPanel({ incident, flows }: { incident: Incident; flows: readonly Flow[] }) {
  const [view, setView] = useState<'held' | 'lost' | 'table'>('held')
  const [asset, setAsset] = useState<string | null>(null)
  const flow = flows.find((each) => each.asset === asset) ?? flows[0]
  if (!flow)
    return (
      <Panel title="Holdings">
        <Empty title="No balances were read." code={examples.assets}>
          Name the accounts and assets of the system, and loss and rate are measured at every block.
        </Empty>
      </Panel>
    )
  return (
    <Panel
      title="Holdings"
      count={flow.symbol}
      actions={
        <>
          {flows.length > 1 && (
            <Segmented
              label="Asset"
              value={flow.asset}
              onChange={setAsset}
              options={flows.map((each) => ({ value: each.asset, label: each.symbol }))}
            />
          )}
          <Segmented
            label="Shown as"
            value={view}
            onChange={setView}
            options={[
              { value: 'held', label: 'Held' },
              { value: 'lost', label: 'Outflow' },
              { value: 'table', label: 'Table' },
            ]}
          />
        </>
      }
      flush
    >
      {view === 'table' ? (
        <HoldingsTable flow={flow} incident={incident} />
      ) : (
        <Boundary fallback={<HoldingsTable flow={flow} incident={incident} />}>
          <Plot flow={flow} incident={incident} view={view} />
        </Boundary>
      )}
    </Panel>
  )
}

function Plot({ flow, incident, view }: { flow: Flow; incident: Incident; view: 'held' | 'lost' }) {
  const { points, decimals, symbol, before } = flow
  const isSmall = useMedia('(max-width: 599px)')
  const shown = useMemo(
    () =>
      points.map(({ block, units }) => ({
        block,
        value: approximately({ units: (view === 'held' ? units : before - units).toString(), decimals }),
      })),
    [points, view, before, decimals],
  )
  const marks = useMemo<Mark[]>(
    () => [
      ...(incident.beganBlock
        ? [{ block: Number(incident.beganBlock), label: 'attack begins', tone: 'red' as const }]
        : []),
      ...(incident.containedBlock
        ? [{ block: Number(incident.containedBlock), label: 'contained', tone: 'green' as const }]
        : []),
    ],
    [incident.beganBlock, incident.containedBlock],
  )
  const sentence = `${symbol} ${view} from block ${group(points[0]?.block ?? 0)} to ${group(points.at(-1)?.block ?? 0)}: ${rounded({ units: before.toString(), decimals })} before the attack, ${rounded({ units: flow.held.toString(), decimals })} at the end.`
  return (
    <div className="plot">
      <Suspense fallback={<div className="plot-empty" />}>
        <BlockChart
          label={sentence}
          points={shown}
          marks={marks}
          tone={view === 'held' ? 'blue' : 'red'}
          height={isSmall ? 200 : 220}
          format={(value) => value.toLocaleString('en-US', { maximumSignificantDigits: 6 })}
          describe={(index) => {
            const point = points[index]
            if (!point) return ''
            return `${group(point.block)} · ${utcTime(point.at)} · ${exact({ units: (view === 'held' ? point.units : before - point.units).toString(), decimals })} ${symbol}`
          }}
        />
      </Suspense>
    </div>
  )
}
