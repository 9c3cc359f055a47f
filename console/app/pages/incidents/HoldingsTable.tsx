import type { Incident } from '../../api/contract.ts'
import { group, utcTime } from '../../api/format.ts'
import { Badge } from '../../ui/Badge.tsx'
import { Quantity } from '../../ui/Quantity.tsx'
import type { Flow } from './bleeding.ts'

/** The plot as rows, the newest first; blocks in which nothing changed are left out, their count is said. */
export function HoldingsTable({ flow, incident }: { flow: Flow; incident: Incident }) {
  const rows = flow.points
    .map((point, index) => ({
      ...point,
      change: index === 0 ? 0n : point.units - (flow.points[index - 1]?.units ?? 0n),
    }))
    .filter((row, index) => index === 0 || row.change !== 0n || marks(row.block, incident) !== null)
    .reverse()
  const quiet = flow.points.length - rows.length
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, so the keyboard must reach it
    <section className="holdings-table" aria-label="Holdings by block" tabIndex={0}>
      <table className="table">
        <thead>
          <tr>
            <th>Block</th>
            <th>UTC</th>
            <th className="number">Held</th>
            <th className="number">Change</th>
            <th>What happened</th>
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={row.block}>
              <td>{group(row.block)}</td>
              <td>{utcTime(row.at)}</td>
              <td className="number">
                <Quantity units={row.units.toString()} decimals={flow.decimals} symbol={flow.symbol} />
              </td>
              <td className={`number ${row.change < 0n ? 'ink-red' : row.change > 0n ? 'ink-green' : ''}`}>
                {row.change !== 0n && (
                  <Quantity
                    units={(row.change < 0n ? -row.change : row.change).toString()}
                    decimals={flow.decimals}
                    symbol={flow.symbol}
                    sign={row.change < 0n ? '−' : '+'}
                  />
                )}
              </td>
              <td>{marks(row.block, incident)}</td>
            </tr>
          ))}
        </tbody>
      </table>
      {quiet > 0 && <p className="holdings-quiet muted small">{group(quiet)} blocks without change are not shown.</p>}
    </section>
  )
}

function marks(block: number, { beganBlock, containedBlock }: Incident) {
  if (String(block) === beganBlock) return <Badge tone="red">attack begins</Badge>
  if (String(block) === containedBlock) return <Badge tone="green">contained</Badge>
  return null
}
