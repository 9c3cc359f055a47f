/** Dry runs: what calls would do now. Nothing is sent to the chain. */
import { type Address, type Hex, isHex, numberToHex } from 'viem'
import * as Errors from '../base/Errors.ts'
import * as Abi from './Abi.ts'
import type { Chain } from './Chain.ts'
import * as Fetch from './Fetch.ts'
import * as Raw from './Raw.ts'
import type * as Source from './Source.ts'
import * as Wire from './Wire.ts'

export type Call = {
  readonly from: Address
  /** `null` creates a contract. */
  readonly to: Address | null
  readonly data?: Hex | undefined
  /** In wei. */
  readonly value?: bigint | undefined
  readonly gas?: bigint | undefined
}

/** By address: what is assumed of the account instead of what the chain says. */
export type StateOverrides = Readonly<
  Record<
    Address,
    {
      /** In wei. */
      readonly balance?: bigint | undefined
      readonly nonce?: bigint | undefined
      readonly code?: Hex | undefined
      /** Slots that differ; the others stay. */
      readonly stateDiff?: Readonly<Record<Hex, Hex>> | undefined
    }
  >
>

export type Options = {
  /** Run in order, each on what the ones before it left. */
  readonly calls: readonly Call[]
  /** The block after which they run; `latest` unless given. */
  readonly block?: bigint | 'latest' | undefined
  readonly stateOverrides?: StateOverrides | undefined
  /** Whether moves of native coin appear as ERC-20 `Transfer` logs of 0xeeee…eeee. */
  readonly traceTransfers?: boolean | undefined
}

export type Log = { readonly address: Address; readonly topics: readonly Hex[]; readonly data: Hex }

export type Outcome = {
  readonly status: 'success' | 'reverted'
  readonly returnData: Hex
  /** `undefined` where the endpoint could only answer `eth_call`. */
  readonly gasUsed: bigint | undefined
  /** Lower-case addresses. `undefined` where the endpoint could only answer `eth_call`: then they are not known to be none. */
  readonly logs: readonly Log[] | undefined
  /** Why it reverted, as far as the revert data tells. */
  readonly error: string | undefined
}

const method = 'eth_simulateV1'

/**
 * Runs calls on top of a block, in one block of their own after it, and tells what each would do. Sends
 * `eth_getBlockByNumber` and `eth_simulateV1`; a single call goes by `eth_call` where the latter is not offered. Fees are
 * zero, so senders need no coin for gas, and BASEFEE and GASPRICE read zero.
 *
 * Throws a `SimulationUnavailableError` for several calls where no endpoint offers `eth_simulateV1`, and an `RpcError`
 * where the endpoint refuses to run them at all, such as for want of the value to be sent.
 *
 * @example
 * const [pause, attack] = await Fork.simulate(chain, { calls: [{ from: guardian, to: vault, data: pauseData }, theirs] })
 * attack?.status // 'reverted'
 */
export async function simulate(chain: Chain, options: Options): Promise<readonly Outcome[]> {
  if (options.calls.length === 0) return []
  let failure: unknown
  for (const source of await chain.sources()) {
    if (source.memory.lacks.has(method)) continue
    try {
      return await simulateOn(source, options)
    } catch (thrown) {
      if (Wire.isMissingMethod(thrown)) source.memory.lacks.add(method)
      else failure ??= thrown
    }
  }
  if (failure !== undefined) throw failure
  if (options.calls.length > 1) throw new SimulationUnavailableError(chain.name)
  return [await callOnce(chain, options.calls[0]!, options)]
}

