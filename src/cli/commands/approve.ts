import type { Address, TypedDataDefinition } from 'viem'
import type * as Schemas from '../../api/contract/Schemas.ts'
import { signDocument } from '../../response/signDocument.ts'
import * as Client from '../Client.ts'
import * as Output from '../Output.ts'

type Options = {
  readonly data: string
  readonly json: boolean
  readonly url?: string
  readonly address: Address
  readonly keystore?: string
  readonly passphraseEnv: string
  readonly keyEnv?: string
  readonly refuse: boolean
}

/** Shows what is to be signed, signs it with the person's own key, and hands the signature in. */
export async function approve(id: string, options: Options): Promise<void> {
  const client = Client.open(options.data, options.url)
  const approval = await client.get<Schemas.Approval>(`/api/approvals/${encodeURIComponent(id)}`)
  const decision = options.refuse ? 'refuse' : 'grant'
  if (!options.json) {
    Output.line(`${decision === 'grant' ? 'Granting' : 'Refusing'}: ${approval.action}`)
    Output.line(`  ${approval.functionName} on ${approval.target.id}, calldata ${approval.calldata}`)
    for (const effect of approval.simulation?.effects ?? []) Output.line(`  ${effect}`)
  }
  const reference = options.keyEnv
    ? { address: options.address, env: options.keyEnv }
    : { address: options.address, keystore: options.keystore ?? 'keystore.json', passphraseEnv: options.passphraseEnv }
  const signature = await signDocument(
    reference,
    (decision === 'grant' ? approval.typedData.grant : approval.typedData.refuse) as unknown as TypedDataDefinition,
  )
  const settled = await client.post<Schemas.ApprovalSummary>(`/api/approvals/${encodeURIComponent(id)}/decisions`, {
    decision,
    signature,
  })
  if (options.json) return Output.json(settled)
  Output.line(
    `Now ${settled.status}: ${settled.decisions.length} of ${settled.threshold} (${settled.decisions.map(({ person }) => person).join(', ')}).`,
  )
}
