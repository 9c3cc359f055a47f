import type { Abi, Address } from 'viem'
import * as Json from '../../base/Json.ts'
import * as Detector from '../Detector.ts'
import type * as Finding from '../Finding.ts'
import { calls, type DecodedCall } from '../inputs/calls.ts'
import * as Account from './Account.ts'
import * as Ledger from './Ledger.ts'

export type Options = {
  readonly name?: string | undefined
  readonly chain: string
  readonly system: string
  /** The protected contract, or several; for a proxy its own address, that of its code may be added. */
  readonly contract: Address | readonly Address[]
  /** The ABI of the functions that are not for everybody. */
  readonly functions: Abi
  /** Who may call them. */
  readonly allowed: readonly Address[]
  /** Of a call that succeeded. P1 */
  readonly severity?: 'P1' | 'P2' | undefined
}

/** Failed attempts by caller. */
type State = { readonly attempts: Ledger.Ledger }
type Call = DecodedCall<Abi>

/** Whoever probes from more addresses than this is told by the findings themselves. */
const mostCallers = 64

/**
 * Recognises that a privileged function is called by someone who is not meant to.
 *
 * It works because access control is checked against the caller, and traces show the caller of every call, also deep
 * inside a transaction, where events need not tell of it. A call that succeeded is P1 (or `severity`); attempts that
 * failed are P4, because finding no open door is how an attack is prepared; a waiting transaction is P3, since it may
 * still fail. Quiet for those `allowed`, for foreign contracts that merely run the code (a delegatecall into their own
 * storage), and for reading. A call that a proxy hands on to its code counts once.
 */
export function strangerCall(options: Options) {
  const { chain, system, functions, severity = 'P1' } = options
  const contracts = [options.contract].flat()
  const own = Account.set(contracts)
  const allowed = Account.set(options.allowed)

  return Detector.define({
    name: options.name ?? `strangerCall:${system}`,
    version: '1.0.0',
    chain,
    system,
    inputs: { calls: calls({ address: contracts, functions }) },
    initial: { attempts: [] } as State,
    parameters: Json.encode({ contracts, functions, allowed: options.allowed, severity }) as Json.Json,
    evaluate: ({ block, state }) => {
      const senders = new Map(block.transactions.map(({ hash, from }) => [hash, from]))
      const strangers = once((block.inputs.calls as readonly Call[]).filter((call) => isOurs(call, own))).filter(
        ({ caller }) => !allowed.has(caller) && !own.has(caller),
      )
      const place = (call: Call): Pick<Finding.Draft, 'subject' | 'transactionHash' | 'actors'> => ({
        subject: call.to,
        transactionHash: call.transactionHash,
        actors: [...new Set([call.caller, senders.get(call.transactionHash) ?? call.caller])],
      })
      const values = (call: Call) => ({
        function: call.functionName,
        arguments: Json.decode(Json.encode(call.args ?? [])),
        caller: call.caller,
        path: call.path,
      })
      const findings = strangers
        .filter(({ succeeded }) => succeeded)
        .map((call): Finding.Draft => {
          const key = `${call.transactionHash}:${call.path.join('.')}`
          if (block.stage === 'pending') {
            return {
              ...place(call),
              key,
              severity: 'P3',
              confidence: 0.5,
              sentence: `${Account.brief(call.caller)} is about to call ${call.functionName} on contract ${Account.brief(call.to)}, which is not for it. The transaction waits to be included.`,
              values: values(call),
            }
          }
          return {
            ...place(call),
            key,
            severity,
            confidence: 0.95,
            sentence: `${Account.brief(call.caller)}, who is not allowed to, called ${call.functionName} on contract ${Account.brief(call.to)}, and the call succeeded.`,
            values: values(call),
          }
        })
      const failed = Map.groupBy(
        strangers.filter(({ succeeded }) => !succeeded),
        ({ caller }) => caller,
      )
      const attempts =
        failed.size === 0
          ? state.attempts
          : Ledger.add(
              state.attempts,
              [...failed].map(([caller, own]) => [caller, BigInt(own.length)] as const),
              mostCallers,
            )
      const counts = new Map(attempts)
      for (const [caller, [first, ...more]] of failed) {
        if (!first) continue
        const total = counts.get(caller) ?? BigInt(more.length + 1)
        const names = [...new Set([first, ...more].map(({ functionName }) => functionName))]
        findings.push({
          ...place(first),
          key: `attempt:${caller}`,
          severity: 'P4',
          confidence: 0.9,
          sentence: `${Account.brief(caller)}, who is not allowed to, tried ${names.join(', ')} on contract ${Account.brief(first.to)} and failed; ${total === 1n ? 'the first attempt' : `${total} attempts`} so far.`,
          values: { ...values(first), functions: names, inThisBlock: more.length + 1, total },
        })
      }
      return { state: failed.size === 0 ? state : { attempts }, findings }
    },
  })
}

/**
 * A delegatecall runs in the storage of the contract that makes it: it concerns us only where that is ours, as when a
 * proxy calls its code or a multicall calls itself. A static call changes nothing.
 */
function isOurs({ kind, from }: Call, own: ReadonlySet<Address>): boolean {
  return kind === 'call' || (kind === 'delegatecall' && own.has(from))
}

/** Without the delegatecalls by which a call already counted is handed on. */
function once(found: readonly Call[]): readonly Call[] {
  const frames = new Map(found.map((call) => [`${call.transactionHash}:${call.path.join('.')}`, call]))
  return found.filter((call) => {
    if (call.kind !== 'delegatecall') return true
    const around = frames.get(`${call.transactionHash}:${call.path.slice(0, -1).join('.')}`)
    return around?.input !== call.input
  })
}
