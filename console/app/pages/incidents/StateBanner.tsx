import type { ReactNode } from 'react'
import type { Incident } from '../../api/contract.ts'
import { count, duration, group, rounded } from '../../api/format.ts'
import { Icon } from '../../ui/Icon.tsx'
import { Quantity } from '../../ui/Quantity.tsx'
import { Since } from '../../ui/When.tsx'
import { blocksLeft, type Flow } from './bleeding.ts'
import { isUncontained, phaseOf } from './state.ts'

/** The answer to "are we bleeding, and how fast?": one word, one shape, four figures. */
export function StateBanner({ incident, flow }: { incident: Incident; flow: Flow | undefined }) {
  const phase = phaseOf(incident)
  return (
    <section
      className={`state tone-${phase.tone}`}
      aria-label="State of the incident"
      data-testid="incident-state"
      data-state={phase.name}
    >
      <div className="state-word">
        <span className="state-sign">
          <Icon name={phase.icon} size={28} />
        </span>
        <div>
          <p className="state-name">{phase.word}</p>
          <p className="state-sentence">
            {phase.name === 'bleeding' && quietBlocks(flow) > 0
              ? `No outflow for ${count(quietBlocks(flow), 'block')}, but the way in is still open.`
              : phase.sentence}
          </p>
        </div>
      </div>
      <dl className="figures">
        <Figure
          name={isUncontained(incident) ? 'Outflow so far' : 'Outflow'}
          note={<OtherLosses incident={incident} flow={flow} />}
        >
          <Loss incident={incident} />
        </Figure>
        <Figure
          name={isUncontained(incident) ? 'Rate per block' : 'Rate while it lasted'}
          note={flow ? windowOf(incident, flow) : 'no holdings are read'}
        >
          {flow ? <Quantity units={positive(flow.perBlock)} decimals={flow.decimals} symbol={flow.symbol} /> : '–'}
        </Figure>
        <Figure
          name={isUncontained(incident) ? 'Still there' : 'Kept'}
          note={<Outlook incident={incident} flow={flow} />}
        >
          {flow ? <Quantity units={flow.held.toString()} decimals={flow.decimals} symbol={flow.symbol} /> : '–'}
        </Figure>
        <TimeFigure incident={incident} />
      </dl>
    </section>
  )
}

function Figure({ name, note, children }: { name: string; note: ReactNode; children: ReactNode }) {
  return (
    <div className="figure">
      <dt>{name}</dt>
      <dd>
        <span className="figure-value">{children}</span>
        <span className="figure-note">{note}</span>
      </dd>
    </div>
  )
}

function Loss({ incident }: { incident: Incident }) {
  const [first] = incident.losses
  if (!first) return <span data-testid="loss">none measured</span>
  return (
    <span data-testid="loss">
      <Quantity {...first} />
    </span>
  )
}

function OtherLosses({ incident, flow }: { incident: Incident; flow: Flow | undefined }) {
  const others = incident.losses.slice(1)
  if (others.length > 0) return others.map((loss) => <Quantity key={loss.symbol} {...loss} />)
  if (!flow || flow.before <= 0n || flow.lost <= 0n) return null
  return `${(Number((flow.lost * 1000n) / flow.before) / 10).toFixed(1)} % of what was held`
}

function Outlook({ incident, flow }: { incident: Incident; flow: Flow | undefined }) {
  if (!flow) return null
  if (!isUncontained(incident))
    return `of ${rounded({ units: flow.before.toString(), decimals: flow.decimals })} ${flow.symbol} before`
  const left = blocksLeft(flow)
  if (left !== null)
    return (
      <strong className="outlook">
        gone in ≈ {count(left, 'block')}
        {flow.blockMs ? `, ${duration(left * flow.blockMs)}` : ''}
      </strong>
    )
  return quietBlocks(flow) > 0 ? `no outflow for ${count(quietBlocks(flow), 'block')}` : 'no outflow seen'
}

function TimeFigure({ incident }: { incident: Incident }) {
  const { beganAt, beganBlock, containedAt, containedBlock, declaredAt } = incident
  const from = beganAt ?? declaredAt
  const seen = beganAt ? seenAfter(Date.parse(declaredAt) - Date.parse(beganAt)) : 'since it was declared'
  const blocks = beganBlock && containedBlock ? Number(containedBlock) - Number(beganBlock) : null
  if (!isUncontained(incident) && containedAt)
    return (
      <Figure name="Contained after" note={blocks === null ? seen : `${count(blocks, 'block')}; ${seen}`}>
        <Since at={from} until={containedAt} />
      </Figure>
    )
  return (
    <Figure name={beganBlock ? `Since block ${group(beganBlock)}` : 'Since declared'} note={seen}>
      <Since at={from} until={incident.resolvedAt} />
    </Figure>
  )
}

/** Blocks since holdings last fell; 0 while they fall. */
function quietBlocks(flow: Flow | undefined): number {
  const last = flow?.points.at(-1)
  return flow && last && flow.lastOutflow !== null && flow.perBlock <= 0n ? last.block - flow.lastOutflow : 0
}

function windowOf(incident: Incident, { window }: Flow): string {
  if (!isUncontained(incident)) return `over ${count(window, 'block')}`
  return window === 1 ? 'in the last block' : `over the last ${count(window, 'block')}`
}

function seenAfter(milliseconds: number): string {
  return milliseconds < 1_000 ? 'seen within a second' : `seen after ${duration(milliseconds)}`
}

function positive(units: bigint): string {
  return (units > 0n ? units : 0n).toString()
}
