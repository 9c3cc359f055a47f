/**
 * Writes docs/reference from the code: commands, configuration, API, errors, states. `npx node scripts/reference.ts`.
 * What it writes is checked by scripts/reference.test.ts, so that no page says what was true last month.
 */
import { spawnSync } from 'node:child_process'
import { globSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { OpenAPIHono } from '@hono/zod-openapi'
import * as Routes from '../src/api/contract/Routes.ts'
import * as Errors from '../src/base/Errors.ts'
import * as Transition from '../src/incident/Transition.ts'

const root = join(import.meta.dirname, '..')
const read = (file: string) => readFileSync(join(root, file), 'utf8')

/** The pages by file name. */
export function pages(): Readonly<Record<string, string>> {
  const made = { cli: cli(), configuration: configuration(), api: api(), errors: errors(), 'incident-states': states() }
  return Object.fromEntries(
    Object.entries(made).map(([name, text]) => [
      `${name}.md`,
      `<!-- Written by scripts/reference.ts. Do not edit. -->\n\n${text.trim()}\n`,
    ]),
  )
}

function cli(): string {
  const help = (...words: string[]): string => {
    const program = [...['--conditions=source', 'src/cli/main.ts'], ...words, '--help']
    const { stdout, stderr } = spawnSync(process.execPath, program, { cwd: root, encoding: 'utf8' })
    if (!stdout) throw new Error(stderr)
    const below = /\nCommands:\n([\s\S]*)/.exec(stdout)?.[1] ?? ''
    const names = [...below.matchAll(/^ {2}(\w+)/gm)].map(([, name = '']) => name).filter((name) => name !== 'help')
    const title = ['firebreak', ...words].join(' ')
    const own = `## ${title}\n\n\`\`\`text\n${stdout.trim()}\n\`\`\`\n`
    return [own, ...names.map((name) => help(...words, name))].join('\n')
  }
  const codes = Object.entries(Errors.exitCodes).sort(([, a], [, b]) => a - b)
  return `# Commands

${help()}
## Exit status

${table(['Status', 'Meaning'], [['0', 'It did what was asked.'], ...codes.map(([remedy, code]) => [code, `\`${remedy}\`: ${remedies[remedy as Errors.Remedy]}`])])}

Every command takes \`--json\`: the last line is then one JSON object, for an error with \`error\`, \`message\`, \`remedy\`, \`facts\` and \`advice\`.`
}

const remedies: Readonly<Record<Errors.Remedy, string>> = {
  bug: 'a mistake in Firebreak.',
  operator: 'the person who asked must do something else or something first.',
  config: 'the configuration or the environment must change.',
  retry: 'it may work the next time.',
}

function configuration(): string {
  const source = read('src/server/Config.ts')
  const names = { schema: 'The whole', chain: 'chains', system: 'systems', person: 'people', policy: 'policy' }
  const sections = Object.entries(names).map(([name, title]) => {
    const body = inside(source, source.indexOf(`const ${name} = z.strictObject(`))
    const rows = fields(body).map(({ name: field, type, comment, isOptional }) => [
      ...[`\`${field}\``, form(type), isOptional ? 'no' : 'yes', comment],
    ])
    return `### ${title}\n\n${table(['Field', 'Form', 'Needed', 'What'], rows)}`
  })
  const made = [...read('src/index.ts').matchAll(/^export \{ (\w+) \} from '\.\/(\S+)'/gm)].map(
    ([, name = '', file = '']) => maker(name, read(`src/${file}`)),
  )
  return `# Configuration

A TypeScript or JavaScript file with a default export made by \`defineConfig\`. \`firebreak check\` tells every mistake at once, each with its path.

## Fields

${sections.join('\n\n')}

## What 'firebreak' offers

Beside these: \`defineConfig\`, \`defineDetector\`, \`definePlaybook\` give types to what one writes, \`parseAbi\` is viem's, and the types of \`Action\`, \`Authority\`, \`Channel\` and \`Detector\` are exported for one's own.

${made.join('\n\n')}`
}

/** The doc comment and the options of one exported function. */
function maker(name: string, source: string): string {
  const pattern = new RegExp(`/\\*\\*((?:(?!\\*/)[\\s\\S])*)\\*/\\nexport function ${name}\\b[\\s\\S]*?\\n\\}`)
  const [whole, comment = ''] = pattern.exec(source) ?? []
  if (!whole) throw new Error(`${name} has no doc comment`)
  const text = comment
    .replace(/@example[\s\S]*/, '')
    .replaceAll(/^ \* ?/gm, '')
    .trim()
  const given = whole.indexOf('options: {')
  const options = given === -1 ? source.search(/^export type Options\b/m) : given
  if (options === -1) return `### ${name}\n\n${text}`
  const from = given === -1 ? source : whole
  const rows = fields(inside(from, options)).map(({ name: option, type, comment: says, isOptional }) => [
    ...[`\`${option}\``, `\`${type}\``, isOptional ? 'no' : 'yes', says],
  ])
  return `### ${name}\n\n${text}\n\n${table(['Option', 'Type', 'Needed', 'What'], rows)}`
}

