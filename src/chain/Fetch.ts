/** Blocks with all that belongs to them, fetched fast and believed only where the parts agree with one another. */
import { type Hash, isHash, numberToHex } from 'viem'
import * as Errors from '../base/Errors.ts'
import type * as Block from './Block.ts'
import * as Bloom from './Bloom.ts'
import type { Chain } from './Chain.ts'
import type * as Facts from './Facts.ts'
import * as Raw from './Raw.ts'
import type * as Source from './Source.ts'
import * as Trace from './Trace.ts'
import * as View from './View.ts'
import type * as Wire from './Wire.ts'

/** A block by hash, by number, or by a header already seen, which saves a round trip where calls or reads are asked for. */
export type Ref = Hash | bigint | Block.Header

/**
 * All that is demanded of one block. Sends `eth_getBlockByHash` (or by number) and `eth_getLogs` in one round trip, one
 * `eth_call` per read at the block's hash, and `trace_block`, `debug_traceBlockByHash` or `debug_traceTransaction` where
 * calls are demanded; `calls` stays `undefined` where no endpoint offers any of the three.
 *
 * An endpoint whose answer contradicts itself is marked as suspect and the next one is asked. Throws an
 * `UnknownBlockError` where no endpoint has the block and an `InconsistentBlockError` where every answer is wrong.
 */
export async function facts(chain: Chain, ref: Ref, demand: Facts.Demand): Promise<Facts.Facts> {
  const found = await find(chain, ref, demand)
  if (!found) throw new UnknownBlockError(chain.name, shown(ref))
  return found
}

/** As `facts`, but `undefined` where no endpoint has the block. */
export async function find(chain: Chain, ref: Ref, demand: Facts.Demand): Promise<Facts.Facts | undefined> {
  return firstOf(chain, shown(ref), async (source) => findOn(chain, source, ref, demand))
}

/**
 * The header of a block, `undefined` where no endpoint has it. Sends one `eth_getBlockBy…` to the first endpoint, more
 * only where it does not know.
 */
export async function header(chain: Chain, ref: bigint | Hash | 'latest'): Promise<Block.Header | undefined> {
  return firstOf(chain, String(ref), (source) => headerOn(source, ref))
}

/** As `header`, of one endpoint. */
export async function headerOn(
  source: Source.Source,
  ref: bigint | Hash | 'latest',
): Promise<Block.Header | undefined> {
  const raw = await source.read.request(...blockRequest(ref, false))
  if (raw === null) return undefined
  const { number, hash, parentHash, timestamp } = agreeing(Raw.header(raw), ref)
  return { number, hash, parentHash, timestamp }
}

/** As `find`, of one endpoint; only the calls may come from another. Throws a `LieError` where its parts do not agree. */
export async function findOn(
  chain: Chain,
  source: Source.Source,
  ref: Ref,
  demand: Facts.Demand,
): Promise<Facts.Facts | undefined> {
  const asked = typeof ref === 'object' ? ref.hash : ref
  const reads = demand.reads ?? []
  const filter =
    typeof asked === 'bigint' ? { fromBlock: numberToHex(asked), toBlock: numberToHex(asked) } : { blockHash: asked }
  // Whatever can be asked already goes in the same message: one round trip where the hash is known.
  const isHashKnown = typeof asked !== 'bigint'
  const tracing = typeof ref === 'object' && demand.calls ? Trace.ahead(source, ref) : []
  const [blockAnswer, logsAnswer, ...others] = source.read.batch([
    blockRequest(asked, true),
    ['eth_getLogs', [filter]],
    ...tracing,
    ...(isHashKnown ? View.calls(asked, reads) : []),
  ])
  const raw = await blockAnswer
  if (raw === null) return undefined

  const head = agreeing(Raw.header(raw), asked)
  const transactions = Raw.transactions(raw)
  let logs = Raw.logs(await logsAnswer)
  // Asked by number, the chain may have turned between the two answers; by hash there is no such excuse.
  if (!isHashKnown && logs.some(({ blockHash }) => blockHash !== head.hash)) {
    logs = Raw.logs(await source.read.request('eth_getLogs', [{ blockHash: head.hash }]))
  }
  const { number, hash, parentHash, timestamp, baseFeePerGas } = head
  const belonging = logs.map((log) => belong(log, head, transactions))
  if (chain.checkBloom) checkComplete(belonging, head)
  const block: Block.Block = {
    chain: chain.key,
    number,
    hash,
    parentHash,
    timestamp,
    baseFeePerGas,
    transactions,
    logs: belonging,
  }

  const early = tracing.length > 0 ? others.shift() : undefined
  const [answers, calls] = await Promise.all([
    View.results(reads, isHashKnown ? others : source.read.batch(View.calls(hash, reads))),
    demand.calls ? Trace.calls(chain, source, block, early) : undefined,
  ])
  return { stage: 'included', block, reads: answers, ...(demand.calls ? { calls } : {}) }
}

