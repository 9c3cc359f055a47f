/**
 * The main job, shown: the same attack on two equal chains, one of them watched by a Firebreak that was started just as
 * in production. What it prints is measured on both chains; nothing of it is known beforehand.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { formatEther, type Hex } from 'viem'
import type * as Schemas from '../api/contract/Schemas.ts'
import * as Errors from '../base/Errors.ts'
import type { Log } from '../base/Log.ts'
import * as Chain from '../chain/Chain.ts'
import * as Config from '../server/Config.ts'
import * as Server from '../server/Server.ts'
import * as Anvil from './Anvil.ts'
import * as Attack from './Attack.ts'
import * as Loss from './Loss.ts'
import * as Random from './Random.ts'
import * as Setup from './Setup.ts'
import * as Traffic from './Traffic.ts'
import * as World from './World.ts'

export type Options = {
  readonly seed: number
  readonly port?: number | undefined
  /** Where the reports are written. What the server itself keeps is removed when the demo stops. */
  readonly reportDirectory: string
  readonly log: Log
  /** Told what happens, as it happens, in one line. */
  readonly onProgress: (line: string) => void
}

export type Summary = {
  readonly contained: boolean
  readonly lossWithoutEth: number
  readonly lossWithEth: number
  /** Blocks from that of the first malicious transaction to the one in which the pause was verified. */
  readonly blocksToContain: number | null
  /** From the moment at which the block with the first malicious transaction could be seen to the verification. */
  readonly msToContain: number | null
  /** Alerts that rest on no transaction of the attack and on no block since it began. */
  readonly falseAlerts: number
  readonly honestTransactions: number
  readonly honestKinds: number
  readonly attackTransactions: number
  readonly incident: string | null
  readonly report: { readonly html: string; readonly json: string } | null
}

export type Demo = {
  readonly summary: Summary
  readonly url: string
  readonly token: string
  readonly stop: () => Promise<void>
}

/** Seconds between blocks. */
const blockTime = 1
/** Blocks of honest traffic before, during and after the attack. */
const calmBlocks = 8
const rounds = 7
const blocks = 20
const perBlock = 13

/** Builds both chains, starts Firebreak on one, lets people trade and the attacker attack, and measures. */
export async function run({ seed, port, reportDirectory, log, onProgress }: Options): Promise<Demo> {
  const undo: (() => Promise<unknown>)[] = []
  const stop = async () => {
    for (const step of undo.splice(0).reverse()) await step()
  }
  try {
    onProgress('Building two equal chains: Uniswap V2, a lending vault, a Safe, people')
    const [watched, twin] = await Promise.all([build(31_337, undo), build(31_338, undo)])
    Setup.provideKeys()
    const config = Config.check(
      Setup.configuration({ world: watched.world, rpc: [watched.anvil.wsUrl, watched.anvil.httpUrl] }),
    )
    // A directory of its own: chains begun anew must not meet the record of those before them.
    const dataDirectory = mkdtempSync(join(tmpdir(), 'firebreak-demo-'))
    undo.push(async () => rmSync(dataDirectory, { recursive: true, force: true }))
    const server = await Server.start({ config, dataDirectory, ephemeral: true, port, log })
    undo.push(() => server.stop())
    onProgress(`Firebreak watches the first chain. Console: ${server.url}/#token=${server.token}`)
    const arrivals = await clockHeads(watched, log, undo)

    onProgress(`Honest traffic on both: ${blocks} blocks of about ${perBlock} transactions`)
    const plan = Traffic.plan({ random: Random.seeded(seed), blocks, perBlock })
    const [mine, theirs] = await Promise.all([
      play(watched, plan, onProgress, true),
      play(twin, plan, onProgress, false),
    ])
    const summary = await measure({ watched, twin, mine, theirs, server, arrivals, reportDirectory })
    return { summary, url: server.url, token: server.token, stop }
  } catch (thrown) {
    await stop()
    throw thrown
  }
}

type Side = { readonly anvil: Anvil.Anvil; readonly world: World.World }
type Played = { readonly sent: readonly Traffic.Sent[]; readonly attack: Attack.Report; readonly head: bigint }

async function build(chainId: number, undo: (() => Promise<unknown>)[]): Promise<Side> {
  const anvil = await Anvil.start({ chainId, blockTime })
  undo.push(() => anvil.stop())
  return { anvil, world: await World.deploy({ url: anvil.httpUrl }) }
}

/** Notes when each block could first be seen, by a connection of its own, so that Firebreak is not its own judge. */
async function clockHeads(
  { anvil, world }: Side,
  log: Log,
  undo: (() => Promise<unknown>)[],
): Promise<Map<bigint, Date>> {
  const arrivals = new Map<bigint, Date>()
  const chain = await Chain.open({ name: 'clock', chain: `eip155:${world.chainId}`, endpoints: [anvil.wsUrl], log })
  chain.onHead(({ number }) => {
    if (!arrivals.has(number)) arrivals.set(number, new Date())
  })
  undo.push(async () => chain.close())
  return arrivals
}

