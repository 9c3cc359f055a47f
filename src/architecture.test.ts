/** The rules of the source tree, checked by reading its imports. ARCHITECTURE.md says why they are as they are. */
import { globSync, readFileSync } from 'node:fs'
import { basename, dirname, join, relative, resolve } from 'node:path'
import { expect, test } from 'vitest'

/** A file imports from its own folder or from a lower rank; folders of the same rank never meet. */
const ranks = [
  ['base'],
  ['store'],
  ['chain'],
  ['detector'],
  ['alert'],
  ['incident'],
  ['playbook'],
  ['response', 'forensics', 'impact', 'comms', 'regulation'],
  ['api'],
  ['server'],
  ['drill'],
  ['cli'],
]
/** What turns a secret into a key of a chain: functions of viem, and modules of ox and of the curves. */
const keyNames =
  /\b(privateKeyToAccount|mnemonicToAccount|hdKeyToAccount|generatePrivateKey)\b|\b(Keystore|Secp256k1|Mnemonic|HdKey)\.\w/
const keyModules = /^(ox\/(core\/)?(Keystore|Secp256k1|Mnemonic|HdKey)|@noble\/curves.*|@scure\/bip.*)$/
const forbiddenFolders = /^(utils?|helpers?|common|shared|misc|services?|models?|types?|managers?)$/i
const forbiddenNames = /(Utils?|Helpers?|Service|Manager|Models?|Types?)\.tsx?$/

const root = join(import.meta.dirname, '..')
const files = globSync('{src,console/app,test}/**/*.{ts,tsx}', { cwd: root }).sort()
const sources = files.filter((file) => file.startsWith('src/') && !isTest(file))
const texts = new Map(files.map((file) => [file, readFileSync(join(root, file), 'utf8')]))
const imports = new Map(files.map((file) => [file, importsOf(file)]))

test('a file imports from its own folder or from a lower rank', () => {
  const unranked = sources.filter((file) => folder(file) && rank(file) === -1)
  const upward = edges(sources).filter(
    ([from, to]) => folder(from) && folder(from) !== folder(to) && rank(to) >= rank(from),
  )
  expect({ unranked, upward }).toEqual({ unranked: [], upward: [] })
})

test('no file imports itself through others', () => {
  const done = new Set<string>()
  const cycleFrom = (file: string, path: readonly string[]): readonly string[] | undefined => {
    if (path.includes(file)) return [...path.slice(path.indexOf(file)), file]
    if (done.has(file)) return undefined
    for (const next of ours(file)) {
      const cycle = cycleFrom(next, [...path, file])
      if (cycle) return cycle
    }
    done.add(file)
    return undefined
  }
  expect(files.map((file) => cycleFrom(file, [])).find((cycle) => cycle)).toBeUndefined()
})

test('a file is short, near the top, and named after what it holds', () => {
  const lines = (file: string) => (texts.get(file) as string).split('\n').length - 1
  expect({
    long: files.filter((file) => lines(file) > (isTest(file) ? 800 : 400) && !file.includes('/generated/')),
    deep: files.filter((file) => file.startsWith('src/') && file.split('/').length > 4),
    vague: files.filter((file) =>
      dirname(file)
        .split('/')
        .some((part) => forbiddenFolders.test(part)),
    ),
    suffixed: files.filter((file) => forbiddenNames.test(file)),
    barrels: files.filter((file) => basename(file) === 'index.ts' && file !== 'src/index.ts'),
  }).toEqual({ long: [], deep: [], vague: [], suffixed: [], barrels: [] })
})

test('a camelCase file exports exactly one value, of its own name, beside the errors that it throws', () => {
  const named = sources.filter((file) => /^[a-z]/.test(basename(file)) && !/\/(index|main)\.ts$/.test(file))
  const wrong = named
    .map((file) => [file, ...values(file)])
    .filter(([file = '', ...rest]) => rest.join() !== basename(file, '.ts'))
  expect(wrong).toEqual([])
})

test('the console knows the server by its contract alone, and the contract runs in a browser', () => {
  const strangers = edges(files.filter((file) => file.startsWith('console/'))).filter(
    ([, to]) => !to.startsWith('console/') && !to.startsWith('src/api/contract/'),
  )
  const contract = new Set(sources.filter((file) => file.startsWith('src/api/contract/')))
  for (const file of contract) for (const next of ours(file)) contract.add(next)
  const native = [...contract].filter((file) => imports.get(file)?.some((name) => name.startsWith('node:')))
  expect({ strangers, native }).toEqual({ strangers: [], native: [] })
})

test('only the response, and a drill on its own chain, touches keys of a chain', () => {
  const others = sources.filter((file) => !['response', 'drill'].includes(folder(file)))
  const touching = others.filter(
    (file) => keyNames.test(texts.get(file) as string) || imports.get(file)?.some((name) => keyModules.test(name)),
  )
  expect(touching).toEqual([])
})

test('which folder knows which', () => {
  const known = ranks.flat().map((from) => {
    const pairs = edges(sources.filter((file) => folder(file) === from))
    const to = ranks.flat().filter((name) => name !== from && pairs.some(([, file]) => folder(file) === name))
    return `${from}: ${to.join(' ')}`.trim()
  })
  expect(known).toMatchInlineSnapshot(`
    [
      "base:",
      "store: base",
      "chain: base store",
      "detector: base store chain",
      "alert: base store detector",
      "incident: base store detector alert",
      "playbook: base store chain detector incident",
      "response: base chain playbook",
      "forensics:",
      "impact: base store chain",
      "comms: base incident",
      "regulation:",
      "api: base store chain alert incident playbook impact",
      "server: base store chain detector alert incident playbook impact comms api",
      "drill: base chain detector response api server",
      "cli: base chain playbook response api server drill",
    ]
  `)
})

function isTest(file: string): boolean {
  return /\.test\.tsx?$/.test(file) || file.startsWith('test/')
}

/** The folder below `src`; empty for `src/index.ts`. */
function folder(file: string): string {
  const [top, name, ...rest] = file.split('/')
  return top === 'src' && rest.length > 0 && name ? name : ''
}

function rank(file: string): number {
  return ranks.findIndex((folders) => folders.includes(folder(file)))
}

/** What a file imports: names of packages, and files of ours as paths from the root. Types count as well. */
function importsOf(file: string): string[] {
  const code = (texts.get(file) as string).replaceAll(/^\s*(\/\/|\/?\*).*$/gm, '')
  const pattern = /(?:^|[^.\w])(?:import|export)\s*\(?(?:type\s)?(?:[\w\s{},*$]*?\sfrom\s*)?\s*['"]([^'"\n]+)['"]/g
  return [...code.matchAll(pattern)].map(([, name = '']) =>
    name.startsWith('.') ? relative(root, resolve(root, dirname(file), name)) : name,
  )
}

function ours(file: string): string[] {
  return (imports.get(file) ?? []).filter((name) => imports.has(name))
}

function edges(from: readonly string[]): (readonly [string, string])[] {
  return from.flatMap((file) => ours(file).map((to) => [file, to] as const))
}

function values(file: string): string[] {
  const declared = /^export (?:default )?(?:async )?(?:const|let|function\*?|class) (\w+)/gm
  const names = [...(texts.get(file) as string).matchAll(declared)].map(([, name = '']) => name)
  return names.filter((name) => !name.endsWith('Error'))
}
