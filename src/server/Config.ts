/** The configuration: one typed object, and every mistake in it told with its path and what to write instead. */
import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { type Address, getAddress, isAddress } from 'viem'
import { z } from 'zod'
import * as Errors from '../base/Errors.ts'
import type * as Channel from '../comms/Channel.ts'
import type * as Detector from '../detector/Detector.ts'
import type * as Playbook from '../playbook/Playbook.ts'

const address = z
  .string()
  .refine((text) => isAddress(text, { strict: false }), 'is not an address: write 0x and 40 hexadecimal digits')
  .refine(
    (text) =>
      !isAddress(text, { strict: false }) || !/[A-F]/.test(text) || !/[a-f]/.test(text.slice(2)) || isAddress(text),
    'has a wrong checksum: a digit was mistyped, copy it again',
  )
  .transform((text) => getAddress(text.toLowerCase()) as Address)
const name = z.string().regex(/^[a-z][a-z0-9-]{0,49}$/, 'is not a name: use lower-case letters, digits and dashes')
const duration = z.string().regex(/^\d+(\.\d+)?(ms|s|m|h|d)$/, 'is not a duration: write for example 90s, 15m or 2h')
const endpoint = z.union([
  z.string().regex(/^(wss?|https?):\/\/./, 'is not an endpoint: write a URL that begins with ws, wss, http or https'),
  z.strictObject({ env: z.string().min(1) }),
])

const chain = z.strictObject({
  /** CAIP-2, for example `eip155:1`. */
  id: z.string().regex(/^eip155:\d+$/, 'is not an EVM chain by CAIP-2: write for example eip155:1'),
  /** In order of preference; or the environment variable that holds one. */
  rpc: z.array(endpoint).min(1, 'needs at least one endpoint'),
  /** Hash of block 0. Learnt from the first endpoint and then fixed, where it is left out. */
  genesisHash: z
    .string()
    .regex(/^0x[0-9a-fA-F]{64}$/, 'is not a block hash')
    .optional(),
  /** First block to judge on a fresh database. `latest` if left out. */
  start: z.union([z.literal('latest'), z.bigint()]).optional(),
  /** Without a new block for so long, people are told. `2m` if left out. */
  staleAfter: duration.optional(),
  /** `false` for chains whose headers hold no true bloom filter. */
  checkBloom: z.boolean().optional(),
})

const system = z.strictObject({
  chain: name,
  address,
  /** What people call it. */
  label: z.string().min(1).max(60).optional(),
  /** Whose amounts are watched block by block, to see whether the system is bleeding. */
  assets: z
    .array(z.strictObject({ address, symbol: z.string().min(1).max(20), decimals: z.number().int().min(0).max(77) }))
    .optional(),
})

const person = z.strictObject({
  id: name,
  name: z.string().min(1),
  roles: z.array(name).min(1, 'needs at least one role'),
  address,
})

const policy = z.strictObject({
  allow: z.array(
    z.strictObject({
      chain: name,
      target: address,
      functions: z
        .array(z.string().regex(/^\w+\(.*\)$/, 'is not a function: write its signature, for example pause()'))
        .min(1),
    }),
  ),
  maxWeiPerTransaction: z.bigint().positive(),
})

/** What is inside values that are checked as they are, without being copied. */
const shapes = new Map<z.core.$ZodType, z.ZodType>()

/** A value made by a function of the library. It is looked into and handed on as it is, methods and all. */
function made<value>(what: string, key: string, shape: z.ZodType = z.looseObject({})) {
  const type = z.custom<value>().superRefine((value, context) => {
    if (typeof value !== 'object' || value === null || !(key in value))
      return context.addIssue(`is no ${what}: make it with one of the functions of 'firebreak'`)
    for (const issue of shape.safeParse(value, { reportInput: true }).error?.issues ?? [])
      context.addIssue(issue as Parameters<typeof context.addIssue>[0])
  })
  shapes.set(type, shape)
  return type
}

