/** Runs detectors over a block: resolves their inputs, folds their state, and never lets an error pass in silence. */
import { isAddress } from 'viem'
import * as Errors from '../base/Errors.ts'
import * as Id from '../base/Id.ts'
import * as Json from '../base/Json.ts'
import * as Caip from '../chain/Caip.ts'
import type * as Facts from '../chain/Facts.ts'
import type * as Detector from './Detector.ts'
import * as Finding from './Finding.ts'

export type Context = {
  readonly deploymentId: string
  readonly ruleSetVersion: string
  readonly now: Date
}

/** State of each detector by name, as of one block. */
export type States = ReadonlyMap<string, unknown>

export type Evaluation = {
  readonly findings: readonly Finding.Finding[]
  /** Of the detectors whose state changed, and only in blocks. */
  readonly states: States
}

/** The version of a set of detectors: changes whenever any verdict could. */
export function ruleSetVersion(detectors: readonly Detector.Any[]): string {
  const described = detectors.map(({ name, version, chain, system, window, parameters }) => ({
    name,
    version,
    chain,
    system,
    window,
    parameters,
  }))
  return Id.sha256(Id.canonical(described.sort((a, b) => (a.name < b.name ? -1 : 1)))).slice(0, 16)
}

/** Under which the state of a detector is kept: one of another version, or for other parameters, is not its state. */
export function stateVersion({ version, parameters }: Pick<Detector.Any, 'version' | 'parameters'>): string {
  return Id.sha256(Id.canonical({ version, parameters })).slice(0, 16)
}

/** Most findings of a block that are kept, shared among the detectors: more than that is a detector gone wrong. */
const mostFindings = 3_000
/** Longest sentence that is kept. */
const mostLetters = 2_000

/**
 * Evaluates the last of `window` with every detector. In the pending stage only detectors that ask for pending
 * transactions run, and no state changes.
 *
 * An error inside a detector becomes a P3 finding that names the detector, its state stays as it was, and the others run.
 * So does a finding or a state that cannot be kept: nothing that a detector returns holds up the chain. Of findings with
 * one identifier the gravest is kept.
 */
export function evaluate(
  detectors: readonly Detector.Any[],
  window: readonly Facts.Facts[],
  states: States,
  context: Context,
): Evaluation {
  const facts = window.at(-1)
  if (!facts) return { findings: [], states: new Map() }
  const findings = new Map<string, Finding.Finding>()
  const changed = new Map<string, unknown>()
  const most = Math.ceil(mostFindings / detectors.length)
  for (const detector of detectors) {
    if (
      facts.stage === 'pending' &&
      !Object.values(detector.inputs as Detector.Inputs).some((input) => input.demand.pending)
    )
      continue
    const previous = states.has(detector.name) ? states.get(detector.name) : detector.initial
    const own = new Map<string, Finding.Finding>()
    const add = (finding: Finding.Finding) => {
      const same = own.get(finding.id)
      if (!same || Finding.compareSeverity(finding.severity, same.severity) < 0) own.set(finding.id, finding)
    }
    const fail = (problem: Parameters<Detector.Report>[0]) =>
      add(complete(detector, facts, failure(detector, problem), context))
    try {
      const recent = window.slice(-(detector.window ?? 1))
      const blocks = recent.map((past, index) =>
        look(detector, past, (problem) => index === recent.length - 1 && fail(problem)),
      )
      const block = blocks.at(-1)
      if (!block) continue
      const outcome = detector.evaluate({ block, blocks, state: previous })
      if (outcome instanceof Promise) throw new AsynchronousError(outcome)
      for (const [index, draft] of [...outcome.findings].entries())
        try {
          add(complete(detector, facts, draft, context))
        } catch (thrown) {
          fail({ key: `finding:${index}`, message: tell(thrown) })
        }
      if (facts.stage === 'included' && outcome.state !== previous) {
        keepable('Its state', outcome.state)
        changed.set(detector.name, outcome.state)
      }
    } catch (thrown) {
      fail({ key: 'evaluate', message: tell(thrown), values: factsOf(thrown) })
    }
    const kept = [...own.values()]
    if (kept.length > most) {
      const message = `It made ${kept.length} findings of one block; the gravest ${most - 1} are kept.`
      kept.sort((a, b) => Finding.compareSeverity(a.severity, b.severity)).splice(most - 1)
      kept.push(complete(detector, facts, failure(detector, { key: 'too many', message }), context))
    }
    for (const finding of kept) findings.set(finding.id, finding)
  }
  return { findings: [...findings.values()], states: changed }
}

