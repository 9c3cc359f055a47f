import { useState } from 'react'
import { getBytes } from '../../api/client.ts'
import { paths } from '../../api/paths.ts'
import { Button } from '../../ui/Button.tsx'
import { toast } from '../../ui/toasts.ts'
import { saveBlob } from './saveBlob.ts'

/** The incident as a report: to read in a new tab, or as data. Both are fetched here, because a plain link has no token. */
export function ReportButtons({ incidentId }: { incidentId: string }) {
  const [busy, setBusy] = useState<'html' | 'json' | null>(null)
  const fetchReport = async (format: 'html' | 'json') => {
    setBusy(format)
    try {
      const report = await getBytes(paths.report(incidentId, format))
      if (format === 'json') saveBlob(report, `${incidentId}.json`)
      else openBlob(report)
    } catch (error) {
      toast((error as Error).message, { tone: 'red' })
    } finally {
      setBusy(null)
    }
  }
  return (
    <>
      <Button icon="note" busy={busy === 'html'} onClick={() => void fetchReport('html')} data-testid="report-html">
        Report
      </Button>
      <Button icon="download" busy={busy === 'json'} onClick={() => void fetchReport('json')} data-testid="report-json">
        JSON
      </Button>
    </>
  )
}

function openBlob(blob: Blob) {
  const link = document.createElement('a')
  link.href = URL.createObjectURL(blob)
  link.target = '_blank'
  link.rel = 'noopener'
  link.click()
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000)
}
