import { createInterface } from 'node:readline/promises'
import type { Address } from 'viem'
import type * as Schemas from '../../api/contract/Schemas.ts'
import * as Errors from '../../base/Errors.ts'
import { signDocument } from '../../response/signDocument.ts'
import * as Client from '../Client.ts'
import * as Output from '../Output.ts'
import * as Signable from '../Signable.ts'

type Options = {
  readonly data: string
  readonly json: boolean
  readonly url?: string
  readonly address: Address
  readonly keystore?: string
  readonly passphraseEnv: string
  readonly keyEnv?: string
  readonly refuse: boolean
  readonly yes: boolean
}

/**
 * Shows what is to be signed, asks, signs it with the person's own key, and hands the signature in. What is signed is made
 * here from what is shown; a server that sent another document gets no signature.
 */
export async function approve(id: string, options: Options): Promise<void> {
  const client = Client.open(options.data, options.url)
  const approval = await client.get<Schemas.Approval>(`/api/approvals/${encodeURIComponent(id)}`)
  const decision = options.refuse ? 'refuse' : 'grant'
  const { document, lines } = Signable.of(approval, decision)
  // With --json too: nobody signs what was not shown.
  const say = (text: string) => process[options.json ? 'stderr' : 'stdout'].write(`${text}\n`)
  say(`${decision === 'grant' ? 'Granting' : 'Refusing'}: ${approval.action}`)
  for (const line of lines) say(line)
  for (const effect of approval.simulation?.effects ?? []) say(`The server says: ${effect}`)
  if (!options.yes) await confirm(decision)
  const reference = options.keyEnv
    ? { address: options.address, env: options.keyEnv }
    : { address: options.address, keystore: options.keystore ?? 'keystore.json', passphraseEnv: options.passphraseEnv }
  const signature = await signDocument(reference, document)
  const settled = await client.post<Schemas.ApprovalSummary>(`/api/approvals/${encodeURIComponent(id)}/decisions`, {
    decision,
    signature,
  })
  if (options.json) return Output.json(settled)
  Output.line(
    `Now ${settled.status}: ${settled.decisions.length} of ${settled.threshold} (${settled.decisions.map(({ person }) => person).join(', ')}).`,
  )
}

/** Throws unless a person at a terminal says yes. */
async function confirm(decision: 'grant' | 'refuse'): Promise<void> {
  if (!process.stdin.isTTY) throw new UnconfirmedError('Nobody is at a terminal to confirm it')
  const terminal = createInterface({ input: process.stdin, output: process.stderr })
  const answer = await terminal.question(`Type yes to sign and ${decision}: `).finally(() => terminal.close())
  if (answer.trim().toLowerCase() !== 'yes') throw new UnconfirmedError('It was not confirmed')
}

export class UnconfirmedError extends Errors.BaseError {
  override readonly name = 'approve.UnconfirmedError'
  constructor(why: string) {
    super(`${why}: nothing was signed.`, {
      remedy: 'operator',
      advice: 'Run it in a terminal and type yes, or add --yes once you have read what it shows.',
    })
  }
}
