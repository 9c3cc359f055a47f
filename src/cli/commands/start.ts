import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import * as Errors from '../../base/Errors.ts'
import * as Log from '../../base/Log.ts'
import * as Config from '../../server/Config.ts'
import * as Server from '../../server/Server.ts'
import * as Output from '../Output.ts'

type Options = {
  readonly config: string
  readonly data: string
  readonly json: boolean
  readonly logLevel: Log.Level
  readonly port?: number
}

/** Runs until SIGINT or SIGTERM, or until another server takes over. */
export async function start({ config, data, json, logLevel, port }: Options): Promise<void> {
  const log = Log.create(logLevel)
  const server = await Server.start({
    config: await Config.load(config),
    dataDirectory: data,
    databaseUrl: process.env.DATABASE_URL || undefined,
    port,
    log,
  })
  const urlFile = join(data, 'url')
  writeFileSync(urlFile, server.url, { mode: 0o600 })
  if (json) Output.json({ url: server.url, pid: process.pid })
  else {
    Output.line(`Firebreak is watching. Console: ${server.url}/#token=${server.token}`)
    Output.line('Stop with Ctrl-C.')
  }
  const stop = async (thrown?: unknown) => {
    rmSync(urlFile, { force: true })
    await server.stop()
    if (thrown !== undefined) Output.fail(thrown, json)
    process.exit()
  }
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void stop())
  // Whoever lost the lease must not send anything more, not even what is in hand.
  const die = () => {
    rmSync(urlFile, { force: true })
    Output.fail(server.failed.reason, json)
    process.exit(Errors.exitCodes.retry)
  }
  server.failed.addEventListener('abort', die)
  // It may have been lost while the rest was being started; then nobody will be told again.
  if (server.failed.aborted) die()
}
