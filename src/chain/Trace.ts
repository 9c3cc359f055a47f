/** Message calls of a block, read from whichever kind of trace an endpoint offers, in one shape. */
import { numberToHex, zeroAddress } from 'viem'
import * as Errors from '../base/Errors.ts'
import type * as Block from './Block.ts'
import * as CallTree from './CallTree.ts'
import type { Chain } from './Chain.ts'
import * as Raw from './Raw.ts'
import type * as Source from './Source.ts'
import * as Wire from './Wire.ts'

type Subject = Pick<Block.Block, 'number' | 'hash' | 'transactions'>

/** `debug_traceTransaction` under way at a time. */
const concurrency = 8
const tracer = { tracer: 'callTracer' }

/** The ways to ask, best first: the second and third make most nodes run the block again, the third once per transaction. */
const ways: Readonly<
  Record<
    string,
    (source: Source.Source, block: Subject, early: Promise<unknown> | undefined) => Promise<readonly Block.Call[]>
  >
> = {
  trace_block: async (source, block, early) =>
    CallTree.fromParity(await (early ?? source.read.request(...call(block))), block.hash),
  debug_traceBlockByHash: async (source, block) => {
    const answers = Raw.list(await source.read.request('debug_traceBlockByHash', [block.hash, tracer]), 'block trace')
    if (answers.length !== block.transactions.length) throw new Raw.MalformedAnswerError('block trace', answers.length)
    return block.transactions.flatMap(({ hash }, index) => {
      const { txHash = hash, result } = Raw.object(answers[index], 'trace')
      if (txHash !== hash) throw new Raw.MalformedAnswerError('txHash', txHash)
      return CallTree.fromCallTracer(result, hash)
    })
  },
  debug_traceTransaction: async (source, { transactions }) => {
    const trees: (readonly Block.Call[])[] = []
    for (let first = 0; first < transactions.length; first += concurrency) {
      const some = transactions.slice(first, first + concurrency)
      const answers = await Promise.all(
        source.read.batch(some.map(({ hash }) => ['debug_traceTransaction', [hash, tracer]])),
      )
      trees.push(...some.map(({ hash }, index) => CallTree.fromCallTracer(answers[index], hash)))
    }
    return trees.flat()
  },
}

/** What to send for `trace_block` along with the block itself; nothing where the endpoint does not offer it. */
export function ahead(source: Source.Source, header: Pick<Block.Header, 'number'>): readonly Wire.Call[] {
  return source.memory.lacks.has('trace_block') ? [] : [call(header)]
}

/**
 * All message calls of a block in order of execution; `undefined` where no endpoint offers traces. Sends `trace_block`,
 * else `debug_traceBlockByHash`, else `debug_traceTransaction` for each transaction, to `preferred` first, and remembers
 * what an endpoint does not offer. Throws where traces are offered but none could be had that fits the block.
 */
export async function calls(
  chain: Chain,
  preferred: Source.Source,
  block: Subject,
  early?: Promise<unknown>,
): Promise<readonly Block.Call[] | undefined> {
  if (block.transactions.length === 0) return []
  let failure: unknown
  for (const source of [preferred, ...(await chain.sources()).filter((other) => other !== preferred)]) {
    for (const [method, trace] of Object.entries(ways)) {
      if (source.memory.lacks.has(method)) continue
      try {
        return matching(await trace(source, block, source === preferred ? early : undefined), block)
      } catch (thrown) {
        if (Wire.isMissingMethod(thrown)) source.memory.lacks.add(method)
        else failure ??= thrown
        if (thrown instanceof Raw.MalformedAnswerError || thrown instanceof ForeignTraceError)
          chain.suspect(source, Errors.messageOf(thrown))
        if (!(thrown instanceof Wire.RpcError)) break
      }
    }
  }
  if (failure !== undefined) throw failure
  return undefined
}

function call({ number }: Pick<Block.Header, 'number'>): Wire.Call {
  return ['trace_block', [numberToHex(number)]]
}

/** The calls, if each transaction has its tree and no tree is of another block. */
function matching(calls: readonly Block.Call[], { hash, transactions }: Subject): readonly Block.Call[] {
  const roots = new Map(calls.filter(({ path }) => path.length === 0).map((call) => [call.transactionHash, call]))
  for (const transaction of transactions) {
    const root = roots.get(transaction.hash)
    // Some chains list transactions of the protocol itself, sent by nobody, which their nodes do not trace.
    if (root ? root.from !== transaction.from : transaction.from !== zeroAddress)
      throw new ForeignTraceError(hash, transaction.hash)
    roots.delete(transaction.hash)
  }
  for (const foreign of roots.keys()) throw new ForeignTraceError(hash, foreign)
  return calls
}

/** An endpoint's traces are not those of the block. */
export class ForeignTraceError extends Errors.BaseError {
  override readonly name = 'Trace.ForeignTraceError'
  constructor(block: string, transaction: string) {
    super('An endpoint gave traces that do not fit the block.', { remedy: 'retry', facts: { block, transaction } })
  }
}
