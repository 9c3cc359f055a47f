import { useState } from 'react'
import { getBytes } from '../../api/client.ts'
import type { Exhibit, Incident } from '../../api/contract.ts'
import { bytes } from '../../api/format.ts'
import { paths } from '../../api/paths.ts'
import { Hash } from '../../ui/Address.tsx'
import { Badge } from '../../ui/Badge.tsx'
import { Button } from '../../ui/Button.tsx'
import { Empty, Panel } from '../../ui/Panel.tsx'
import { toast } from '../../ui/toasts.ts'
import { When } from '../../ui/When.tsx'
import { saveBlob } from './saveBlob.ts'

/** What was kept as evidence. A download is checked against its digest here, in the reader's own browser. */
export function ExhibitsPanel({ incident }: { incident: Incident }) {
  return (
    <Panel title="Exhibits" count={incident.exhibits.length} flush>
      {incident.exhibits.length === 0 && (
        <Empty title="Nothing was kept yet.">
          Traces, transactions and reads on chain are kept here as they are collected, each under its SHA-256.
        </Empty>
      )}
      <ul className="rows">
        {incident.exhibits.map((exhibit) => (
          <ExhibitRow key={exhibit.id} exhibit={exhibit} />
        ))}
      </ul>
    </Panel>
  )
}

function ExhibitRow({ exhibit }: { exhibit: Exhibit }) {
  const [check, setCheck] = useState<'none' | 'busy' | 'matches' | 'differs'>('none')
  const download = async () => {
    setCheck('busy')
    try {
      const blob = await getBytes(paths.exhibit(exhibit.id))
      // Digests exist only where the page itself came safely: https or this machine.
      const digest = crypto.subtle ? hex(await crypto.subtle.digest('SHA-256', await blob.arrayBuffer())) : null
      setCheck(digest === null ? 'none' : digest === exhibit.sha256.replace(/^0x/, '') ? 'matches' : 'differs')
      saveBlob(blob, `${exhibit.id}${extension(exhibit.mediaType)}`)
    } catch (error) {
      setCheck('none')
      toast((error as Error).message, { tone: 'red' })
    }
  }
  return (
    <li className="row" data-testid="exhibit">
      <div className="row-main">
        <p className="row-title">{exhibit.title}</p>
        <p className="row-meta">
          <span>{exhibit.kind}</span>
          <span>{bytes(exhibit.bytes)}</span>
          <Hash value={exhibit.sha256} what="SHA-256" />
          <span>
            <When at={exhibit.collectedAt} /> by {exhibit.collectedBy.replace(/^(machine|person):/, '')}
          </span>
          {check === 'matches' && (
            <Badge tone="green" icon="check">
              digest matches
            </Badge>
          )}
          {check === 'differs' && (
            <Badge tone="red" icon="incident">
              digest differs
            </Badge>
          )}
        </p>
      </div>
      <Button size="small" icon="download" busy={check === 'busy'} onClick={() => void download()} className="no-print">
        Download
      </Button>
    </li>
  )
}

function hex(digest: ArrayBuffer): string {
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, '0')).join('')
}

function extension(mediaType: string): string {
  return (
    { 'application/json': '.json', 'text/plain': '.txt', 'text/html': '.html', 'text/csv': '.csv' }[
      mediaType.split(';')[0] ?? ''
    ] ?? '.bin'
  )
}
