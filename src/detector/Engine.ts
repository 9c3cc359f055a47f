/** Runs detectors over a block: resolves their inputs, folds their state, and never lets an error pass in silence. */
import * as Errors from '../base/Errors.ts'
import * as Id from '../base/Id.ts'
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

/**
 * Evaluates the last of `window` with every detector. In the pending stage only detectors that ask for pending
 * transactions run, and no state changes.
 *
 * An error inside a detector becomes a P3 finding that names the detector, its state stays as it was, and the others run.
 */
export function evaluate(
  detectors: readonly Detector.Any[],
  window: readonly Facts.Facts[],
  states: States,
  context: Context,
): Evaluation {
  const facts = window.at(-1)
  if (!facts) return { findings: [], states: new Map() }
  const findings: Finding.Finding[] = []
  const changed = new Map<string, unknown>()
  for (const detector of detectors) {
    if (
      facts.stage === 'pending' &&
      !Object.values(detector.inputs as Detector.Inputs).some((input) => input.demand.pending)
    )
      continue
    const previous = states.has(detector.name) ? states.get(detector.name) : detector.initial
    const seal = (draft: Finding.Draft) => complete(detector, facts, draft, context)
    try {
      const recent = window.slice(-(detector.window ?? 1))
      const blocks = recent.map((past, index) =>
        look(
          detector,
          past,
          (problem) => index === recent.length - 1 && findings.push(seal(failure(detector, problem))),
        ),
      )
      const block = blocks.at(-1)
      if (!block) continue
      const outcome = detector.evaluate({ block, blocks, state: previous })
      for (const draft of outcome.findings) findings.push(seal(draft))
      if (facts.stage === 'included' && outcome.state !== previous) changed.set(detector.name, outcome.state)
    } catch (thrown) {
      const { facts: values = {} } = thrown instanceof Errors.BaseError ? thrown : {}
      findings.push(
        seal(
          failure(detector, {
            key: 'evaluate',
            message: Errors.messageOf(thrown),
            values: JSON.parse(Id.canonical(values)),
          }),
        ),
      )
    }
  }
  return { findings, states: changed }
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
    values: { problem: problem.message, ...problem.values },
  }
}

function complete(
  detector: Detector.Any,
  { block, stage }: Facts.Facts,
  draft: Finding.Draft,
  context: Context,
): Finding.Finding {
  const placed = {
    chain: block.chain,
    blockHash: block.hash,
    stage,
    detector: detector.name,
    detectorVersion: detector.version,
  } as const
  return {
    ...placed,
    id: Finding.identify(placed, draft.key),
    deploymentId: context.deploymentId,
    ruleSetVersion: context.ruleSetVersion,
    blockNumber: block.number,
    transactionHash: draft.transactionHash,
    system: detector.system,
    subject: Caip.account(block.chain, draft.subject),
    actors: (draft.actors ?? []).map((address) => Caip.account(block.chain, address)),
    severity: draft.severity,
    confidence: draft.confidence,
    sentence: draft.sentence,
    isError: draft.isError ?? false,
    values: draft.values,
    foundAt: context.now,
  }
}