type Field = {
  readonly name: string
  readonly type: string
  readonly comment: string
  readonly isOptional: boolean
}

/** What stands between the first brace at or after `from` and the one that closes it. */
function inside(text: string, from: number): string {
  const start = text.indexOf('{', from)
  let depth = 0
  for (let index = start; index < text.length; index++) {
    if (text[index] === '{') depth++
    if (text[index] === '}') depth--
    if (depth === 0) return text.slice(start + 1, index)
  }
  return ''
}

/** Fields at the outermost level of an object's body, of a type or of a schema, each with the comment before it. */
function fields(body: string): Field[] {
  const parts = ['']
  let depth = 0
  // A type ends a field with a semicolon or a line, a schema with a comma.
  const separator = /\breadonly /.test(body) ? /^(;|\n(?=\s*(\/\*\*|readonly )))/ : /^,/
  for (const { 0: token, index } of body.matchAll(/\/\*\*[\s\S]*?\*\/|'[^'\n]*'|\/\^(?:\\.|[^/\n])+\/|[\s\S]/g)) {
    if ('([{'.includes(token)) depth++
    if (')]}'.includes(token)) depth--
    if (depth === 0 && separator.test(body.slice(index)) && uncommented(parts.at(-1) ?? '').trim()) parts.push('')
    else parts[parts.length - 1] += token
  }
  return parts.flatMap((part) => {
    const comment = /\/\*\*([\s\S]*?)\*\//.exec(part)?.[1] ?? ''
    const found = /^[\s;]*(?:readonly )?(\w+)(\??)(?::\s*([\s\S]*))?$/.exec(uncommented(part))
    if (!found) return []
    const [, name = '', mark, type = name] = found
    return [
      {
        name,
        isOptional: mark === '?' || /\.optional\(\)/.test(type),
        type: type
          .replace(/ \| undefined\s*$/, '')
          .replaceAll(/\s+/g, ' ')
          .trim(),
        comment: comment.replaceAll(/\s*\n\s*\* ?/g, ' ').trim(),
      },
    ]
  })
}

