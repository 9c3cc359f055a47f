/** Holds a configuration against the chain before it is relied on: ids, contracts, views, keys, and every action rehearsed. */
import type { Address, Hex } from 'viem'
import * as Errors from '../base/Errors.ts'
import type { Log } from '../base/Log.ts'
import type * as Caip from '../chain/Caip.ts'
import * as Chain from '../chain/Chain.ts'
import * as Facts from '../chain/Facts.ts'
import * as Fetch from '../chain/Fetch.ts'
import type * as Detector from '../detector/Detector.ts'
import * as Engine from '../detector/Engine.ts'
import * as Config from './Config.ts'
import * as Readiness from './Readiness.ts'

export type Result = { readonly ok: boolean; readonly what: string; readonly says: string }

/** Runs every check; one that fails does not keep the others from running. Reads and dry runs only. */
export async function run(config: Config.Config, log: Log): Promise<Result[]> {
  const chains = new Map<string, Chain.Chain>()
  try {
    const reached = await Promise.all(
      Object.entries(config.chains).map(([name, chain]) =>
        attempt(`chain ${name}`, async () => reach(chains, name, chain, log)),
      ),
    )
    const rest = await Promise.all([
      ...Object.entries(config.systems).map(([name, { chain, address }]) =>
        attempt(`system ${name}`, () => hasCode(chains.get(chain), address)),
      ),
      ...Object.entries(config.systems).flatMap(([name, { chain, assets = [] }]) =>
        assets.map(({ symbol, address }) =>
          attempt(`asset ${symbol} of ${name}`, () => hasCode(chains.get(chain), address)),
        ),
      ),
      ...config.detectors.map((detector) =>
        attempt(`detector ${detector.name}`, () => canJudge(chains.get(detector.chain), detector)),
      ),
    ])
    const channels = await Promise.all(
      Object.entries(config.channels ?? {}).map(([name, channel]) =>
        attempt(`channel ${name}`, async () => channel.ready?.() ?? 'cannot be tried without sending'),
      ),
    )
    const rehearsed = config.policy
      ? await Readiness.rehearse(config.playbooks ?? [], chains, config.policy, config.people ?? [], () => new Date(0))
      : []
    const actions = rehearsed.map(({ playbook, path, action, ready, reason }) => ({
      ok: ready,
      what: `playbook ${playbook}, ${path}`,
      says: ready ? `${action}: would succeed now` : `${action}: ${reason}`,
    }))
    return [...reached, ...rest, ...channels, ...actions]
  } finally {
    for (const chain of chains.values()) chain.close()
  }
}

async function attempt(what: string, check: () => Promise<string>): Promise<Result> {
  return check().then(
    (says) => ({ ok: true, what, says }),
    (thrown: unknown) => ({ ok: false, what, says: Errors.explain(thrown) }),
  )
}

async function reach(
  chains: Map<string, Chain.Chain>,
  name: string,
  { id, rpc, genesisHash, checkBloom }: Config.Config['chains'][string],
  log: Log,
): Promise<string> {
  const chain = await Chain.open({
    name,
    chain: id as Caip.ChainId,
    genesisHash: genesisHash as Hex | undefined,
    endpoints: rpc.map(Config.endpointUrl),
    log,
    checkBloom,
  })
  chains.set(name, chain)
  const bad = chain.status().filter(({ state }) => state !== 'up')
  if (bad.length > 0)
    throw new EndpointError(
      bad.map(({ url, state, lastError }) => `${url} is ${state}${lastError ? ` (${lastError})` : ''}`),
    )
  return `${chain.key}, ${rpc.length} endpoint${rpc.length === 1 ? '' : 's'} up`
}

async function hasCode(chain: Chain.Chain | undefined, address: Address): Promise<string> {
  if (!chain) throw new NotConnectedError()
  const code = (await chain.request('eth_getCode', [address, 'latest'])) as Hex
  if (code === '0x') throw new NoCodeError(address, chain.name)
  return `${address} holds ${(code.length - 2) / 2} bytes of code`
}

/** Judges the latest block once, which shows views that do not answer, ABIs that do not fit and traces that are not offered. */
async function canJudge(chain: Chain.Chain | undefined, detector: Detector.Any): Promise<string> {
  if (!chain) throw new NotConnectedError()
  const demand = Facts.union(Object.values(detector.inputs as Detector.Inputs).map((input) => input.demand))
  const head = BigInt((await chain.request('eth_blockNumber', [])) as Hex)
  const facts = await Fetch.facts(chain, head, demand)
  const { findings } = Engine.evaluate([detector], [facts], new Map(), {
    deploymentId: 'check',
    ruleSetVersion: 'check',
    now: facts.block.timestamp,
  })
  const problem = findings.find(({ isError }) => isError)
  if (problem) throw new JudgementError(problem.sentence)
  return `judged block ${head}`
}

export class EndpointError extends Errors.BaseError {
  override readonly name = 'Preflight.EndpointError'
  constructor(endpoints: readonly string[]) {
    super(endpoints.join('; '), { remedy: 'config' })
  }
}

export class NotConnectedError extends Errors.BaseError {
  override readonly name = 'Preflight.NotConnectedError'
  constructor() {
    super('its chain could not be reached', { remedy: 'config' })
  }
}

export class NoCodeError extends Errors.BaseError {
  override readonly name = 'Preflight.NoCodeError'
  constructor(address: Address, chain: string) {
    super(`there is no contract at ${address} on ${chain}`, { remedy: 'config' })
  }
}

export class JudgementError extends Errors.BaseError {
  override readonly name = 'Preflight.JudgementError'
  constructor(sentence: string) {
    super(sentence, { remedy: 'config' })
  }
}
