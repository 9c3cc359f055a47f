import type { Finding, Incident } from '../../api/contract.ts'
import { count, group } from '../../api/format.ts'
import { Address, Hash } from '../../ui/Address.tsx'
import { Badge, Severity } from '../../ui/Badge.tsx'
import { Empty, Panel } from '../../ui/Panel.tsx'
import { Prose } from '../../ui/Prose.tsx'
import { useFirst } from '../../ui/useFirst.ts'
import { Values } from '../../ui/Values.tsx'
import { When } from '../../ui/When.tsx'

export function FindingsPanel({ incident }: { incident: Incident }) {
  return (
    <Panel title="Findings" count={incident.findings.length} flush>
      {incident.findings.length === 0 ? <Empty title="No findings." /> : <FindingList findings={incident.findings} />}
    </Panel>
  )
}

/** What detectors saw, each with where, by which rule, and the values behind it. */
export function FindingList({ findings }: { findings: readonly Finding[] }) {
  const { shown, more } = useFirst(findings, 20)
  return (
    <>
      <ul className="rows">
        {shown.map((finding) => (
          <li
            key={finding.id}
            className={finding.retractedAt ? 'row finding finding-retracted' : 'row finding'}
            data-testid="finding"
          >
            <Severity level={finding.severity} short />
            <div className="row-main">
              <p className="row-title">
                <Prose text={finding.sentence} />
              </p>
              <p className="row-meta">
                <span>
                  block {group(finding.blockNumber)}
                  {finding.stage === 'pending' && ' (pending)'}
                </span>
                {finding.transactionHash && <Hash value={finding.transactionHash} what="transaction" />}
                <span data-tip={`rule set ${finding.ruleSetVersion}\ndeployment ${finding.deploymentId}`}>
                  {finding.detector} {finding.detectorVersion}
                </span>
                <span>confidence {Math.round(finding.confidence * 100)} %</span>
                <When at={finding.foundAt} />
                {finding.isError && <Badge tone="amber">could not be judged</Badge>}
                {finding.retractedAt && (
                  <Badge tone="amber" data-tip="Its block was replaced by a reorganisation.">
                    retracted
                  </Badge>
                )}
              </p>
              <details className="row-details">
                <summary>Values and evidence</summary>
                <dl className="parties">
                  <div>
                    <dt>Subject</dt>
                    <dd>
                      <Address {...finding.subject} />
                    </dd>
                  </div>
                  {finding.actors.length > 0 && (
                    <div>
                      <dt>Actors</dt>
                      <dd>
                        {finding.actors.map((actor) => (
                          <Address key={actor.id} {...actor} />
                        ))}
                      </dd>
                    </div>
                  )}
                </dl>
                <Values values={{ ...finding.values, blockHash: finding.blockHash }} />
              </details>
            </div>
          </li>
        ))}
      </ul>
      {more && (
        <button type="button" className="more-rows more-below" onClick={more.show}>
          {count(more.count, 'more finding')}
        </button>
      )}
    </>
  )
}