async function simulateOn(
  source: Source.Source,
  { calls, block = 'latest', stateOverrides, traceTransfers = false }: Options,
): Promise<readonly Outcome[]> {
  const base = await Fetch.headerOn(source, block)
  if (!base) throw new Fetch.UnknownBlockError(source.url, String(block))
  const simulated = {
    // All three, because left to themselves nodes differ: anvil runs at the number and time of the base itself.
    blockOverrides: {
      number: numberToHex(base.number + 1n),
      time: numberToHex(Math.floor(base.timestamp.getTime() / 1_000) + 1),
      baseFeePerGas: '0x0',
    },
    ...(stateOverrides ? { stateOverrides: encodeOverrides(stateOverrides) } : {}),
    // No fee fields: with them a sender without coin is refused, even where validation is off.
    calls: calls.map(encodeCall),
  }
  const payload = { blockStateCalls: [simulated], validation: false, traceTransfers }
  const [answer] = Raw.list(await source.read.request(method, [payload, numberToHex(base.number)]), method, 1)
  const outcomes = Raw.list(Raw.object(answer, 'simulated block').calls, 'calls', calls.length).map(decode)
  if (outcomes.length !== calls.length) throw new Raw.MalformedAnswerError('calls', outcomes.length)
  return outcomes
}

async function callOnce(chain: Chain, call: Call, { block = 'latest', stateOverrides }: Options): Promise<Outcome> {
  const known = { gasUsed: undefined, logs: undefined }
  try {
    const at = typeof block === 'bigint' ? numberToHex(block) : block
    const answer = await chain.request('eth_call', [
      encodeCall(call),
      at,
      ...(stateOverrides ? [encodeOverrides(stateOverrides)] : []),
    ])
    return { status: 'success', returnData: Raw.bytes(answer, 'eth_call'), error: undefined, ...known }
  } catch (thrown) {
    if (!Wire.isExecutionFailure(thrown)) throw thrown
    return {
      status: 'reverted',
      returnData: isHex(thrown.data) ? thrown.data : '0x',
      error: Abi.reasonOf(thrown),
      ...known,
    }
  }
}

function encodeCall({ from, to, data, value, gas }: Call): object {
  return {
    from,
    to,
    input: data ?? '0x',
    ...(value === undefined ? {} : { value: numberToHex(value) }),
    ...(gas === undefined ? {} : { gas: numberToHex(gas) }),
  }
}

function encodeOverrides(overrides: StateOverrides): object {
  return Object.fromEntries(
    Object.entries(overrides).map(([address, { balance, nonce, code, stateDiff }]) => [
      address,
      {
        ...(balance === undefined ? {} : { balance: numberToHex(balance) }),
        ...(nonce === undefined ? {} : { nonce: numberToHex(nonce) }),
        ...(code === undefined ? {} : { code }),
        ...(stateDiff === undefined ? {} : { stateDiff }),
      },
    ]),
  )
}

function decode(raw: unknown): Outcome {
  const fields = Raw.object(raw, 'simulated call')
  const isSuccess = Raw.quantity(fields.status, 'status') === 1n
  const failure =
    typeof fields.error === 'object' && fields.error !== null
      ? (fields.error as { readonly message?: unknown; readonly data?: unknown })
      : {}
  const given = Raw.bytes(fields.returnData ?? '0x', 'returnData')
  const returnData = given === '0x' && isHex(failure.data) ? failure.data : given
  const words = typeof failure.message === 'string' ? failure.message.slice(0, 1_000) : 'execution reverted'
  return {
    status: isSuccess ? 'success' : 'reverted',
    returnData,
    gasUsed: Raw.quantity(fields.gasUsed, 'gasUsed'),
    logs: Raw.list(fields.logs ?? [], 'logs').map(log),
    error: isSuccess ? undefined : (Abi.decodeRevert(returnData) ?? words),
  }
}

function log(raw: unknown): Log {
  const fields = Raw.object(raw, 'log')
  return {
    address: Raw.address(fields.address, 'address'),
    topics: Raw.list(fields.topics, 'topics', 4).map((topic) => Raw.hash(topic, 'topic')),
    data: Raw.bytes(fields.data, 'data'),
  }
}

/** No endpoint of the chain can run several calls on top of one another. */
export class SimulationUnavailableError extends Errors.BaseError {
  override readonly name = 'Fork.SimulationUnavailableError'
  constructor(chain: string) {
    super(`No endpoint of ${chain} can simulate a sequence of calls.`, {
      remedy: 'config',
      advice: `Add an endpoint that offers ${method} (geth, Reth, Nethermind, Erigon and anvil do).`,
    })
  }
}