async function play(
  { world }: Side,
  plan: Traffic.Plan,
  onProgress: Options['onProgress'],
  tell: boolean,
): Promise<Played> {
  const begin = Number(world.readyAt) + calmBlocks
  const [sent, attack] = await Promise.all([
    Traffic.run({ world, plan }),
    untilBlock(world, BigInt(begin)).then(() => {
      if (tell) onProgress('The attacker strikes on both')
      return Attack.run({
        world,
        rounds,
        onRound: ({ status, profit, blockNumber }) =>
          tell &&
          onProgress(
            `  block ${blockNumber}: malicious transaction ${status === 'success' ? `takes ${Number(formatEther(profit)).toFixed(1)} ETH` : status}`,
          ),
      })
    }),
  ])
  return { sent, attack, head: await headOf(world) }
}

async function measure(input: {
  watched: Side
  twin: Side
  mine: Played
  theirs: Played
  server: Server.Server
  arrivals: Map<bigint, Date>
  reportDirectory: string
}): Promise<Summary> {
  const { watched, twin, mine, theirs, server, arrivals, reportDirectory } = input
  const ask = async <answer>(path: string) =>
    (
      await fetch(`${server.url}${path}`, { headers: { authorization: `Bearer ${server.token}` } })
    ).json() as Promise<answer>
  const [incidents, alerts, findings] = await Promise.all([
    ask<Schemas.IncidentSummary[]>('/api/incidents'),
    ask<Schemas.Alert[]>('/api/alerts'),
    ask<Schemas.Finding[]>('/api/findings?limit=10000'),
  ])
  const began = mine.attack.rounds.find(({ status }) => status === 'success')?.blockNumber
  const incident = incidents.find(({ severity }) => severity === 'P1')
  const contained = incident ? await ask<Schemas.Incident>(`/api/incidents/${incident.id}`) : undefined
  const containedBlock = contained?.containedBlock ? BigInt(contained.containedBlock) : undefined
  const verifiedAt = contained?.timeline.find(
    ({ kind, detail }) => kind === 'transition' && detail.to === 'contained',
  )?.at
  const seenAt = began === undefined ? undefined : arrivals.get(began)
  const kinds = new Set(mine.sent.map(({ kind }) => kind))
  return {
    contained: contained?.status === 'contained',
    lossWithoutEth: await lossOf(twin, theirs),
    lossWithEth: await lossOf(watched, mine),
    blocksToContain: began === undefined || containedBlock === undefined ? null : Number(containedBlock - began),
    msToContain: seenAt && verifiedAt ? new Date(verifiedAt).getTime() - seenAt.getTime() : null,
    falseAlerts: alerts.filter(
      ({ id }) =>
        !isOfAttack(
          findings.filter(({ alertId }) => alertId === id),
          mine.attack,
          began,
        ),
    ).length,
    honestTransactions: mine.sent.length,
    honestKinds: kinds.size,
    attackTransactions: mine.attack.rounds.length,
    incident: incident?.id ?? null,
    report: incident ? await writeReports(server, incident.id, reportDirectory) : null,
  }
}

function isOfAttack(findings: readonly Schemas.Finding[], attack: Attack.Report, began: bigint | undefined): boolean {
  const hashes = new Set<string>([
    ...attack.rounds.map(({ hash }) => hash),
    ...(attack.deployment ? [attack.deployment] : []),
  ])
  return findings.some(
    ({ transactionHash, blockNumber, isError }) =>
      !isError && (transactionHash ? hashes.has(transactionHash) : began !== undefined && BigInt(blockNumber) >= began),
  )
}

async function lossOf({ world }: Side, { attack, head }: Played): Promise<number> {
  const first = attack.rounds.find(({ blockNumber }) => blockNumber !== undefined)?.blockNumber
  if (first === undefined) return 0
  return Number(formatEther((await Loss.between(world, first - 1n, head)).lost))
}

async function writeReports(
  server: Server.Server,
  id: string,
  directory: string,
): Promise<{ html: string; json: string }> {
  mkdirSync(directory, { recursive: true })
  const write = async (format: 'html' | 'json') => {
    const path = join(directory, `${id}.${format}`)
    const response = await fetch(`${server.url}/api/incidents/${id}/report.${format}`, {
      headers: { authorization: `Bearer ${server.token}` },
    })
    if (!response.ok) throw new ReportError(response.status)
    writeFileSync(path, await response.text())
    return path
  }
  return { html: await write('html'), json: await write('json') }
}

async function headOf({ url }: World.World): Promise<bigint> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: '{"jsonrpc":"2.0","id":1,"method":"eth_blockNumber","params":[]}',
  })
  return BigInt(((await response.json()) as { result: Hex }).result)
}

async function untilBlock(world: World.World, number: bigint): Promise<void> {
  while ((await headOf(world)) < number) await new Promise((resolve) => setTimeout(resolve, 50))
}

export class ReportError extends Errors.BaseError {
  override readonly name = 'Demo.ReportError'
  constructor(status: number) {
    super(`The report of the incident could not be had: ${status}.`, { remedy: 'bug' })
  }
}
