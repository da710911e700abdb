/** The command line. It loads what the command at hand needs and nothing else: most of a command's time is loading. */
import { readFileSync } from 'node:fs'
import type { Command, CommanderError } from 'commander'

interface CommandEntry {
  readonly description: string
  readonly load: () => Promise<Command>
}

const commands: Readonly<Record<string, CommandEntry>> = {
  serve: { description: 'run the service', load: async () => (await import('./serve.ts')).serveCommand() },
  account: {
    description: 'the accounts of the installation',
    load: async () => (await import('./account.ts')).accountCommand(),
  },
  audit: {
    description: 'read and verify the audit trail',
    load: async () => (await import('./audit.ts')).auditCommand(),
  },
  explain: {
    description: 'why a request was allowed or denied',
    load: async () => (await import('./explain.ts')).explainCommand(),
  },
  'who-can': {
    description: 'which principals may do something with a key',
    load: async () => (await import('./who-can.ts')).whoCanCommand(),
  },
  key: {
    description: 'key material of your own, wrapped for its import',
    load: async () => (await import('./key/command.ts')).keyCommand(),
  },
  'key-policy': {
    description: 'print a key policy to start from',
    load: async () => (await import('./key-policy.ts')).keyPolicyCommand(),
  },
  storage: {
    description: "check the keys' database",
    load: async () => (await import('./storage.ts')).storageCommand(),
  },
  seal: { description: 'what protects the root key', load: async () => (await import('./seal.ts')).sealCommand() },
  clock: {
    description: 'the clock of a server with --test-profile',
    load: async () => (await import('./clock.ts')).clockCommand(),
  },
  fault: {
    description: 'faults that a server with --test-profile injects into requests',
    load: async () => (await import('./fault.ts')).faultCommand(),
  },
  'import-seed': {
    description: 'put accounts and keys of a file into a test installation',
    load: async () => (await import('./import-seed.ts')).importSeedCommand(),
  },
  file: {
    description: 'encrypt and decrypt files with data keys of a KMS',
    load: async () => (await import('./file/command.ts')).fileCommand(),
  },
}

const usageExit = 64

function version(): string {
  const manifest: unknown = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'))
  const found = typeof manifest === 'object' && manifest !== null && 'version' in manifest ? manifest.version : ''
  return `trent ${String(found)}`
}

async function main(args: readonly string[]): Promise<void> {
  const [first, second] = args
  if (first === '--version' || first === '-V') {
    process.stdout.write(`${version()}\n`)
    return
  }
  // `trent help audit` is `trent audit --help`.
  const rest = first === 'help' && second !== undefined ? [second, '--help'] : args
  const name = rest[0] ?? ''
  const { Command } = await import('commander')
  const program = new Command('trent')
    .description('A key management service that you run yourself, speaking the AWS KMS API.')
    .option('-V, --version', 'show the version')
    .helpCommand('help [command]', 'show the options of a command')
  endOnUsage(program)
  for (const [each, { description, load }] of Object.entries(commands)) {
    if (each === name) program.addCommand(name === 'file' ? await load() : endOnUsage(await load()))
    else program.command(each).description(description)
  }
  if (rest.length === 0) {
    program.outputHelp({ error: true })
    process.exit(usageExit)
  }
  await program.parseAsync(rest, { from: 'user' })
}

/** Has wrong usage of the command and its subcommands end with 64; `trent file` has its own ways. */
function endOnUsage(command: Command): Command {
  command.exitOverride((error: CommanderError) => process.exit(error.exitCode === 0 ? 0 : usageExit))
  command.configureOutput({ outputError: (text, write) => write(text.replace(/^error: /, 'trent: ')) })
  for (const each of command.commands) endOnUsage(each)
  return command
}

const given = process.argv.slice(2)
main(given).catch(async (error: unknown) => {
  const { failureOf } = await import('./failure.ts')
  const { text, exit } = failureOf(error)
  process.stderr.write(text)
  if (given[0] === 'serve') {
    // The workers of a start that failed may be anywhere.
    const { endProcess } = await import('#server/end-process.ts')
    await endProcess(exit)
  }
  process.exit(exit)
})