function look(detector: Detector.Any, facts: Facts.Facts, report: Detector.Report): Detector.Sight<Detector.Inputs> {
  const { number, hash, parentHash, timestamp, transactions } = facts.block
  const inputs = Object.fromEntries(
    Object.entries(detector.inputs as Detector.Inputs).map(([name, input]) => [name, input.resolve(facts, report)]),
  )
  return { number, hash, parentHash, timestamp, transactions, stage: facts.stage, inputs }
}

function failure(detector: Detector.Any, problem: Parameters<Detector.Report>[0]): Finding.Draft {
  return {
    key: `error:${problem.key}`,
    isError: true,
    severity: 'P3',
    confidence: 1,
    sentence: `Detector ${detector.name} could not judge this block: ${problem.message}`,
    subject: '0x0000000000000000000000000000000000000000',
    values: { problem: problem.message, ...whatIsKeepable(problem.values) },
  }
}

/** The finding that a draft becomes. Throws a `DraftError` where it could not be kept or would mislead. */
function complete(
  detector: Detector.Any,
  { block, stage }: Facts.Facts,
  draft: Finding.Draft,
  context: Context,
): Finding.Finding {
  const { key, subject, actors = [], transactionHash, severity, confidence, sentence, values } = draft
  const must = (holds: boolean, what: string) => {
    if (!holds) throw new DraftError(what)
  }
  must(typeof key === 'string' && key !== '', 'its key is no text')
  must(Finding.severities.includes(severity), 'its severity is none of P1 to P5')
  must(typeof confidence === 'number' && confidence >= 0 && confidence <= 1, 'its confidence is not between 0 and 1')
  must(typeof sentence === 'string' && sentence !== '', 'it has no sentence')
  must(isAddress(subject, { strict: false }), 'its subject is no address')
  must(Array.isArray(actors) && actors.every((actor) => isAddress(actor, { strict: false })), 'an actor is no address')
  must(transactionHash === undefined || /^0x[0-9a-fA-F]{64}$/.test(transactionHash), 'its transaction hash is none')
  must(typeof values === 'object' && values !== null && !Array.isArray(values), 'it has no values')
  keepable('Its values', values)
  const placed = {
    chain: block.chain,
    blockHash: block.hash,
    stage,
    detector: detector.name,
    detectorVersion: detector.version,
  } as const
  return {
    ...placed,
    id: Finding.identify(placed, key),
    deploymentId: context.deploymentId,
    ruleSetVersion: context.ruleSetVersion,
    blockNumber: block.number,
    transactionHash,
    system: detector.system,
    subject: Caip.account(block.chain, subject),
    actors: actors.map((address) => Caip.account(block.chain, address)),
    severity,
    confidence,
    sentence: Json.clean(sentence.slice(0, mostLetters)),
    isError: draft.isError === true,
    values,
    foundAt: context.now,
  }
}

/** In the text of JSON: a NUL or a lone surrogate in a key (in values they are replaced), or a bigint that is none. */
const unkeepable = /(?<!\\)(?:\\\\)*\\u(?:0000|d[89a-f])|"\$int":(?!"-?\d+"[,}])/

/** Throws where the database could not take a value, or could not give it back. */
function keepable(what: string, value: unknown): void {
  let text: string
  try {
    text = Json.stringify({ value })
  } catch (cause) {
    throw new DraftError(`${what} cannot be written as JSON (${tell(cause)})`)
  }
  if (unkeepable.test(text)) throw new DraftError(`${what} cannot be kept: a key holds a NUL, or \`$int\` no integer`)
}

function whatIsKeepable(values: Finding.Draft['values'] = {}): Finding.Draft['values'] {
  try {
    keepable('The facts', values)
    return values
  } catch {
    return {}
  }
}

/** The facts of one of our errors, without bigints and whatever else is no JSON. */
function factsOf(thrown: unknown): Finding.Draft['values'] {
  try {
    return thrown instanceof Errors.BaseError ? JSON.parse(Id.canonical(thrown.facts)) : {}
  } catch {
    return {}
  }
}

/** What was thrown, which may be anything, even what cannot be told. */
function tell(thrown: unknown): string {
  try {
    return Errors.messageOf(thrown).slice(0, mostLetters)
  } catch {
    return 'something was thrown that is no error'
  }
}

export class DraftError extends Errors.BaseError {
  override readonly name = 'Engine.DraftError'
  constructor(what: string) {
    super(`What it returned does not fit: ${what}.`, { remedy: 'config' })
  }
}

export class AsynchronousError extends Errors.BaseError {
  override readonly name = 'Engine.AsynchronousError'
  constructor(promise: Promise<unknown>) {
    // Nobody waits for it; a rejection must not end the process.
    promise.catch(() => undefined)
    super('It returned a promise: `evaluate` must not be asynchronous.', { remedy: 'config' })
  }
}
