/** What the program says of itself, as JSON lines on standard error; keys and tokens are removed by name. */
import pino from 'pino'

export type Log = pino.Logger
export type Level = 'silent' | 'fatal' | 'error' | 'warn' | 'info' | 'debug'

const secrets = ['token', 'password', 'secret', 'privateKey', 'authorization', 'keystore', 'passphrase']

/** A log of the given level; `debug` tells each block and each request. */
export function create(level: Level = 'info'): Log {
  return pino(
    {
      level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      redact: { paths: secrets.flatMap((name) => [name, `*.${name}`, `*.*.${name}`]), censor: '[removed]' },
    },
    pino.destination({ dest: 2, sync: true }),
  )
}
