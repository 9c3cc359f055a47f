/** The incident as a page that can be printed, mailed and kept: complete in itself, no script, nothing loaded. */
import { html, raw } from 'hono/html'
import type { HtmlEscapedString } from 'hono/utils/html'
import * as Amount from '../base/Amount.ts'
import type * as Schemas from './contract/Schemas.ts'

type Fragment = HtmlEscapedString | Promise<HtmlEscapedString>

const style = `
:root { color-scheme: light; font: 14px/1.5 system-ui, sans-serif; color: #1a1d21; }
body { max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.6rem; line-height: 1.25; margin: 0.5rem 0; } h2 { font-size: 1.1rem; margin: 2rem 0 0.5rem; border-bottom: 1px solid #d5d9de; }
table { border-collapse: collapse; width: 100%; } th, td { text-align: left; vertical-align: top; padding: 0.35rem 0.75rem 0.35rem 0; border-bottom: 1px solid #eceef1; overflow-wrap: anywhere; }
th { font-weight: 600; color: #4a525c; white-space: nowrap; } code { font: 12px/1.5 ui-monospace, monospace; overflow-wrap: anywhere; }
.state { display: inline-block; padding: 0.15rem 0.6rem; border: 1px solid; border-radius: 4px; font-weight: 600; } .note { color: #4a525c; }
@media print { body { margin: 0; max-width: none; } h2 { break-after: avoid; } tr { break-inside: avoid; } }`

/** Renders a dossier. All text of strangers is escaped. */
export function toHtml(incident: Schemas.Incident, now: Date): string | Promise<string> {
  const rows = (pairs: readonly (readonly [string, unknown])[]) =>
    pairs.map(([label, value]) => html`<tr><th>${label}</th><td>${value}</td></tr>`)
  return html`<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>${incident.id} ${incident.title}</title><style>${raw(style)}</style></head><body>
<p class="note">Firebreak incident report ${incident.id}, rendered ${now.toISOString()}</p>
<h1>${incident.title}</h1>
<p><span class="state">${incident.severity} · ${incident.status.replaceAll('_', ' ')}</span></p>
<h2>Impact and clocks</h2>
<table>${rows([
    ['System', incident.system],
    ['Chain', html`<code>${incident.chain}</code>`],
    [
      'Outflow since the attack began',
      incident.losses.map((loss) => Amount.format({ ...loss, units: BigInt(loss.units) }, 4)).join(', ') ||
        'nothing measured',
    ],
    ['Attack began', incident.beganAt ? `${incident.beganAt}, block ${incident.beganBlock}` : 'unknown'],
    ['Detected', incident.declaredAt],
    [
      'Contained',
      incident.containedAt ? `${incident.containedAt}, verified at block ${incident.containedBlock}` : 'not yet',
    ],
    ['Resolved', incident.resolvedAt ?? 'not yet'],
    [
      'Record',
      incident.intact
        ? 'the hash chain of the timeline and every exhibit hold'
        : 'BROKEN: an entry or an exhibit was changed',
    ],
  ])}</table>
<h2>What was seen</h2>
<table>${incident.findings.map(finding)}</table>
<h2>What was done</h2>
${incident.runs.map(run)}
<h2>Timeline</h2>
<table>${incident.timeline.map((entry) => html`<tr><th>${entry.at}</th><td>${entry.summary}<br><span class="note">${entry.actor} · ${entry.kind}</span> <code>${entry.hash.slice(0, 16)}</code></td></tr>`)}</table>
<h2>Evidence</h2>
<table>${incident.exhibits.map((exhibit) => html`<tr><th>${exhibit.title}</th><td>${exhibit.collectedAt}, ${exhibit.bytes} bytes<br><code>sha256 ${exhibit.sha256}</code></td></tr>`)}</table>
</body></html>`.toString()
}

function finding({
  severity,
  sentence,
  detector,
  detectorVersion,
  blockNumber,
  blockHash,
  transactionHash,
  confidence,
  values,
  retractedAt,
}: Schemas.Finding): Fragment {
  const facts = Object.entries(values).map(
    ([name, value]) => `${name} = ${typeof value === 'string' ? value : JSON.stringify(value)}`,
  )
  return html`<tr><th>${severity}</th><td>${sentence}${retractedAt ? ' (retracted: its block was replaced)' : ''}<br><span class="note">${detector} ${detectorVersion}, confidence ${Math.round(confidence * 100)} %, block ${blockNumber}</span><br><code>${blockHash}</code>${transactionHash ? html`<br><code>tx ${transactionHash}</code>` : ''}<br><code>${facts.join(' · ')}</code></td></tr>`
}

function run({ playbook, status, outcome, steps, transactions }: Schemas.Run): Fragment {
  return html`<p><strong>${playbook}</strong>: ${status.replaceAll('_', ' ')}${outcome ? `, ${outcome}` : ''}</p>
<table>${steps.filter((step) => step.status !== 'skipped' && step.status !== 'waiting').map((step) => html`<tr><th>${step.path} / ${step.name}</th><td>${step.status}${step.summary ? `: ${step.summary}` : ''}<br><span class="note">${step.startedAt ?? ''} – ${step.endedAt ?? ''}</span></td></tr>`)}
${transactions.map((sent) => html`<tr><th>transaction</th><td><code>${sent.hash}</code><br>${sent.status}${sent.blockNumber ? ` in block ${sent.blockNumber}` : ''}, nonce ${sent.nonce}</td></tr>`)}</table>`
}
