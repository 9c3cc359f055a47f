#!/usr/bin/env node
/** The program `firebreak`. */
import { Command, Option } from 'commander'
import * as Output from './Output.ts'

type Common = {
  readonly config: string
  readonly data: string
  readonly json: boolean
  readonly logLevel: string
  readonly url?: string
}

const program = new Command('firebreak')
  .description('On-chain incident management: see an attack as it starts, stop it, find out what happened, act as one.')
  .showHelpAfterError()
  .enablePositionalOptions()

/** Every command takes these; their code is loaded only when they run, so that `--help` is quick. */
function command(
  nameAndArguments: string,
  description: string,
  run: (options: Common & Record<string, unknown>, ...args: string[]) => Promise<void>,
): Command {
  // Unlike `program.command`, the constructor takes the name alone.
  const [name = '', ...declared] = nameAndArguments.split(' ')
  const made = new Command(name)
  for (const argument of declared) made.argument(argument)
  return made
    .description(description)
    .addOption(new Option('-c, --config <file>', 'configuration').default('firebreak.config.ts'))
    .addOption(new Option('-d, --data <directory>', 'data directory').default('.firebreak'))
    .addOption(
      new Option('--url <url>', 'address of a running server, instead of the one started in the data directory'),
    )
    .addOption(
      new Option('--log-level <level>', 'what to log')
        .choices(['silent', 'error', 'warn', 'info', 'debug'])
        .default('warn'),
    )
    .option('--json', 'print one JSON object as the last line', false)
    .action(async (...given: unknown[]) => {
      const args = given.slice(0, -2) as string[]
      const options = given.at(-2) as Common & Record<string, unknown>
      try {
        await run(options, ...args)
      } catch (thrown) {
        Output.fail(thrown, options.json)
      }
    })
}

program.addCommand(
  command(
    'demo',
    'stop an attack on real contracts on a local chain, beside a twin chain without Firebreak',
    async (options) => (await import('./commands/demo.ts')).demo(options as never),
  )
    .option('--once', 'exit after the summary', false)
    .option('--no-open', 'do not open a browser')
    .option('--port <port>', 'port of the console', Number)
    .option('--seed <seed>', 'seed of the honest traffic', Number, 7),
)
program.addCommand(
  command('start', 'watch, respond, and serve the console', async (options) =>
    (await import('./commands/start.ts')).start(options as never),
  ).option('--port <port>', 'port of the console and the API', Number),
)
program.addCommand(
  command(
    'check',
    'check the configuration against the chain: ids, contracts, roles, balances, would each action succeed now',
    async (options) => (await import('./commands/check.ts')).check(options),
  ),
)
program.addCommand(
  command('token', 'print the token of the API', async (options) =>
    (await import('./commands/token.ts')).token(options),
  ),
)
program.addCommand(
  command('approve <approval>', 'sign an approval with your own key', async (options, id) =>
    (await import('./commands/approve.ts')).approve(id ?? '', options as never),
  )
    .requiredOption('--address <address>', 'your address')
    .option('--keystore <file>', 'your keystore (version 3)')
    .option('--passphrase-env <name>', 'environment variable with its passphrase', 'FIREBREAK_PASSPHRASE')
    .option('--key-env <name>', 'environment variable with your key, instead of a keystore')
    .option('--refuse', 'refuse instead', false)
    .option('--yes', 'sign what is shown without asking again', false),
)
const incident = new Command('incident').description('read incidents')
incident.addCommand(
  command('list', 'incidents, the newest first', async (options) =>
    (await import('./commands/listIncidents.ts')).listIncidents(options),
  ),
)
incident.addCommand(
  command('show <incident>', 'one incident with its timeline', async (options, id) =>
    (await import('./commands/showIncident.ts')).showIncident(id ?? '', options),
  ),
)
program.addCommand(incident)

await program.parseAsync()
