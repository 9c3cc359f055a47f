import {
  type Address,
  encodeFunctionData,
  getAddress,
  hashTypedData,
  parseAbi,
  type TypedDataDefinition,
  zeroAddress,
} from 'viem'
import { expect, test } from 'vitest'
import type * as Schemas from '../api/contract/Schemas.ts'
import * as Present from '../api/Present.ts'
import type * as Json from '../base/Json.ts'
import * as Action from '../playbook/Action.ts'
import * as Approval from '../playbook/Approval.ts'
import * as Signable from './Signable.ts'

const chain = `eip155:31337@0x${'ab'.repeat(32)}` as const
const account = (digit: string) => getAddress(`0x${digit.repeat(40)}`)
const [vault, caller, eve] = ['1', '2', '3'].map(account) as [Address, Address, Address]
const abi = parseAbi(['function setLimit(address who, uint256 limit)', 'function pause()'])
const call = {
  from: caller,
  to: vault,
  data: encodeFunctionData({ abi, functionName: 'setLimit', args: [eve, 5n] }),
  value: 0n,
}
const expiresAt = '2026-01-01T00:00:10.500Z'
const scope = {
  ...{ deployment: 'd', incident: 'INC-2026-0001', run: 'run_1', path: 'guardian', action: 'Limit Eve' },
  actionHash: Action.hash(chain, call),
  expiresAt: new Date(expiresAt),
}
const own = (decision: 'grant' | 'refuse', over: object = {}) =>
  Present.typedData(Approval.document(chain, { ...scope, ...over }, decision))

const safeTx = (over: { message?: object; domain?: object; fields?: readonly string[] } = {}) => {
  const types: Record<string, string> = { to: 'address', value: 'uint256', data: 'bytes', operation: 'uint8' }
  for (const name of ['safeTxGas', 'baseGas', 'gasPrice']) types[name] = 'uint256'
  for (const name of ['gasToken', 'refundReceiver']) types[name] = 'address'
  types.nonce = 'uint256'
  const message = {
    ...{ to: vault, value: 0n, data: call.data, operation: 0, safeTxGas: 0n, baseGas: 0n, gasPrice: 0n },
    ...{ gasToken: zeroAddress, refundReceiver: zeroAddress, nonce: 7n },
    ...over.message,
  }
  const fields = over.fields ?? Object.keys(types)
  return Present.typedData({
    domain: { chainId: 31_337, verifyingContract: caller, ...over.domain },
    primaryType: 'SafeTx',
    types: { SafeTx: fields.map((name) => ({ name, type: types[name] ?? 'uint256' })) },
    message,
  } as TypedDataDefinition)
}

/** An approval as the API shows it. */
function approval(over: Partial<Schemas.Approval> = {}): Schemas.Approval {
  return {
    ...{ id: 'approval_1', incidentId: scope.incident, runId: scope.run, path: scope.path, action: 'Limit Eve' },
    ...{ role: 'signer', threshold: 1, status: 'waiting', requestedAt: expiresAt, expiresAt, decisions: [] },
    ...{ candidates: [], incident: {} as Schemas.IncidentSummary, chain, functionName: 'setLimit(address,uint256)' },
    ...{ caller: { id: `eip155:31337:${caller}` }, target: { id: `eip155:31337:${vault}` }, arguments: [] },
    ...{ calldata: call.data, value: { units: '0', decimals: 18, symbol: 'ETH' }, actionHash: scope.actionHash },
    ...{ typedData: { grant: own('grant'), refuse: own('refuse') }, typedDataHash: '', simulation: null },
    ...over,
  } as Schemas.Approval
}
const withSafe = (grant: Record<string, Json.Json> | Record<string, unknown>, over: Partial<Schemas.Approval> = {}) =>
  approval({ typedData: { grant, refuse: own('refuse') }, ...over })

test('what is signed is made from what is shown, and is what the server will check', () => {
  for (const decision of ['grant', 'refuse'] as const) {
    const { document } = Signable.of(approval(), decision)
    expect(hashTypedData(document)).toBe(Approval.documentHash(Approval.document(chain, scope, decision)))
  }
  const granted = Signable.of(withSafe(safeTx()), 'grant')
  expect(hashTypedData(granted.document)).toBe(hashTypedData(safeTx() as unknown as TypedDataDefinition))
  expect(granted.lines).toMatchInlineSnapshot(`
    [
      "  chain        eip155:31337@0xabababababababababababababababababababababababababababababababab",
      "  caller       0x2222222222222222222222222222222222222222",
      "  target       0x1111111111111111111111111111111111111111",
      "  call         setLimit(address,uint256)",
      "    argument 1 "0x3333333333333333333333333333333333333333"",
      "    argument 2 "5"",
      "  value        0 wei",
      "  calldata     0x36db43b500000000000000000000000033333333333333333333333333333333333333330000000000000000000000000000000000000000000000000000000000000005",
      "Signed: SafeTx of the Safe 0x2222222222222222222222222222222222222222, nonce 7, a plain call without refund",
      "  It does not expire: it holds until the Safe has used nonce 7.",
    ]
  `)
  expect(Signable.of(approval(), 'grant').lines.slice(-3)).toMatchInlineSnapshot(`
    [
      "Signed: Firebreak Approval, decision grant, until 2026-01-01T00:00:10.500Z",
      "  text         Limit Eve",
      "  action hash  0xa3d8e78a19d93184ce4d564d25d30506337870e93af0914c7f6f88d6f3c37a4f",
    ]
  `)
})

