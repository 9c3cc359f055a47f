/** What a benchmark takes and gives. */

export type Options = {
  readonly runs: number | undefined
  readonly data: string
  readonly onProgress: (line: string) => void
}
/** Figures are plain numbers; the context says sizes, runs and spread. */
export type Result = {
  readonly figures: Readonly<Record<string, number>>
  readonly context: Readonly<Record<string, unknown>>
}

/** Measures on fresh data and says so plainly; what it cannot measure it throws. */
export type Bench = (options: Options) => Promise<Result>
