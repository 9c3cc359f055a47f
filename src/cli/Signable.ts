/**
 * What a person may be asked to sign. The document is made anew from what is shown, by rules that are here and not at the
 * server; one that the server made otherwise is refused, so that a server that lies gets no signature over something else.
 */
import {
  type AbiFunction,
  type Address,
  decodeFunctionData,
  getAddress,
  type Hex,
  hashTypedData,
  isAddressEqual,
  isHex,
  parseAbiItem,
  type TypedDataDefinition,
} from 'viem'
import type * as Schemas from '../api/contract/Schemas.ts'
import * as Errors from '../base/Errors.ts'
import * as Json from '../base/Json.ts'
import * as Caip from '../chain/Caip.ts'
import * as Action from '../playbook/Action.ts'
import * as Approval from '../playbook/Approval.ts'
import * as SafeTx from '../response/SafeTx.ts'

export type Signable = {
  /** Made here, from what is shown. This is what is signed, and nothing that the server sent. */
  readonly document: TypedDataDefinition
  /** What is signed, line by line, for the person who signs. */
  readonly lines: readonly string[]
}

/**
 * The document for a decision on an approval. Throws a `MismatchError` unless what the server would have signed is, to the
 * bit, either a Firebreak `Approval` over the call shown or a `SafeTx` that makes the call shown and nothing else.
 */
export function of(approval: Schemas.Approval, decision: 'grant' | 'refuse'): Signable {
  const given = approval.typedData[decision] as unknown as Given | null
  if (!given) throw new MismatchError('there is no document to sign')
  const shown = read(approval)
  const made =
    given.primaryType === 'SafeTx' && decision === 'grant'
      ? safeTransaction(given, shown)
      : given.primaryType === 'Approval'
        ? ownDocument(given, approval, shown, decision)
        : undefined
  if (!made) throw new MismatchError(`it is a ${String(given.primaryType)}, which is not what a ${decision} signs`)
  differences(given, made.document)
  return { document: made.document, lines: [...describe(approval, shown), ...made.lines] }
}

type Given = {
  readonly primaryType: unknown
  readonly domain?: Readonly<Record<string, unknown>>
  readonly message?: Readonly<Record<string, unknown>>
}
type Shown = Omit<Action.Call, 'from'> & {
  readonly chain: Caip.ChainKey
  readonly from: Address | undefined
  readonly signature: string
  readonly args: readonly unknown[]
}

/** The call as the server shows it, and as its calldata says. */
function read(approval: Schemas.Approval): Shown {
  const chain = approval.chain as Caip.ChainKey
  if (!/^eip155:\d+@0x[0-9a-f]{64}$/.test(chain)) throw new MismatchError('its chain is not named as a chain')
  const on = (id: string, what: string) => {
    const [namespace, reference, address = ''] = id.split(':')
    if (`${namespace}:${reference}` !== Caip.chainId(chain)) throw new MismatchError(`${what} is on another chain`)
    return getAddress(address)
  }
  const data = approval.calldata as Hex
  if (!isHex(data)) throw new MismatchError('its calldata is not hexadecimal')
  let args: readonly unknown[]
  try {
    const item = parseAbiItem(`function ${approval.functionName}`) as AbiFunction
    args = decodeFunctionData({ abi: [item], data }).args ?? []
  } catch {
    throw new MismatchError(`its calldata is no call of ${approval.functionName}`)
  }
  return {
    chain,
    from: approval.caller ? on(approval.caller.id, 'the caller') : undefined,
    to: on(approval.target.id, 'the target'),
    data,
    value: BigInt(approval.value.units),
    signature: approval.functionName,
    args,
  }
}

function ownDocument(
  { message = {} }: Given,
  approval: Schemas.Approval,
  { chain, from, ...call }: Shown,
  decision: 'grant' | 'refuse',
): Signable {
  if (!from) throw new MismatchError('the server does not say which account would act')
  const actionHash = Action.hash(chain, { ...call, from })
  if (actionHash !== approval.actionHash) throw new MismatchError('its action hash is that of another call')
  const action = String(message.action)
  const scope = {
    deployment: String(message.deployment),
    incident: approval.incidentId,
    run: approval.runId,
    path: approval.path,
    action,
    actionHash,
    expiresAt: new Date(approval.expiresAt),
  }
  return {
    document: Approval.document(chain, scope, decision),
    lines: [
      `Signed: Firebreak Approval, decision ${decision}, until ${approval.expiresAt}`,
      `  text         ${Json.clean(action)}`,
      `  action hash  ${actionHash}`,
    ],
  }
}

function safeTransaction({ domain = {}, message = {} }: Given, { chain, from, to, data, value }: Shown): Signable {
  const safe = domain.verifyingContract as Address
  if (!from || !isAddressEqual(from, safe)) throw new MismatchError('the Safe that would act is not the one shown')
  const nonce = BigInt(message.nonce as string)
  return {
    document: SafeTx.document({ chainId: Caip.reference(chain), safe: from, to, value, data, nonce }),
    lines: [
      `Signed: SafeTx of the Safe ${from}, nonce ${nonce}, a plain call without refund`,
      `  It does not expire: it holds until the Safe has used nonce ${nonce}.`,
    ],
  }
}

/** Names what differs; the hash decides in the end. */
function differences(given: Given, made: TypedDataDefinition): void {
  for (const part of ['domain', 'message'] as const) {
    const theirs = given[part] ?? {}
    const ours = (made[part] ?? {}) as Readonly<Record<string, unknown>>
    for (const field of new Set([...Object.keys(theirs), ...Object.keys(ours)]))
      if (String(theirs[field]).toLowerCase() !== String(ours[field]).toLowerCase())
        throw new MismatchError(`${part}.${field} is ${String(theirs[field])} and should be ${String(ours[field])}`)
  }
  let hash: Hex | undefined
  try {
    hash = hashTypedData(given as unknown as TypedDataDefinition)
  } catch {
    // Told below.
  }
  if (hash !== hashTypedData(made)) throw new MismatchError('its types are not those of such a document')
}

function describe(
  approval: Schemas.Approval,
  { chain, from, to, data, value, signature, args }: Shown,
): readonly string[] {
  return [
    `  chain        ${chain}`,
    `  caller       ${from ?? 'not told'}`,
    `  target       ${to}${approval.target.label ? ` (${approval.target.label})` : ''}`,
    `  call         ${signature}`,
    ...args.map((value, index) => `    argument ${index + 1} ${Json.stringify(Json.plain(value))}`),
    `  value        ${value} wei`,
    `  calldata     ${data}`,
  ]
}

export class MismatchError extends Errors.BaseError {
  override readonly name = 'Signable.MismatchError'
  constructor(what: string) {
    super(`The document to sign is not what is shown: ${what}. Nothing was signed.`, {
      remedy: 'operator',
      advice: 'Do not sign it elsewhere either. Ask the keeper of the server, over another way than this server.',
    })
  }
}