test('an approval of another call, chain or decision than the one shown is not signed', () => {
  const refused: readonly [why: string, forged: Schemas.Approval, decision?: 'refuse'][] = [
    ['action hash is that of another call', approval({ target: { id: `eip155:31337:${eve}` } })],
    ['action hash is that of another call', approval({ caller: { id: `eip155:31337:${eve}` } })],
    ['action hash is that of another call', approval({ value: { units: '1', decimals: 18, symbol: 'ETH' } })],
    [
      'action hash is that of another call',
      approval({ calldata: encodeFunctionData({ abi, functionName: 'setLimit', args: [eve, 6n] }) }),
    ],
    ['action hash is that of another call', approval({ chain: `eip155:31337@0x${'cd'.repeat(32)}` })],
    ['is on another chain', approval({ chain: chain.replace('31337', '1') })],
    ['is no call of pause()', approval({ functionName: 'pause()' })],
    ['does not say which account', approval({ caller: null })],
    [
      'message.actionHash',
      approval({ typedData: { grant: own('grant', { actionHash: `0x${'00'.repeat(32)}` }), refuse: null } }),
    ],
    ['message.decision is grant', approval({ typedData: { grant: own('grant'), refuse: own('grant') } }), 'refuse'],
    ['message.incident', approval({ incidentId: 'INC-2026-0002' })],
    ['message.expiresAt', approval({ expiresAt: '2027-01-01T00:00:00.000Z' })],
    ['no document', approval({ typedData: { grant: own('grant'), refuse: null } }), 'refuse'],
    [
      'domain.verifyingContract',
      withSafe({
        ...own('grant'),
        domain: { name: 'Firebreak', version: '1', chainId: 31_337, verifyingContract: eve },
      }),
    ],
    ['its types', withSafe({ ...own('grant'), types: { Approval: [{ name: 'decision', type: 'string' }] } })],
  ]
  for (const [why, forged, decision = 'grant'] of refused) {
    expect(() => Signable.of(forged, decision), why).toThrow(Signable.MismatchError)
    expect(() => Signable.of(forged, decision)).toThrow(why)
  }
})

test('a transaction of a Safe that does more than the call shown, or another document altogether, is not signed', () => {
  const refused: readonly [why: string, forged: Schemas.Approval, decision?: 'refuse'][] = [
    ['message.to', withSafe(safeTx({ message: { to: eve } }))],
    ['message.data', withSafe(safeTx({ message: { data: '0x8456cb59' } }))],
    ['message.value', withSafe(safeTx({ message: { value: 1n } }))],
    ['message.operation', withSafe(safeTx({ message: { operation: 1 } }))],
    ...['safeTxGas', 'baseGas', 'gasPrice'].map(
      (field) => [`message.${field}`, withSafe(safeTx({ message: { [field]: 1n } }))] as [string, Schemas.Approval],
    ),
    ['message.gasToken', withSafe(safeTx({ message: { gasToken: eve } }))],
    ['message.refundReceiver', withSafe(safeTx({ message: { refundReceiver: eve } }))],
    ['Safe that would act', withSafe(safeTx({ domain: { verifyingContract: eve } }))],
    ['Safe that would act', withSafe(safeTx(), { caller: null })],
    ['domain.chainId', withSafe(safeTx({ domain: { chainId: 1 } }))],
    ['its types', withSafe(safeTx({ fields: ['to', 'value'] }))],
    ['message.extra', withSafe(safeTx({ message: { extra: 1n } }))],
    // A refusal that would be a grant.
    ['it is a SafeTx', approval({ typedData: { grant: safeTx(), refuse: safeTx() } }), 'refuse'],
    ['it is a Permit', withSafe({ ...safeTx(), primaryType: 'Permit' })],
  ]
  for (const [why, forged, decision = 'grant'] of refused) {
    expect(() => Signable.of(forged, decision), why).toThrow(Signable.MismatchError)
    expect(() => Signable.of(forged, decision)).toThrow(why)
  }
})
