import type { ChannelHealth } from '../../api/contract.ts'
import { count } from '../../api/format.ts'
import { Icon } from '../../ui/Icon.tsx'
import { Empty, Panel } from '../../ui/Panel.tsx'
import { When } from '../../ui/When.tsx'
import { examples } from '../examples.ts'

/** Each way to reach people: is it alive, and what is stuck in it? */
export function ChannelsPanel({ channels }: { channels: readonly ChannelHealth[] }) {
  return (
    <Panel title="Channels" flush>
      {channels.length === 0 && (
        <Empty title="Nobody would be told." code={examples.channels}>
          Alerts and requests for approval go to people through channels.
        </Empty>
      )}
      <ul className="rows">
        {channels.map((channel) => {
          const isWell = channel.dead === 0 && channel.lastError === null
          return (
            <li key={channel.name} className="row">
              <span className={isWell ? 'ink-green row-sign' : 'ink-red row-sign'}>
                <Icon name={isWell ? 'check' : 'cross'} />
              </span>
              <div className="row-main">
                <p className="row-title">{channel.name}</p>
                {channel.lastError && <p className="small ink-red">{channel.lastError}</p>}
                <p className="row-meta">
                  <span>{channel.kind}</span>
                  {channel.waiting > 0 && <span>{channel.waiting} waiting</span>}
                  {channel.dead > 0 && <span className="ink-red">{count(channel.dead, 'message')} undelivered</span>}
                  <span>
                    {channel.lastDeliveredAt ? (
                      <>
                        delivered <When at={channel.lastDeliveredAt} />
                      </>
                    ) : (
                      'nothing delivered yet'
                    )}
                  </span>
                </p>
              </div>
            </li>
          )
        })}
      </ul>
    </Panel>
  )
}
