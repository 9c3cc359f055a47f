import * as Errors from '../../base/Errors.ts'
import * as Log from '../../base/Log.ts'
import * as Config from '../../server/Config.ts'
import * as Preflight from '../../server/Preflight.ts'
import * as Output from '../Output.ts'

type Options = { readonly config: string; readonly json: boolean }

/** Checks the configuration, then each of its claims against the chain. Exit status 3 where one does not hold. */
export async function check({ config: path, json }: Options): Promise<void> {
  const config = await Config.load(path)
  const results = await Preflight.run(config, Log.create('silent'))
  const failed = results.filter(({ ok }) => !ok)
  if (failed.length > 0) process.exitCode = Errors.exitCodes.config
  if (json) return Output.json({ ok: failed.length === 0, checks: results })
  Output.table(results.map(({ ok, what, says }) => [ok ? 'ok' : 'FAIL', what, says]))
  Output.line(failed.length === 0 ? 'Everything holds.' : `${failed.length} of ${results.length} do not hold.`)
}
