import { type Abi, type Address, type ContractFunctionName, type ContractFunctionReturnType, zeroAddress } from 'viem'
import * as Json from '../../base/Json.ts'
import * as Detector from '../Detector.ts'
import type * as Finding from '../Finding.ts'
import { read } from '../inputs/read.ts'
import * as Account from './Account.ts'

/** One view whose answer is looked at, as viem names it. */
export type View = {
  readonly address: Address
  readonly abi: Abi
  readonly functionName: string
  readonly args?: readonly unknown[] | undefined
}

export type Views = Readonly<Record<string, View>>

/** The decoded answers, by the names given to the views. */
export type Answers<views extends Views> = {
  readonly [name in keyof views]: Answer<views[name]['abi'], views[name]['functionName']>
}

type Answer<abi extends Abi, functionName extends string> = ContractFunctionReturnType<
  abi,
  'view' | 'pure',
  Extract<functionName, ContractFunctionName<abi, 'view' | 'pure'>>
>

export type Options<views extends Views> = {
  readonly name?: string | undefined
  readonly chain: string
  readonly system: string
  /** The protected contract; the first view's if left out. */
  readonly subject?: Address | undefined
  readonly reads: views
  /**
   * What must be true at the end of every block. It depends on the answers alone: its source text is part of the
   * rule-set version, what it closes over is not.
   */
  readonly holds: (answers: Answers<views>) => boolean
  /** A sentence for the night: what no longer holds, with the answers. */
  readonly describe?: ((answers: Answers<views>) => string) | undefined
  readonly severity: Finding.Severity
  /** How many blocks in a row it must be broken before it is told. 1 */
  readonly after?: number | undefined
}

/** Blocks in a row in which it was broken, up to `after`, and the first of them; `null` while it holds. */
type State = { readonly since: bigint; readonly blocks: number } | null

/**
 * Recognises that something which must always be true of a contract's views no longer is.
 *
 * It works whatever the cause: an exploit that nobody thought of still breaks the books (a vault that owes more than it
 * holds, a share price that falls, an owner that is another). It looks at the end of blocks, so that what is broken and
 * mended within a transaction stays quiet, and tells once when it breaks, not again until it has held in between.
 * `after` is its counter-evidence, for a number that may be wrong for a block or two, such as one fed by an oracle.
 *
 * @example
 * brokenInvariant({
 *   chain: 'mainnet', system: 'vault', severity: 'P1',
 *   reads: { owed: { address: vault, abi, functionName: 'totalAssets' }, held: { address: vault, abi, functionName: 'cash' } },
 *   holds: ({ owed, held }) => held * 10n >= owed,
 * })
 */
export function brokenInvariant<const views extends Views>(options: Options<views>) {
  const { chain, system, reads, holds, describe, severity, after = 1 } = options
  const views = Object.entries(reads)
  const name = options.name ?? `brokenInvariant:${system}`
  const subject = options.subject ?? views[0]?.[1].address ?? zeroAddress
  return Detector.define({
    name,
    version: '1.0.0',
    chain,
    system,
    inputs: Object.fromEntries(
      views.map(([key, { address, abi, functionName, args = [] }]) => [
        key,
        read({ address, abi: abi as Abi, functionName, args }),
      ]),
    ),
    initial: null as State,
    parameters: Json.encode({
      reads: views.map(([key, { address, abi, functionName, args = [] }]) => ({
        key,
        address,
        view: abi.filter((item) => item.type === 'function' && item.name === functionName),
        args,
      })),
      holds: holds.toString(),
      ...{ severity, after, subject },
    }) as Json.Json,
    evaluate: ({ block, state }) => {
      const answers = block.inputs as Answers<views>
      if (holds(answers)) return { state: null, findings: [] }
      const { since, blocks } = state ?? { since: block.number, blocks: 0 }
      if (blocks >= after) return { state, findings: [] }
      const next = { since, blocks: blocks + 1 }
      if (next.blocks < after) return { state: next, findings: [] }
      const finding: Finding.Draft = {
        key: 'broken',
        severity,
        confidence: 1,
        sentence:
          describe?.(answers) ??
          `What must always hold of contract ${Account.brief(subject)} no longer does: ${views.map(([key]) => `${key} is ${show(answers[key])}`).join(', ')}.`,
        subject,
        values: { since, answers: Json.decode(Json.encode(answers)) },
      }
      return { state: next, findings: [finding] }
    },
  })
}

function show(answer: unknown): string {
  return typeof answer === 'object' ? Json.stringify(Json.plain(answer)) : String(answer)
}
