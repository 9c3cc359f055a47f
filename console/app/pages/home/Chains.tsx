import type { ChainHealth } from '../../api/contract.ts'
import { count, duration, group } from '../../api/format.ts'
import { Badge, type Tone } from '../../ui/Badge.tsx'
import { now, useClock } from '../../ui/clock.ts'
import { Empty, Panel } from '../../ui/Panel.tsx'
import { examples } from '../examples.ts'

/** Each chain: how far it is read, how old that is, and through which endpoints. */
export function ChainsPanel({ chains, askedAt }: { chains: readonly ChainHealth[]; askedAt: number }) {
  return (
    <Panel title="Chains" flush>
      {chains.length === 0 && <Empty title="No chain is watched." code={examples.chains} />}
      <ul className="rows">
        {chains.map((chain) => (
          <li key={chain.chain} className="row chain" data-testid="chain" data-stale={chain.stale}>
            <div className="row-main">
              <p className="chain-line">
                <strong>{chain.name}</strong>
                <span className="muted small">{chain.chain.split('@')[0]}</span>
                <Badge tone={chain.stale ? 'red' : 'green'} icon={chain.stale ? 'incident' : 'check'}>
                  {chain.stale ? 'Stale' : 'Fresh'}
                </Badge>
              </p>
              <dl className="chain-facts">
                <div>
                  <dt>Head</dt>
                  <dd>{chain.head === null ? '–' : group(chain.head)}</dd>
                </div>
                <div>
                  <dt>Evaluated</dt>
                  <dd>
                    {chain.evaluated === null ? '–' : group(chain.evaluated)}
                    {behind(chain) > 0n && (
                      <span className="ink-orange small"> {count(Number(behind(chain)), 'block')} behind</span>
                    )}
                  </dd>
                </div>
                <div>
                  <dt>Age</dt>
                  <dd>{chain.ageMs === null ? '–' : <Age ageMs={chain.ageMs} askedAt={askedAt} />}</dd>
                </div>
              </dl>
              {chain.problem && <p className="small ink-red">{chain.problem}</p>}
              <ul className="endpoints">
                {chain.endpoints.map((endpoint) => (
                  <li key={`${endpoint.kind} ${endpoint.url}`}>
                    <Badge tone={tones[endpoint.state]}>{words[endpoint.state]}</Badge>
                    <span className="mono endpoint-url">{endpoint.url}</span>
                    {endpoint.latencyMs !== null && <span className="muted">{Math.round(endpoint.latencyMs)} ms</span>}
                    {endpoint.lastError && endpoint.state !== 'up' && (
                      <span className="ink-red">{endpoint.lastError}</span>
                    )}
                  </li>
                ))}
              </ul>
            </div>
          </li>
        ))}
      </ul>
    </Panel>
  )
}

const words = { up: 'up', down: 'down', wrong_chain: 'wrong chain', connecting: 'connecting' } as const
const tones: Record<ChainHealth['endpoints'][number]['state'], Tone> = {
  up: 'green',
  down: 'red',
  wrong_chain: 'red',
  connecting: 'amber',
}

/** Grows from what the server said, so that a silent line is seen to grow old. */
function Age({ ageMs, askedAt }: { ageMs: number; askedAt: number }) {
  // `askedAt` is this device's clock, `time` the server's: the same second hand, two faces.
  const text = useClock((time) => duration(ageMs + time - (askedAt + now() - Date.now())))
  return <>{text}</>
}

function behind(chain: ChainHealth): bigint {
  return chain.head === null || chain.evaluated === null ? 0n : BigInt(chain.head) - BigInt(chain.evaluated)
}