const text = z.string().min(1, 'is empty: write a name')
const detector = z.looseObject({
  name: text,
  version: text,
  chain: text,
  system: text,
  evaluate: z.custom((value) => typeof value === 'function', {
    error: 'is no function: write one that takes a view and returns { state, findings }',
  }),
})
const isProbability = 'is no probability: write a number from 0 to 1'
const when = z.strictObject({
  system: text,
  severity: z.enum(['P1', 'P2'], {
    error: 'is no severity that starts a playbook: write P1 or P2, because only those open incidents',
  }),
  confidence: z.number().min(0, isProbability).max(1, isProbability).optional(),
  detectors: z.array(text).min(1, 'is empty: name at least one detector, or leave it out to mean any').optional(),
  pending: z.boolean().optional(),
})
const approval = z.strictObject({
  role: name,
  people: z.number().int('is no count: write a whole number').min(1, 'is too few: write 1 or more'),
  within: duration,
})
const attempt = z.strictObject({
  name: text,
  action: made<Playbook.Attempt['action']>('action', 'precondition'),
  by: made<Playbook.Attempt['by']>('authority', 'carry'),
  approval: approval.optional(),
  confirmWithin: duration.optional(),
})
const playbook = z.strictObject({ name: text, when, attempts: z.array(attempt).min(1, 'needs at least one attempt') })

const schema = z.strictObject({
  /** Who runs this installation. */
  organisation: z.string().min(1).max(100),
  chains: z.record(name, chain).refine((chains) => Object.keys(chains).length > 0, 'needs at least one chain'),
  systems: z.record(name, system),
  /** Names for other accounts, by address. */
  labels: z.record(address, z.string().max(60)).optional(),
  detectors: z.array(made<Detector.Any>('detector', 'evaluate', detector)),
  people: z.array(person).optional(),
  policy: policy.optional(),
  playbooks: z.array(made<Playbook.Playbook>('playbook', 'attempts', playbook)).optional(),
  channels: z.record(name, made<Channel.Channel>('channel', 'deliver')).optional(),
  /** Where the console and the API listen. 127.0.0.1 and 4700 if left out. */
  server: z
    .strictObject({
      host: z.string().optional(),
      port: z.number().int().min(0).max(65_535).optional(),
      publicUrl: z.url().optional(),
    })
    .optional(),
})

/** What one writes. */
export type Input = z.input<typeof schema>
/** What Firebreak works with: checked, addresses with their checksums. */
export type Config = z.output<typeof schema>

/** Declares a configuration; its only work is to give editors the types. */
export function define(config: Input): Input {
  return config
}

/** Checks a configuration. Throws `InvalidConfigError` with every mistake at once. */
export function check(input: unknown, source = 'the configuration'): Config {
  const parsed = schema.safeParse(input, { reportInput: true })
  if (!parsed.success) throw new InvalidConfigError(source, parsed.error.issues.flatMap(describe))
  const mistakes = crossCheck(parsed.data)
  if (mistakes.length > 0) throw new InvalidConfigError(source, mistakes)
  return parsed.data
}

/** Loads the default export of a TypeScript or JavaScript file and checks it. */
export async function load(path: string): Promise<Config> {
  const file = resolve(path)
  if (!existsSync(file)) throw new MissingConfigError(file)
  let loaded: { default?: unknown }
  try {
    loaded = await import(pathToFileURL(file).href)
  } catch (cause) {
    throw cause instanceof Errors.BaseError ? cause : new UnreadableConfigError(file, cause)
  }
  if (loaded.default === undefined)
    throw new InvalidConfigError(file, ['the file has no default export: write `export default defineConfig({ … })`'])
  return check(loaded.default, file)
}

