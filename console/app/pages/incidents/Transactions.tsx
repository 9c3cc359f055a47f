import type { Run, SentTransaction } from '../../api/contract.ts'
import { group } from '../../api/format.ts'
import { Address, Hash } from '../../ui/Address.tsx'
import { When } from '../../ui/When.tsx'
import './transactions.css'

const stages = ['signed', 'broadcast', 'included', 'verified'] as const

/** What was sent to the chain, and how far each came: signed → broadcast → included → verified. */
export function Transactions({ run }: { run: Run }) {
  if (run.transactions.length === 0) return null
  return (
    <ul className="transactions" aria-label="Transactions">
      {run.transactions.map((transaction) => {
        const reached = reachedBy(transaction, run)
        return (
          <li key={transaction.hash} className="transaction" data-testid="transaction" data-status={transaction.status}>
            <span className="transaction-what">
              <Hash value={transaction.hash} what="transaction" />
              <span className="muted">to</span>
              <Address id={transaction.to.id} label={transaction.to.label} />
            </span>
            <ol className="stages">
              {stages.map((stage, index) => (
                <li
                  key={stage}
                  className={index <= reached ? 'stage stage-reached' : 'stage'}
                  aria-current={index === reached ? 'step' : undefined}
                >
                  {stage === 'included' && transaction.blockNumber
                    ? `included in ${group(transaction.blockNumber)}`
                    : stage}
                </li>
              ))}
            </ol>
            {(transaction.status === 'failed' || transaction.status === 'replaced') && (
              <strong className="ink-red">
                {transaction.status === 'failed' ? 'reverted on chain' : 'replaced by another'}
              </strong>
            )}
            <span className="muted small">
              nonce {transaction.nonce} · <When at={transaction.signedAt} />
            </span>
          </li>
        )
      })}
    </ul>
  )
}

function reachedBy(transaction: SentTransaction, run: Run): number {
  if (transaction.status === 'signed' || transaction.status === 'replaced') return 0
  if (transaction.status === 'broadcast') return 1
  const verified = transaction.status === 'included' && run.status === 'succeeded'
  return verified ? 3 : 2
}
