/** What commands print: for people by default, one JSON object as the last line with `--json`; errors with their remedy. */
import type * as Schemas from '../api/contract/Schemas.ts'
import * as Amount from '../base/Amount.ts'
import * as Errors from '../base/Errors.ts'
import * as Json from '../base/Json.ts'

/** Writes a line to standard output. */
export function line(text = ''): void {
  process.stdout.write(`${text}\n`)
}

/** Writes one JSON object on a line of its own; bigints as decimal text. */
export function json(value: unknown): void {
  line(JSON.stringify(Json.plain(value)))
}

/** Rows in columns that fit their widest cell. */
export function table(rows: readonly (readonly string[])[]): void {
  const widths = rows.reduce<number[]>(
    (widest, row) => row.map((cell, index) => Math.max(widest[index] ?? 0, cell.length)),
    [],
  )
  for (const row of rows)
    line(row.map((cell, index) => (index === row.length - 1 ? cell : cell.padEnd(widths[index] ?? 0))).join('  '))
}

/** Tells an error and sets the exit status by who can mend it. What is not ours shows its stack, because it is a bug. */
export function fail(thrown: unknown, asJson: boolean): void {
  const remedy = Errors.remedyOf(thrown)
  process.exitCode = Errors.exitCodes[remedy]
  if (asJson) {
    const { name, facts, advice } =
      thrown instanceof Errors.BaseError ? thrown : { name: 'InternalError', facts: {}, advice: undefined }
    json({ error: name, message: Errors.messageOf(thrown), remedy, facts, advice: advice ?? null })
    return
  }
  process.stderr.write(
    `${thrown instanceof Errors.BaseError ? thrown.message : thrown instanceof Error ? thrown.stack : String(thrown)}\n`,
  )
}

/** What left the system since its incident began. */
export function losses({ losses }: Schemas.IncidentSummary): string {
  return losses.map((loss) => Amount.format({ ...loss, units: BigInt(loss.units) })).join(', ') || 'nothing measured'
}