/** The value of an endpoint or of the environment variable that holds it. */
export function endpointUrl(reference: string | { readonly env: string }): string {
  if (typeof reference === 'string') return reference
  const value = process.env[reference.env]
  if (!value)
    throw new InvalidConfigError('the environment', [
      `${reference.env} is not set; it should hold the URL of an endpoint`,
    ])
  return value
}

function describe(issue: z.core.$ZodIssue): string[] {
  const path = issue.path.map(String).join('.') || 'the configuration'
  if (issue.code === 'unrecognized_keys')
    return issue.keys.map(
      (key) => `${[...issue.path, key].map(String).join('.')} is not known${suggest(key, issue.path)}`,
    )
  if (issue.code === 'invalid_type')
    return [
      `${path} ${issue.input === undefined ? 'is missing' : `is ${article(typeof issue.input)}`}: write ${article(issue.expected)}`,
    ]
  if (issue.code === 'invalid_union') return [`${path} is of no form that fits here`]
  if (issue.code === 'invalid_key') return [`${path} ${issue.issues[0]?.message ?? 'is not a name'}`]
  return [`${path} ${issue.message}`]
}

function article(type: string): string {
  return /^[aeio]/.test(type) ? `an ${type}` : `a ${type}`
}

/** The known key that a mistyped one most resembles. */
function suggest(key: string, path: readonly PropertyKey[]): string {
  const known = keysAt(path)
  const near = known
    .map((candidate) => ({ candidate, distance: editDistance(key.toLowerCase(), candidate.toLowerCase()) }))
    .sort((a, b) => a.distance - b.distance)[0]
  if (near && near.distance <= Math.max(2, key.length / 3)) return `: did you mean ${near.candidate}?`
  return known.length > 0 ? `: write one of ${known.join(', ')}` : ''
}

/** The keys that an object at a path may have. */
function keysAt(path: readonly PropertyKey[]): string[] {
  let at: z.core.$ZodType | undefined = schema
  for (const key of path) {
    at = bare(at)
    if (at instanceof z.ZodObject) at = at.shape[String(key)]
    else if (at instanceof z.ZodArray) at = at.element
    else if (at instanceof z.ZodRecord) at = at.valueType
    else return []
  }
  const found = bare(at)
  return found instanceof z.ZodObject ? Object.keys(found.shape) : []
}

function bare(type: z.core.$ZodType | undefined): z.core.$ZodType | undefined {
  if (type instanceof z.ZodOptional) return bare(type.unwrap())
  return (type && shapes.get(type)) ?? type
}

function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index)
  for (const [i, letter] of [...a].entries()) {
    const next = [i + 1]
    for (const [j, other] of [...b].entries())
      next.push(Math.min((next[j] ?? 0) + 1, (row[j + 1] ?? 0) + 1, (row[j] ?? 0) + (letter === other ? 0 : 1)))
    row = next
  }
  return row.at(-1) ?? 0
}