function uncommented(text: string): string {
  return text.replaceAll(/\/\*\*[\s\S]*?\*\//g, '')
}

/** A form of the schema in words. */
function form(schema: string): string {
  const zod = schema.replace(/^z \./, 'z.')
  const list = /^z\.array\(\s*(.*)/.exec(zod)
  if (list) return `list of ${form(list[1] ?? '')}`
  const record = /^z\.record\([\w.()]+, (.*)/.exec(zod)
  if (record) return `${form(record[1] ?? '')}, by ${zod.startsWith('z.record(name') ? 'name' : 'address'}`
  if (zod.startsWith('z.strictObject(')) {
    const inner = fields(inside(zod, 0)).map(({ name, isOptional }) => `${name}${isOptional ? '?' : ''}`)
    return `\`{ ${inner.join(', ')} }\``
  }
  if (zod.startsWith('z.union(')) return '`latest` or bigint'
  const made = /^made<[^']*'(\w+)'/.exec(zod)?.[1]
  if (made) return made
  const kind = /^z\.(\w+)/.exec(zod)?.[1] ?? /^\w+/.exec(zod)?.[0] ?? ''
  return { string: 'text', endpoint: 'URL or `{ env }`' }[kind] ?? kind
}

function api(): string {
  const app = new OpenAPIHono()
  for (const route of Object.values(Routes)) app.openAPIRegistry.registerPath(route)
  const { paths = {} } = app.getOpenAPI31Document({ openapi: '3.1.0', info: { title: 'Firebreak', version: '1' } })
  const rows = Object.entries(paths)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .flatMap(([path, methods]) =>
      Object.entries(methods as Record<string, { responses: Record<string, { description: string }> }>).map(
        ([method, { responses }]) => [method.toUpperCase(), `\`${path}\``, responses['200']?.description ?? ''],
      ),
    )
  const statuses = Object.entries(Errors.httpStatuses).map(([remedy, status]) => `${remedy} ${status}`)
  return `# API

Every call sends \`Authorization: Bearer <token>\`; \`firebreak token\` prints it. Integers too large for JSON numbers travel as decimal text; times are RFC 3339 in UTC. The running server serves the whole document, with every shape, at \`/api/openapi.json\` without a token.

${table(['Method', 'Path', 'Answer'], rows)}

An error is answered with \`error\` (its name, see [errors](errors.md)), \`message\`, \`remedy\`, \`advice\` and \`facts\`. Status by remedy: ${statuses.join(', ')}; a request of another shape 400, a missing or wrong token 401, what does not exist 404.`
}

function errors(): string {
  const sources = globSync('src/**/*.ts', { cwd: root }).filter((file) => !file.endsWith('.test.ts'))
  const classes = sources.flatMap((file) =>
    read(file)
      .split(/^export class /m)
      .slice(1),
  )
  const rows = classes.flatMap((text) => {
    const body = text.slice(0, text.search(/^\}/m))
    const name = /override readonly name = '([^']+)'/.exec(body)?.[1]
    const remedies = new Set([...body.matchAll(/'(retry|operator|config|bug)'/g)].map(([, remedy]) => remedy))
    return name ? [[`\`${name}\``, [...remedies].join(' or '), message(body.slice(body.indexOf('super(')))]] : []
  })
  return `# Errors

The name is stable: the API, \`--json\` and the log carry it. The remedy says who can mend it; the exit status of a command and the HTTP status follow from it ([commands](cli.md), [API](api.md)).

${table(
  ['Name', 'Remedy', 'Says'],
  rows.sort(([a = ''], [b = '']) => (a < b ? -1 : 1)),
)}`
}

/** The first text in a call of `super`, with an ellipsis for each value that is put in. */
function message(call: string): string {
  const start = call.search(/['`]/)
  if (start === -1 || start > call.indexOf('remedy')) return 'what was found'
  let said = ''
  for (let index = start + 1; index < call.length && call[index] !== call[start]; index++) {
    if (call[index] === '\\') said += call[++index] === 'n' ? ' ' : call[index]
    else if (call.startsWith('${', index)) {
      index += inside(call, index).length + 2
      said += '…'
    } else said += call[index]
  }
  return said
}

function states(): string {
  const edges = Object.entries(Transition.transitions).flatMap(([from, to]) =>
    Object.entries(to).map(([status, edge]) => ({ from, to: status, ...(edge as Transition.Edge) })),
  )
  const exits = ['false_positive', 'duplicate', 'cancelled']
  const rows = edges.map(({ from, to, label, machine, needsReason, guards = [] }) => [
    `\`${from}\``,
    `\`${to}\``,
    label,
    machine ? 'people and the machine' : 'people',
    needsReason ? 'yes' : 'no',
    guards.map((guard) => conditions[guard]).join('; '),
  ])
  return `# States of an incident

What is not in the table cannot happen. Side exits and reopening are left out of the picture.

\`\`\`mermaid
stateDiagram-v2
  [*] --> detected
${edges
  .filter(
    ({ from, to }) =>
      !exits.includes(to) &&
      !exits.includes(from) &&
      !(to === 'active' && Transition.ended.includes(from as Transition.Status)),
  )
  .map(({ from, to, label }) => `  ${from} --> ${to}: ${label}`)
  .join('\n')}
  closed --> [*]
\`\`\`

${table(['From', 'To', 'Move', 'Made by', 'Reason', 'Condition'], rows)}

Ended, so that a new grave alert opens a new incident: ${Transition.ended.map((status) => `\`${status}\``).join(', ')}.`
}

const conditions: Readonly<Record<Transition.Guard, string>> = {
  verified_on_chain: 'a read on chain has proven it at a block',
  contained_before: 'it was proven contained',
  no_run_in_progress: 'no playbook is running for it',
}

/** As the formatter writes tables: cells as wide as the widest of their column. */
function table(head: readonly string[], rows: readonly (readonly (string | number)[])[]): string {
  const cells = [head, ...rows].map((row) => row.map((cell) => String(cell).replaceAll('|', '\\|')))
  const widths = head.map((_, column) => Math.max(3, ...cells.map((row) => row[column]?.length ?? 0)))
  const line = (row: readonly string[], fill = ' ') =>
    `| ${widths.map((width, column) => (row[column] ?? '').padEnd(width, fill)).join(' | ')} |`
  const [first = [], ...rest] = cells.map((row) => line(row))
  return [first, line([], '-'), ...rest].join('\n')
}

if (import.meta.main) {
  mkdirSync(join(root, 'docs/reference'), { recursive: true })
  for (const [name, text] of Object.entries(pages())) writeFileSync(join(root, 'docs/reference', name), text)
}
