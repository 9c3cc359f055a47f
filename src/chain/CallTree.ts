/** The two common shapes of call traces, turned into one. */
import type { Address, Hash, Hex } from 'viem'
import type * as Block from './Block.ts'
import * as Raw from './Raw.ts'

/** The EVM ends at 1,024; deeper answers are made up. */
const deepest = 1_024
/** More than the gas of any known chain's block pays for. */
const most = 2_000_000

/** Which calls move their value; a delegate call only shows that of the call around it. */
const withoutValue: ReadonlySet<Block.Call['kind']> = new Set(['delegatecall', 'staticcall'])

/**
 * The calls in an answer of `trace_block` (Parity's format, also of Erigon, Nethermind, Reth and anvil). Block rewards
 * are left out. Throws a `MalformedAnswerError`, also where a trace is of another block or lacks the call around it.
 */
export function fromParity(raw: unknown, blockHash: Hash): readonly Block.Call[] {
  const calls: Block.Call[] = []
  /** The calls around the next one, outermost first. */
  let around: Block.Call[] = []
  for (const item of Raw.list(raw, 'trace_block', most)) {
    const trace = Raw.object(item, 'trace')
    if (trace.type === 'reward') continue
    if (Raw.hash(trace.blockHash, 'blockHash') !== blockHash)
      throw new Raw.MalformedAnswerError('blockHash', trace.blockHash)
    const transactionHash = Raw.hash(trace.transactionHash, 'transactionHash')
    const path = Raw.list(trace.traceAddress, 'traceAddress', deepest).map(Number)
    const parent = around[path.length - 1]
    const isPlaced =
      path.length === 0 ||
      (parent?.transactionHash === transactionHash && parent.path.every((step, depth) => step === path[depth]))
    if (!isPlaced) throw new Raw.MalformedAnswerError('traceAddress', trace.traceAddress)
    const failed = typeof trace.error === 'string' && trace.error !== ''
    const call: Block.Call = {
      transactionHash,
      path,
      ...parityAction(trace, failed),
      succeeded: !failed && (path.length === 0 || parent!.succeeded),
    }
    around = [...around.slice(0, path.length), call]
    calls.push(call)
  }
  return calls
}

/** The calls in an answer of geth's `callTracer` for one transaction. Throws a `MalformedAnswerError`. */
export function fromCallTracer(raw: unknown, transactionHash: Hash): readonly Block.Call[] {
  const calls: Block.Call[] = []
  const visit = (item: unknown, path: readonly number[], succeededAround: boolean) => {
    if (path.length > deepest || calls.length >= most) throw new Raw.MalformedAnswerError('calls', path.length)
    const frame = Raw.object(item, 'call')
    const kind = kindOf(frame.type)
    const failed = typeof frame.error === 'string' && frame.error !== ''
    const succeeded = succeededAround && !failed
    calls.push({
      transactionHash,
      path,
      kind,
      from: Raw.address(frame.from, 'from'),
      to: isCreation(kind) && failed ? null : Raw.address(frame.to, 'to'),
      input: kind === 'selfdestruct' ? '0x' : optionalBytes(frame.input, 'input'),
      output: isCreation(kind) && failed ? '0x' : optionalBytes(frame.output, 'output'),
      value: value(kind, frame.value),
      succeeded,
    })
    if (frame.calls === undefined || frame.calls === null) return
    for (const [index, inner] of Raw.list(frame.calls, 'calls', most).entries())
      visit(inner, [...path, index], succeeded)
  }
  visit(raw, [], true)
  return calls
}

type Action = Omit<Block.Call, 'transactionHash' | 'path' | 'succeeded'>

function parityAction(trace: Readonly<Record<string, unknown>>, failed: boolean): Action {
  const action = Raw.object(trace.action, 'action')
  const result = typeof trace.result === 'object' && trace.result !== null ? Raw.object(trace.result, 'result') : {}
  if (trace.type === 'create') {
    const kind = kindOf(action.creationMethod ?? 'create')
    const made: { to: Address | null; output: Hex } = failed
      ? { to: null, output: '0x' }
      : { to: Raw.address(result.address, 'address'), output: optionalBytes(result.code, 'code') }
    return {
      kind,
      from: Raw.address(action.from, 'from'),
      input: Raw.bytes(action.init, 'init'),
      value: value(kind, action.value),
      ...made,
    }
  }
  if (trace.type === 'suicide' || trace.type === 'selfdestruct') {
    return {
      kind: 'selfdestruct',
      from: Raw.address(action.address, 'address'),
      to: Raw.address(action.refundAddress, 'refundAddress'),
      input: '0x',
      output: '0x',
      value: Raw.quantity(action.balance, 'balance'),
    }
  }
  if (trace.type !== 'call') throw new Raw.MalformedAnswerError('type', trace.type)
  const kind = kindOf(action.callType)
  return {
    kind,
    from: Raw.address(action.from, 'from'),
    to: Raw.address(action.to, 'to'),
    input: optionalBytes(action.input, 'input'),
    output: optionalBytes(result.output, 'output'),
    value: value(kind, action.value),
  }
}

const kinds: ReadonlySet<string> = new Set<Block.Call['kind']>([
  'call',
  'delegatecall',
  'staticcall',
  'callcode',
  'create',
  'create2',
  'selfdestruct',
])

function kindOf(type: unknown): Block.Call['kind'] {
  const kind = typeof type === 'string' ? type.toLowerCase() : type
  if (kind === 'suicide') return 'selfdestruct'
  if (!kinds.has(kind as string)) throw new Raw.MalformedAnswerError('type', type)
  return kind as Block.Call['kind']
}

function isCreation(kind: Block.Call['kind']): boolean {
  return kind === 'create' || kind === 'create2'
}

function value(kind: Block.Call['kind'], raw: unknown): bigint {
  return withoutValue.has(kind) || raw === undefined || raw === null ? 0n : Raw.quantity(raw, 'value')
}

function optionalBytes(raw: unknown, what: string): Hex {
  return raw === undefined || raw === null ? '0x' : Raw.bytes(raw, what)
}
