import { constants } from 'node:os'
import { setFlagsFromString } from 'node:v8'
import { Command, Option } from 'commander'
import type { CommanderError } from 'commander'
import { explain } from './explain.ts'
import { addContextPair, addKeyId, webAddress, wholeNumber } from './options.ts'
import type { FileOptions } from './options.ts'
import { removePartialFiles } from './partial-file.ts'
import { runFileJob } from './run.ts'
import { suffix } from './targets.ts'
import type { Direction } from './targets.ts'

const exitUsage = 2
const exitInterrupted = 128

/** `trent file`: encrypts and decrypts files on this machine under keys of any KMS endpoint, Trent's or AWS's. */
export function fileCommand(): Command {
  const command = new Command('file')
    .description('encrypt and decrypt files with data keys of a KMS')
    .exitOverride(exitWithUsage)
  command.addCommand(
    transferCommand('encrypt', `encrypt files, and all files in directories, each into NAME${suffix}`).addOption(
      new Option(
        '--suite <suite>',
        'signed: whoever can decrypt cannot forge (AES-256-GCM, key commitment, ECDSA P-384); unsigned: the same without signature, for when readers and writers are trusted alike',
      )
        .choices(['signed', 'unsigned'])
        .default('signed'),
    ),
  )
  command.addCommand(transferCommand('decrypt', `decrypt files, and all ${suffix} files in directories`))
  return command
}

function transferCommand(direction: Direction, description: string): Command {
  const encrypting = direction === 'encrypt'
  const keyId = new Option(
    '--key-id <key>',
    encrypting
      ? 'KMS key: id, ARN, alias/NAME or alias ARN; repeat it so that any of several keys can decrypt'
      : 'accept only files encrypted under this key (id, ARN, alias/NAME or alias ARN; may be repeated); default: any key that you may use',
  )
  return (
    new Command(direction)
      .description(description)
      .argument('<path...>', 'files and directories')
      .addOption(keyId.argParser(addKeyId).makeOptionMandatory(encrypting))
      .option(
        '--context <name=value>',
        encrypting
          ? 'encryption context, stored readably in the file (may be repeated)'
          : 'the file must have this pair in its encryption context (may be repeated)',
        addContextPair,
      )
      .option('--output <path>', 'where to write: a file for one file, else a directory; default: beside each file')
      .option('--force', 'replace existing files')
      .option('--json', 'one line of JSON per file on standard output')
      .option(
        '--cache-max-age <seconds>',
        'use a data key no longer than this; 0: a new one for each file',
        wholeNumber(0, 86_400),
        300,
      )
      .option(
        '--cache-max-messages <count>',
        'use a data key for no more files than this',
        wholeNumber(1, 2 ** 32),
        1000,
      )
      .option(
        '--cache-max-bytes <bytes>',
        'use a data key for no more bytes than this',
        wholeNumber(1, Number.MAX_SAFE_INTEGER),
        10 * 2 ** 30,
      )
      .option('--endpoint-url <url>', 'KMS endpoint; default: the AWS variables and files, then AWS', webAddress)
      .option('--region <region>', 'region of keys that are not named by ARN; default: the AWS variables and files')
      .option('--profile <name>', 'profile in the AWS config and credentials files; default: AWS_PROFILE')
      // Subcommands do not inherit this from a parent that they are added to.
      .exitOverride(exitWithUsage)
      .action(async (paths: string[], options: FileOptions) => {
        process.exitCode = await run(direction, paths, options)
      })
  )
}

/** Commander ends with 1 on wrong usage, which here means that some file failed. */
function exitWithUsage(error: CommanderError): never {
  process.exit(error.exitCode === 0 ? 0 : exitUsage)
}

async function run(direction: Direction, paths: readonly string[], options: FileOptions): Promise<number> {
  prepareEnvironment(options.profile)
  // Every chunk is a new buffer, freed only when V8 collects its young generation, which grows with the length of the run:
  // 300 MiB took 35 MiB more memory than 20 MiB. Kept at its first size, the difference is 5 MiB at the same speed.
  setFlagsFromString('--semi-space-growth-factor=1')
  const stop = removeOnExit()
  try {
    return await runFileJob(
      {
        direction,
        paths,
        output: options.output,
        force: options.force === true,
        json: options.json === true,
        keyIds: options.keyId ?? [],
        context: options.context ?? {},
        signed: options.suite !== 'unsigned',
        cache: {
          maxAge: options.cacheMaxAge * 1000,
          maxMessages: options.cacheMaxMessages,
          maxBytes: options.cacheMaxBytes,
        },
        connection: {
          ...(options.endpointUrl === undefined ? {} : { endpointUrl: options.endpointUrl }),
          ...(options.region === undefined ? {} : { region: options.region }),
          ...(options.profile === undefined ? {} : { profile: options.profile }),
        },
      },
      process.env,
      process,
    )
  } catch (error) {
    process.stderr.write(`trent file ${direction}: ${explain(error).message}\n`)
    return 1
  } finally {
    stop()
  }
}

/** The SDK takes its settings from the process's variables; some of them it takes from there only. */
function prepareEnvironment(profile: string | undefined): void {
  // Empty counts as unset in the AWS CLI; the SDK would take an empty region at its word.
  const empty = Object.keys(process.env).filter((name) => name.startsWith('AWS_') && process.env[name] === '')
  // A profile on the command line comes before credentials in the environment, as in the AWS CLI.
  const overridden = ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY', 'AWS_SESSION_TOKEN']
  for (const name of profile === undefined ? empty : [...empty, ...overridden])
    Reflect.deleteProperty(process.env, name)
  if (profile !== undefined) process.env['AWS_PROFILE'] = profile
}

/** Deletes incomplete outputs when the process is told to end, and when it ends by an error nobody caught. */
function removeOnExit(): () => void {
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const
  const onSignal = (signal: NodeJS.Signals): void => {
    removePartialFiles()
    process.exit(exitInterrupted + constants.signals[signal])
  }
  for (const signal of signals) process.once(signal, onSignal)
  process.once('exit', removePartialFiles)
  return () => {
    for (const signal of signals) process.off(signal, onSignal)
    process.off('exit', removePartialFiles)
  }
}
