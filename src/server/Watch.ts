/**
 * The block loop of one chain: fetch, judge, store. The cursor moves only in the transaction that stores what its block
 * produced, so that a crash anywhere neither skips a block nor tells anything twice.
 */
import * as Errors from '../base/Errors.ts'
import type * as Block from '../chain/Block.ts'
import type * as Chain from '../chain/Chain.ts'
import * as Facts from '../chain/Facts.ts'
import * as Fetch from '../chain/Fetch.ts'
import * as Follow from '../chain/Follow.ts'
import * as Record from '../chain/Record.ts'
import type * as Detector from '../detector/Detector.ts'
import * as Engine from '../detector/Engine.ts'
import * as States from '../detector/States.ts'
import * as Holdings from '../impact/Holdings.ts'
import * as Judgement from './Judgement.ts'

export type Options = {
  readonly chain: Chain.Chain
  readonly detectors: readonly Detector.Any[]
  readonly watched: readonly Holdings.Watched[]
  readonly start: bigint | 'latest'
  /** Without a new block for so long, people are told, in milliseconds. */
  readonly staleAfterMs: number
}

export type Health = {
  readonly head: bigint | null
  readonly evaluated: bigint | null
  readonly evaluatedAt: Date | null
  readonly stale: boolean
  readonly problem: string | null
  /** Evaluations that failed, by detector, since the start. */
  readonly errors: ReadonlyMap<string, number>
}

export type Watch = {
  readonly health: () => Health
  /** Ends after the block in hand. */
  readonly stop: () => Promise<void>
}

/** Longest pause after a failure, in milliseconds. */
const mostBackoffMs = 5_000

