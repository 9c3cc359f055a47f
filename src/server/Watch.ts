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
  /** With no block judged for so long, or while judging lags the chain by more for so long, people are told; in milliseconds. */
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
/** Between a failure to store findings on pending transactions and the second try, in milliseconds. */
const pendingRetryMs = 250
/** Pending transactions that may wait to be judged; of more, the newest are kept. */
const mostPending = 10_000

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
  let cursor: Block.Header | undefined
  let states: Engine.States = new Map()
  let window: Facts.Facts[] = []
  await recall()
  let problem: string | null = null
  let evaluatedAt: Date | null = null
  let progressAt = clock.now()
  /** Since when the block judged last is older than the chain's head by more than `staleAfterMs`. */
  let behindSince: Date | undefined
  let staleTold = false
  let pending: readonly Block.Transaction[] = []
  let turn: Promise<unknown> = Promise.resolve()

  let wake = () => {}
  let woken = true
  const ring = () => {
    woken = true
    wake()
  }
  const unhear = chain.onHead(ring)
  const unlisten = demand.pending ? chain.onPending(takePending) : () => {}
  const loop = run()
  // Not in the loop: what holds up the loop is what people must be told of.
  let telling: Promise<void> | undefined
  const timer = setInterval(
    () => {
      telling ??= tellIfStale().finally(() => {
        telling = undefined
      })
    },
    Math.min(options.staleAfterMs / 4, 1_000),
  )

  return {
    health: () => ({
      head: chain.head()?.number ?? null,
      evaluated: cursor?.number ?? null,
      evaluatedAt,
      stale: staleness() !== undefined,
      problem,
      errors,
    }),
    stop: async () => {
      stopping.abort()
      unhear()
      unlisten()
      ring()
      clearInterval(timer)
      await loop
      await turn
      await telling
    },
  }

  async function run(): Promise<void> {
    let backoff = 100
    let failed = false
    while (!stopping.signal.aborted) {
      woken = false
      try {
        // What failed may have been stored all the same: a connection can break after the commit, before it is told of.
        if (failed) await exclusively(recall)
        failed = false
        await catchUp()
        problem = null
        backoff = 100
      } catch (thrown) {
        failed = true
        problem = Errors.messageOf(thrown)
        log.warn({ chain: chain.name, error: problem }, 'a block could not be judged; trying again')
        await clock.sleep(backoff, stopping.signal).catch(() => undefined)
        backoff = Math.min(backoff * 2, mostBackoffMs)
        woken = true
      }
      if (!woken && !stopping.signal.aborted) await pause()
    }
  }

  /** Sleeps until there is a new head, and wakes up now and then to see whether there should have been one. */
  async function pause(): Promise<void> {
    let timer: NodeJS.Timeout | undefined
    await new Promise<void>((resolve) => {
      wake = resolve
      if (woken) resolve()
      timer = setTimeout(resolve, 1_000)
    })
    clearTimeout(timer)
  }

  /** Takes up where the database stands. */
  async function recall(): Promise<void> {
    cursor = await Record.cursor(database, chain.key)
    states = await States.load(database, chain.key, detectors)
    if (window.at(-1)?.block.hash !== cursor?.hash) window = []
  }

  /** Does `work` when no other is at it: blocks and pending transactions may raise the same alert, and only one can open it. */
  function exclusively<result>(work: () => Promise<result>): Promise<result> {
    const done = turn.then(work)
    turn = done.catch(() => undefined)
    return done
  }

  async function catchUp(): Promise<void> {
    while (!stopping.signal.aborted) {
      const known = (number: bigint) => Record.known(database, chain.key, number)
      const step = await Follow.next(chain, { cursor, start: options.start, known, demand })
      if (step.kind === 'wait') return
      if (step.kind === 'retract') await exclusively(() => retract(step.header, step.parent))
      else {
        const before = await preceding(step.facts)
        await exclusively(() => judge(step.facts, before))
      }
      progressAt = clock.now()
    }
  }

  async function judge(facts: Facts.Facts, before: readonly Facts.Facts[]): Promise<void> {
    const recent = [...before, facts].slice(-longest)
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

  /** The blocks before this one that a window needs; fetched after a start, or when the chain has turned. */
  async function preceding({ block }: Facts.Facts): Promise<readonly Facts.Facts[]> {
    const found = window.at(-1)?.block.hash === block.parentHash ? [...window] : []
    const wanted = Math.min(longest - 1, Number(block.number))
    while (found.length < wanted) {
      const oldest: Block.Header = found[0]?.block ?? block
      found.unshift(await Fetch.facts(chain, oldest.parentHash, demand))
    }
    return found
  }

  /** What comes while a block or an earlier batch is in hand is judged together, after it. */
  function takePending(transactions: readonly Block.Transaction[]): void {
    const isFirst = pending.length === 0
    pending = [...pending, ...transactions].slice(-mostPending)
    if (!isFirst) return
    void exclusively(async () => {
      const batch = pending
      pending = []
      await judgePending(batch).catch(async (thrown: unknown) => {
        log.warn({ chain: chain.name, error: Errors.messageOf(thrown) }, 'pending transactions are judged again')
        await clock.sleep(pendingRetryMs, stopping.signal)
        await judgePending(batch)
      })
    }).catch((thrown: unknown) => {
      if (stopping.signal.aborted) return
      problem = `pending transactions: ${Errors.messageOf(thrown)}`
      log.error({ chain: chain.name, error: problem }, 'pending transactions could not be judged')
    })
  }

  async function judgePending(transactions: readonly Block.Transaction[]): Promise<void> {
    const last = window.at(-1)
    if (!last || stopping.signal.aborted) return
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
    if (evaluation.findings.length > 0) await Judgement.storeFindings(context, facts, evaluation.findings)
    count(evaluation)
  }

  function count({ findings }: Engine.Evaluation): void {
    for (const { isError, detector } of findings) if (isError) errors.set(detector, (errors.get(detector) ?? 0) + 1)
  }

  /** Since when nothing was judged in time, and in what words; undefined while all is well. */
  function staleness(): { readonly since: Date; readonly title: string } | undefined {
    const now = clock.now().getTime()
    const isOver = (since: Date) => now - since.getTime() > options.staleAfterMs
    const at = progressAt.toISOString()
    if (isOver(progressAt))
      return { since: progressAt, title: `No new block of ${chain.name} since ${at}: nothing is being watched there` }
    if (behindSince && isOver(behindSince))
      return { since: behindSince, title: `${chain.name} is judged too late: the watch lags behind the chain` }
    return undefined
  }

  async function tellIfStale(): Promise<void> {
    const head = chain.head()
    const lagMs = head && cursor ? head.timestamp.getTime() - cursor.timestamp.getTime() : 0
    // A catch-up after a start is no cause for alarm, unless it takes as long as that.
    behindSince = lagMs > options.staleAfterMs ? (behindSince ?? clock.now()) : undefined
    const stale = staleness()
    if (!stale) staleTold = false
    if (!stale || staleTold) return
    staleTold = true
    const silence = lagMs > 0 ? 'blocks come faster than they are judged' : 'no endpoint tells of a new block'
    const facts = [
      { label: 'Chain', value: chain.name },
      { label: 'Last block judged', value: cursor ? `${cursor.number} (${cursor.hash})` : 'none yet' },
      ...(lagMs > 0
        ? [{ label: 'Head of the chain', value: `${head?.number}, ${Math.round(lagMs / 1_000)} s on` }]
        : []),
      { label: 'Since', value: stale.since.toISOString() },
      { label: 'Problem', value: problem ?? silence },
    ]
    await context
      .announce(database, {
        kind: 'alert',
        key: `stale:${chain.key}:${stale.since.toISOString()}`,
        severity: 'P2',
        incidentId: null,
        title: stale.title,
        facts,
        path: '/',
      })
      .catch((thrown: unknown) => {
        staleTold = false
        log.error({ chain: chain.name, error: Errors.messageOf(thrown) }, 'could not tell that the chain is stale')
      })
  }
}
