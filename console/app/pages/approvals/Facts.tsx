import type { Approval } from '../../api/contract.ts'
import { group } from '../../api/format.ts'
import { Address, Digits } from '../../ui/Address.tsx'
import { Copy } from '../../ui/Copy.tsx'
import { Icon } from '../../ui/Icon.tsx'
import { Panel } from '../../ui/Panel.tsx'
import { Prose } from '../../ui/Prose.tsx'
import { Quantity } from '../../ui/Quantity.tsx'
import { plain } from '../../ui/Values.tsx'

/** Exactly what the signature allows: contract, function, arguments, value. */
export function WhatYouSign({ approval }: { approval: Approval }) {
  const { target, functionName, value } = approval
  return (
    <Panel title="What you sign">
      <dl className="facts">
        <div>
          <dt>Contract</dt>
          <dd>
            <Address {...target} whole />
          </dd>
        </div>
        <div>
          <dt>Function</dt>
          <dd>
            <code className="call">
              {functionName.includes('(')
                ? functionName
                : `${functionName}(${approval.arguments.map((each) => each.type).join(', ')})`}
            </code>
          </dd>
        </div>
        {approval.arguments.map((argument, index) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: arguments have places, not always names
          <div key={`${argument.name}-${index}`}>
            <dt>{argument.name || `argument ${index + 1}`}</dt>
            <dd>
              {argument.type === 'address' ? (
                <Address id={plain(argument.value)} whole />
              ) : (
                <code>{plain(argument.value)}</code>
              )}
            </dd>
          </div>
        ))}
        <Document document={approval.typedData.grant} />
        <div>
          <dt>Value sent</dt>
          <dd>
            <Quantity {...value} />
          </dd>
        </div>
      </dl>
      <details className="calldata">
        <summary>Call data, {group((approval.calldata.length - 2) / 2)} bytes</summary>
        <p>
          <Digits value={approval.calldata} />
          <Copy text={approval.calldata} what="call data" />
        </p>
      </details>
    </Panel>
  )
}

/** What kind of document the wallet shows, and whom it binds: a Safe signs its own. */
function Document({ document }: { document: Record<string, unknown> }) {
  const { chainId, verifyingContract } = (document.domain ?? {}) as { chainId?: unknown; verifyingContract?: unknown }
  return (
    <div>
      <dt>Document</dt>
      <dd>
        {plain(document.primaryType)}
        {chainId !== undefined && ` on chain ${plain(chainId)}`}
        {verifyingContract !== undefined && (
          <>
            {' '}
            for <Address id={plain(verifyingContract)} whole />
          </>
        )}
      </dd>
    </div>
  )
}

/** What the dry run on the present state showed. */
export function WhatItDoes({ approval: { simulation } }: { approval: Approval }) {
  if (!simulation)
    return (
      <Panel title="What it does">
        <p className="verdict ink-amber">
          <Icon name="incident" /> No dry run was made. Nobody knows yet whether this works.
        </p>
      </Panel>
    )
  return (
    <Panel title="What it does" count={`dry run at block ${group(simulation.block)}`}>
      <ul className="verdicts">
        {simulation.stopsAttack !== null && (
          <li className={`verdict ${simulation.stopsAttack ? 'ink-green' : 'ink-red'}`} data-testid="stops-attack">
            <Icon name={simulation.stopsAttack ? 'shield' : 'cross'} />
            {simulation.stopsAttack
              ? 'Stops the attack: replayed afterwards, it fails.'
              : 'Does not stop the attack: replayed afterwards, it still works.'}
          </li>
        )}
        <li className={`verdict ${simulation.succeeded ? 'ink-green' : 'ink-red'}`}>
          <Icon name={simulation.succeeded ? 'check' : 'cross'} />
          {simulation.succeeded ? `The call succeeds, with ${group(simulation.gasUsed)} gas.` : 'The call fails.'}
        </li>
      </ul>
      <ul className="effects">
        {simulation.effects.map((effect) => (
          <li key={effect}>
            <span>
              <Prose text={effect} />
            </span>
          </li>
        ))}
      </ul>
    </Panel>
  )
}

/** The hash a hardware wallet shows. What the device shows is what is signed; this screen may lie, the device does not. */
export function Compare({ approval }: { approval: Approval }) {
  return (
    <Panel title="Compare on your device">
      <p className="muted small">Your wallet shows this hash before it signs. If one character differs, do not sign.</p>
      <p className="compare" data-testid="typed-data-hash">
        <Digits value={approval.typedDataHash} />
        <Copy text={approval.typedDataHash} what="hash" />
      </p>
    </Panel>
  )
}