/** Asks each endpoint in turn for what may not exist; throws only where none gave a proper answer. */
async function firstOf<value>(
  chain: Chain,
  what: string,
  ask: (source: Source.Source) => Promise<value | undefined>,
): Promise<value | undefined> {
  const failures: (readonly [Source.Source, unknown])[] = []
  let isAbsent = false
  for (const source of await chain.sources()) {
    try {
      const found = await ask(source)
      if (found !== undefined) return found
      isAbsent = true
    } catch (thrown) {
      note(chain, source, thrown)
      failures.push([source, thrown])
    }
  }
  if (isAbsent) return undefined
  if (failures.length > 0 && failures.every(([, thrown]) => isLie(thrown)))
    throw new InconsistentBlockError(chain.name, what, failures)
  throw failures.find(([, thrown]) => !isLie(thrown))?.[1]
}

/** Remembers an endpoint whose answer was wrong; a failure of the connection is no such thing. */
export function note(chain: Chain, source: Source.Source, thrown: unknown): void {
  if (isLie(thrown)) chain.suspect(source, Errors.messageOf(thrown))
  else chain.log.debug({ endpoint: source.url, err: thrown }, 'no answer')
}

function isLie(thrown: unknown): boolean {
  return thrown instanceof LieError || thrown instanceof Raw.MalformedAnswerError
}

function blockRequest(ref: bigint | Hash | 'latest', full: boolean): Wire.Call {
  return isHash(ref as string)
    ? ['eth_getBlockByHash', [ref, full]]
    : ['eth_getBlockByNumber', [typeof ref === 'bigint' ? numberToHex(ref) : ref, full]]
}

function agreeing(head: Raw.Header, asked: bigint | Hash | 'latest'): Raw.Header {
  if (typeof asked === 'bigint' ? head.number === asked : asked === 'latest' || head.hash === asked.toLowerCase())
    return head
  throw new LieError('another block than the one asked for', {
    asked: String(asked),
    gotNumber: head.number,
    gotHash: head.hash,
  })
}

function belong(
  { blockHash, ...log }: Raw.Log,
  head: Raw.Header,
  transactions: readonly Block.Transaction[],
): Block.Log {
  if (blockHash !== head.hash || transactions[log.transactionIndex]?.hash !== log.transactionHash) {
    throw new LieError('a log that does not belong to the block', {
      block: head.hash,
      logIndex: log.logIndex,
      ofBlock: blockHash,
      ofTransaction: log.transactionHash,
    })
  }
  return log
}

/** Whether logs are missing or made up, as far as that can be seen without the receipts. */
function checkComplete(logs: readonly Block.Log[], head: Raw.Header): void {
  if (Bloom.of(logs) !== head.logsBloom)
    throw new LieError('logs that are not those the block filters for', { block: head.hash, logs: logs.length })
  // The filter is the same with one of two equal logs left out, but then a number is missing.
  const gap = logs.findIndex(({ logIndex }, position) => logIndex !== position)
  if (gap !== -1) throw new LieError('logs with one left out', { block: head.hash, missing: gap })
}

function shown(ref: Ref): string {
  return typeof ref === 'object' ? ref.hash : String(ref)
}

/** The parts of one endpoint's answer contradict one another, or what was asked for. */
export class LieError extends Errors.BaseError {
  override readonly name = 'Fetch.LieError'
  constructor(what: string, facts: Readonly<Record<string, unknown>>) {
    super(`An endpoint gave ${what}.`, { remedy: 'retry', facts })
  }
}

/** No endpoint has the block, or not yet, or not any more. */
export class UnknownBlockError extends Errors.BaseError {
  override readonly name = 'Fetch.UnknownBlockError'
  constructor(chain: string, asked: string) {
    super(`No endpoint of ${chain} has the block ${asked}.`, { remedy: 'retry', facts: { asked } })
  }
}

/** Every endpoint that answered gave something that cannot be true. */
export class InconsistentBlockError extends Errors.BaseError {
  override readonly name = 'Fetch.InconsistentBlockError'
  constructor(chain: string, asked: string, failures: readonly (readonly [Source.Source, unknown])[]) {
    super(`No endpoint of ${chain} gives the block ${asked} without contradiction.`, {
      remedy: 'retry',
      facts: { asked, ...Object.fromEntries(failures.map(([{ url }, thrown]) => [url, Errors.messageOf(thrown)])) },
      advice: 'If this lasts, add an endpoint of another provider.',
    })
  }
}
