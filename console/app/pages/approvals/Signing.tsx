import { useMutation } from '@tanstack/react-query'
import { ProblemNotice } from '../../api/Answer.tsx'
import { decideApproval } from '../../api/actions.ts'
import { ApiError } from '../../api/client.ts'
import type { Approval } from '../../api/contract.ts'
import { Address } from '../../ui/Address.tsx'
import { Button } from '../../ui/Button.tsx'
import { useClock } from '../../ui/clock.ts'
import { Notice } from '../../ui/Panel.tsx'
import { toast } from '../../ui/toasts.ts'
import { Countdown } from '../../ui/When.tsx'
import { useWallet } from './useWallet.ts'
import { explain, sign, type Wallet } from './wallet.ts'

/** The one action of the screen. The wallet's own question is the confirmation: it shows the same hash on its own display. */
export function Signing({ approval }: { approval: Approval }) {
  const { wallet, account, isConnecting, problem, connect } = useWallet()
  const isExpired = useClock((now) => Date.parse(approval.expiresAt) <= now)
  if (approval.status !== 'waiting') return null
  if (isExpired)
    return (
      <Notice tone="grey" title="This request has expired.">
        The playbook goes on without it: see the incident.
      </Notice>
    )
  if (!wallet) return <NoWallet />
  if (account === null)
    return (
      <>
        {problem && (
          <Notice tone="red" title={problem.title} alert>
            {problem.advice}
          </Notice>
        )}
        <Button
          kind="primary"
          size="large"
          icon="wallet"
          className="sign-button"
          busy={isConnecting}
          onClick={() => void connect()}
          data-testid="connect-wallet"
        >
          Connect wallet
        </Button>
        <p className="sign-note muted small">
          Nothing is signed yet. Expires in <Countdown at={approval.expiresAt} />.
        </p>
      </>
    )
  return <Connected approval={approval} wallet={wallet} account={account} />
}

function Connected({ approval, wallet, account }: { approval: Approval; wallet: Wallet; account: string }) {
  const decide = useMutation({
    mutationFn: async (decision: 'grant' | 'refuse') => {
      const document = approval.typedData[decision]
      if (document) await decideApproval(approval.id, decision, await sign(wallet, account, document))
    },
  })
  const isMine = (each: { address: string }) => each.address.toLowerCase() === account.toLowerCase()
  const decided = approval.decisions.find(isMine)
  const candidate = approval.candidates.find(isMine)
  if (decided)
    return (
      <Notice tone="green" title={decided.decision === 'grant' ? 'You have signed.' : 'You have refused.'}>
        Waiting for the others. This page follows by itself.
      </Notice>
    )
  if (!candidate)
    return (
      <Notice tone="amber" title="This account may not sign here.">
        <p>
          Connected: <Address id={account} />
        </p>
        <p>
          May sign:{' '}
          {approval.candidates.length > 0
            ? approval.candidates.map((each) => each.name).join(', ')
            : 'nobody who has not yet'}
          . Switch the account in your wallet and this page follows.
        </p>
      </Notice>
    )
  return (
    <>
      {decide.error && <Failure error={decide.error} />}
      <p className="sign-summary">
        {candidate.name}, you allow <strong>{approval.functionName}</strong> on{' '}
        <strong>{approval.target.label ?? 'the contract above'}</strong>, once. Expires in{' '}
        <Countdown at={approval.expiresAt} />.
      </p>
      <div className="sign-buttons">
        <Button
          kind="primary"
          size="large"
          icon="approval"
          className="sign-button"
          busy={decide.isPending && decide.variables === 'grant'}
          disabled={decide.isPending && decide.variables === 'refuse'}
          onClick={() => decide.mutate('grant')}
          data-testid="sign"
        >
          {decide.isPending && decide.variables === 'grant' ? 'Confirm in your wallet' : 'Sign'}
        </Button>
        {approval.typedData.refuse && (
          <Button
            size="large"
            busy={decide.isPending && decide.variables === 'refuse'}
            disabled={decide.isPending && decide.variables === 'grant'}
            onClick={() => decide.mutate('refuse')}
            data-testid="refuse"
          >
            Refuse
          </Button>
        )}
      </div>
    </>
  )
}

/** The server's refusal in its words, the wallet's in ours. */
function Failure({ error }: { error: Error }) {
  if (error instanceof ApiError) return <ProblemNotice error={error} />
  const { title, advice } = explain(error)
  return (
    <Notice tone="red" title={title} alert>
      {advice}
    </Notice>
  )
}

function NoWallet() {
  return (
    <Notice tone="amber" title="This browser has no wallet.">
      <p>Open the same link in your wallet’s own browser, or in one where your wallet is an extension.</p>
      <p>
        <Button
          size="small"
          icon="copy"
          onClick={() =>
            void navigator.clipboard
              ?.writeText(location.href)
              .then(() => toast('Link copied. It holds no token: have that ready too.'))
          }
        >
          Copy link
        </Button>
      </p>
    </Notice>
  )
}