/** Watches until stopped. Failures are retried for ever, and shown in `health` and to people once the chain is stale. */
export async function start(context: Judgement.Context, options: Options): Promise<Watch> {
  const { chain, detectors, watched } = options
  const { database, clock, log } = context
  const demand = Facts.union([
    ...detectors.flatMap(({ inputs }) => Object.values(inputs as Detector.Inputs).map((input) => input.demand)),
    { reads: Holdings.reads(watched) },
  ])
  const longest = Math.max(1, ...detectors.map(({ window }) => window ?? 1))
  const stopping = new AbortController()
  const errors = new Map<string, number>()

  await Record.register(database, chain.key, clock.now())
  let cursor: Block.Header | undefined = await Record.cursor(database, chain.key)
  let states = await States.load(database, chain.key, detectors)
  let window: Facts.Facts[] = []
  let problem: string | null = null
  let evaluatedAt: Date | null = null
  let progressAt = clock.now()
  let staleTold = false

  let wake = () => {}
  let woken = true
  const ring = () => {
    woken = true
    wake()
  }
  const unhear = chain.onHead(ring)
  const unlisten = demand.pending ? chain.onPending((transactions) => void judgePending(transactions)) : () => {}
  const loop = run()

  return {
    health: () => ({
      head: chain.head()?.number ?? null,
      evaluated: cursor?.number ?? null,
      evaluatedAt,
      stale: isStale(),
      problem,
      errors,
    }),
    stop: async () => {
      stopping.abort()
      unhear()
      unlisten()
      ring()
      await loop
    },
  }

  async function run(): Promise<void> {
    let backoff = 100
    while (!stopping.signal.aborted) {
      woken = false
      try {
        await catchUp()
        problem = null
        backoff = 100
      } catch (thrown) {
        problem = Errors.messageOf(thrown)
        log.warn({ chain: chain.name, error: problem }, 'a block could not be judged; trying again')
        await clock.sleep(backoff, stopping.signal).catch(() => undefined)
        backoff = Math.min(backoff * 2, mostBackoffMs)
        woken = true
      }
      await tellIfStale()
      if (!woken && !stopping.signal.aborted) await pause()
    }
  }

  /** Sleeps until there is a new head, and wakes up now and then to see whether there should have been one. */
  async function pause(): Promise<void> {
    let timer: NodeJS.Timeout | undefined
    await new Promise<void>((resolve) => {
      wake = resolve
      if (woken) resolve()
      timer = setTimeout(resolve, Math.min(options.staleAfterMs, 1_000))
    })
    clearTimeout(timer)
  }

  async function catchUp(): Promise<void> {
    while (!stopping.signal.aborted) {
      const known = (number: bigint) => Record.known(database, chain.key, number)
      const step = await Follow.next(chain, { cursor, start: options.start, known, demand })
      if (step.kind === 'wait') return
      if (step.kind === 'retract') await retract(step.header, step.parent)
      else await judge(step.facts)
      progressAt = clock.now()
      staleTold = false
    }
  }

  async function judge(facts: Facts.Facts): Promise<void> {
    await fill(facts)
    const recent = [...window, facts].slice(-longest)
    const evaluation = Engine.evaluate(detectors, recent, states, {
      deploymentId: context.deploymentId,
      ruleSetVersion: context.ruleSetVersion,
      now: clock.now(),
    })
    await Judgement.store(context, { facts, evaluation, detectors, watched })
    count(evaluation)
    window = recent
    cursor = facts.block
    states = new Map([...states, ...evaluation.states])
    evaluatedAt = clock.now()
  }

  async function retract(replaced: Block.Header, parent: Block.Header): Promise<void> {
    await Judgement.retract(context, chain.key, replaced, parent)
    cursor = parent
    states = await States.load(database, chain.key, detectors)
    window = window.filter(({ block }) => block.hash !== replaced.hash)
  }

  /** Blocks before this one that a window needs and that are not at hand: after a start, or when the chain has turned. */
  async function fill({ block }: Facts.Facts): Promise<void> {
    if (window.at(-1)?.block.hash !== block.parentHash) window = []
    const wanted = Math.min(longest - 1, Number(block.number))
    while (window.length < wanted) {
      const oldest: Block.Header = window[0]?.block ?? block
      window.unshift(await Fetch.facts(chain, oldest.parentHash, demand))
    }
  }

  async function judgePending(transactions: readonly Block.Transaction[]): Promise<void> {
    const last = window.at(-1)
    if (!last || stopping.signal.aborted) return
    try {
      const facts: Facts.Facts = {
        stage: 'pending',
        block: { ...last.block, logs: [], transactions: [] },
        calls: undefined,
        pending: transactions,
        reads: last.reads,
      }
      const evaluation = Engine.evaluate(detectors, [...window.slice(0, -1), facts], states, {
        deploymentId: context.deploymentId,
        ruleSetVersion: context.ruleSetVersion,
        now: clock.now(),
      })
      count(evaluation)
      if (evaluation.findings.length > 0) await Judgement.storeFindings(context, facts, evaluation.findings)
    } catch (thrown) {
      problem = `pending transactions: ${Errors.messageOf(thrown)}`
      log.warn({ chain: chain.name, error: problem }, 'pending transactions could not be judged')
    }
  }

  function count({ findings }: Engine.Evaluation): void {
    for (const { isError, detector } of findings) if (isError) errors.set(detector, (errors.get(detector) ?? 0) + 1)
  }

  function isStale(): boolean {
    return clock.now().getTime() - progressAt.getTime() > options.staleAfterMs
  }

  async function tellIfStale(): Promise<void> {
    if (!isStale() || staleTold) return
    staleTold = true
    const facts = [
      { label: 'Chain', value: chain.name },
      { label: 'Last block judged', value: cursor ? `${cursor.number} (${cursor.hash})` : 'none yet' },
      { label: 'Since', value: progressAt.toISOString() },
      { label: 'Problem', value: problem ?? 'no endpoint tells of a new block' },
    ]
    const title = `No new block of ${chain.name} since ${progressAt.toISOString()}: nothing is being watched there`
    await context
      .announce(database, {
        kind: 'alert',
        key: `stale:${chain.key}:${progressAt.toISOString()}`,
        severity: 'P2',
        incidentId: null,
        title,
        facts,
        path: '/',
      })
      .catch((thrown: unknown) => {
        staleTold = false
        log.error({ chain: chain.name, error: Errors.messageOf(thrown) }, 'could not tell that the chain is stale')
      })
  }
}