/** What no single field can say: names that must exist, names that must differ, quorums that people can reach. */
function crossCheck(config: Config): string[] {
  const { chains, systems, detectors, playbooks = [], people = [], policy } = config
  const mistakes: string[] = [...sharedChains(config)]
  const chainNames = Object.keys(chains)
  const knowsChain = (path: string, chain: string) =>
    chainNames.includes(chain) ||
    mistakes.push(`${path} names the chain "${chain}", which is not in chains: write one of ${chainNames.join(', ')}`)
  const knowsSystem = (path: string, system: string) =>
    Object.hasOwn(systems, system) ||
    mistakes.push(
      `${path} names the system "${system}", which is not in systems: write one of ${Object.keys(systems).join(', ')}`,
    )
  for (const [key, { chain }] of Object.entries(systems)) knowsChain(`systems.${key}.chain`, chain)
  for (const [index, { chain, system, name }] of detectors.entries()) {
    knowsChain(`detectors.${index} (${name})`, chain)
    knowsSystem(`detectors.${index} (${name})`, system)
  }
  for (const name of repeated(detectors.map(({ name }) => name)))
    mistakes.push(`detectors has two of the name "${name}": give one of them a \`name\` of its own`)
  for (const name of repeated(playbooks.map(({ name }) => name)))
    mistakes.push(`playbooks has two of the name "${name}": give one of them another name`)
  for (const id of repeated(people.map(({ id }) => id)))
    mistakes.push(`people has two of the id "${id}": give one of them another id`)
  for (const own of repeated(people.map(({ address }) => address)))
    mistakes.push(`people has two with the address ${own}: a signature must say who signed`)
  if (playbooks.length > 0 && !policy)
    mistakes.push(
      'policy is missing: playbooks may do nothing without one; list the contracts and functions they may call',
    )
  for (const { name, when, attempts } of playbooks) {
    knowsSystem(`playbook "${name}", when.system`, when.system)
    const able = detectors.filter(({ system }) => system === when.system).map((detector) => detector.name)
    for (const wanted of when.detectors ?? [])
      if (!able.includes(wanted))
        mistakes.push(
          `playbook "${name}", when.detectors names "${wanted}", which is no detector of the system "${when.system}": ${able.length > 0 ? `write one of ${able.join(', ')}` : 'list one in detectors first'}`,
        )
    for (const attempt of repeated(attempts.map(({ name }) => name)))
      mistakes.push(`playbook "${name}" has two attempts of the name "${attempt}": give one of them another name`)
    for (const attempt of attempts) {
      knowsChain(`playbook "${name}", attempt "${attempt.name}"`, attempt.action.chain)
      const { approval } = attempt
      const able = approval ? people.filter(({ roles }) => roles.includes(approval.role)).length : 0
      if (approval && able < approval.people)
        mistakes.push(
          `playbook "${name}", attempt "${attempt.name}" asks for ${approval.people} of role "${approval.role}", but people has ${able}: add people with that role, or ask for fewer`,
        )
    }
  }
  return mistakes
}

/** Chains with one id are told apart by their genesis alone; without one they would share a cursor. */
function sharedChains({ chains }: Config): string[] {
  const all = Object.entries(chains)
  return all.flatMap(([name, { id, genesisHash }], index) =>
    all.slice(0, index).flatMap(([other, before]) => {
      const differ = genesisHash && before.genesisHash && genesisHash.toLowerCase() !== before.genesisHash.toLowerCase()
      if (before.id !== id || differ) return []
      return `chains.${name} has the id of chains.${other}, ${id}, so that both would share one cursor: keep one of them, or give each the genesisHash that is its own`
    }),
  )
}

function repeated(names: readonly string[]): string[] {
  return [...new Set(names.filter((name, index) => names.indexOf(name) !== index))]
}

export class InvalidConfigError extends Errors.BaseError {
  override readonly name = 'Config.InvalidConfigError'
  readonly mistakes: readonly string[]
  constructor(source: string, mistakes: readonly string[]) {
    super(
      `${mistakes.length === 1 ? 'A mistake' : `${mistakes.length} mistakes`} in ${source}:\n${mistakes.map((mistake) => `  - ${mistake}`).join('\n')}`,
      { remedy: 'config' },
    )
    this.mistakes = mistakes
  }
}

export class MissingConfigError extends Errors.BaseError {
  override readonly name = 'Config.MissingConfigError'
  constructor(file: string) {
    super(`There is no configuration at ${file}.`, {
      remedy: 'config',
      advice: 'Write one as in examples/vault/firebreak.config.ts, or name another file with --config.',
    })
  }
}

export class UnreadableConfigError extends Errors.BaseError {
  override readonly name = 'Config.UnreadableConfigError'
  constructor(file: string, cause: unknown) {
    super(`The configuration ${file} cannot be loaded.`, {
      remedy: 'config',
      cause,
      advice:
        'It is read as an ES module: put `"type": "module"` into package.json beside it, or name it firebreak.config.mts.',
    })
  }
}
