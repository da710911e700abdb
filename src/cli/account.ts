/** `trent account`: the accounts of an installation, their root access keys, and what limits them. */
import { readFile } from 'node:fs/promises'
import { Command, InvalidArgumentError } from 'commander'
import type { AccountCommand } from '#control/accounts.ts'
import { ControlError } from '#control/control-error.ts'
import { exitCode } from '#control/exit-code.ts'
import { isObject } from '#control/protocol.ts'
import { operate, operatorCommand, writeJson, writeLine } from './operator.ts'

export function accountCommand(): Command {
  return new Command('account')
    .description('the accounts of the installation')
    .addCommand(createCommand())
    .addCommand(listCommand())
    .addCommand(policyCommand())
    .addCommand(rotateCommand())
    .addCommand(revokeCommand())
}

const idFlag = '--id <account>'

function createCommand(): Command {
  const command = operatorCommand('create', 'make an account and print its root access key, which is shown this once')
    .requiredOption(idFlag, 'twelve digits', accountId)
    .option('--name <name>', 'what to call it in listings')
  return acting(command, 'account create', (given) => ({ id: given['id'], name: given['name'] }), credentialLines)
}

function listCommand(): Command {
  const command = operatorCommand('list', 'show all accounts')
  return acting(
    command,
    'account list',
    () => ({}),
    (item) => [
      `${String(item['account'])}  ${String(item['created'])}  ${String(item['name'])}`.trimEnd() +
        limits(item['serviceControlLevels'], item['resourceControlLevels']),
    ],
  )
}

function limits(service: unknown, resource: unknown): string {
  const words = [
    ...(service === 0 ? [] : [`service control policies at ${String(service)} levels`]),
    ...(resource === 0 ? [] : [`resource control policies at ${String(resource)} levels`]),
  ]
  return words.length === 0 ? '' : `  (${words.join(', ')})`
}

function policyCommand(): Command {
  const command = operatorCommand(
    'policy',
    'show or set the service and resource control policies of an account: one file for each level, the highest first',
  )
    .requiredOption(idFlag, 'twelve digits', accountId)
    .option('--service-control <file...>', 'what principals of the account may do at most; every level must allow')
    .option('--resource-control <file...>', 'what nobody may do to keys of the account; Deny statements only')
    .option('--no-service-control', 'remove the service control policies')
    .option('--no-resource-control', 'remove the resource control policies')
  return acting(
    command,
    'account policy',
    async (given) => ({
      id: given['id'],
      serviceControl: await levels(given['serviceControl']),
      resourceControl: await levels(given['resourceControl']),
    }),
    (item) => [JSON.stringify(item, undefined, 2)],
  )
}

function rotateCommand(): Command {
  const command = operatorCommand(
    'rotate-root-key',
    'make a new root access key for an account and print it; the old one is refused from then on',
  ).requiredOption(idFlag, 'twelve digits', accountId)
  return acting(command, 'account rotate-root-key', (given) => ({ id: given['id'] }), credentialLines)
}

function revokeCommand(): Command {
  const command = operatorCommand(
    'revoke-sessions',
    'refuse all temporary credentials that were issued so far: of the root user, a role or a user',
  )
    .requiredOption(idFlag, 'twelve digits', accountId)
    .option('--role <name>', 'of this role')
    .option('--user <name>', 'of this user')
  return acting(
    command,
    'account revoke-sessions',
    (given) => ({ id: given['id'], role: given['role'], user: given['user'] }),
    (item) => [`Sessions of ${String(item['of'])} issued before ${String(item['issuedBefore'])} are refused.`],
  )
}

type Item = Readonly<Record<string, unknown>>

function acting(
  command: Command,
  name: AccountCommand,
  argumentsOf: (given: Item) => unknown,
  lines: (item: Item) => readonly string[],
): Command {
  return command.action(async () => {
    const given: Item = command.opts()
    await operate(command, {
      name,
      arguments: await argumentsOf(given),
      show: (item, json) => {
        if (json) writeJson(item)
        else for (const line of lines(isObject(item) ? item : {})) writeLine(line)
      },
      offline: async (output, settings) => {
        const { administerOffline } = await import('#control/offline.ts')
        await administerOffline(name, await argumentsOf(given), output, settings)
      },
    })
  })
}

/** In the format of an AWS shared credentials file, so that it can be redirected into one. */
function credentialLines(item: Item): readonly string[] {
  return [
    '[default]',
    `aws_access_key_id = ${String(item['accessKeyId'])}`,
    `aws_secret_access_key = ${String(item['secretAccessKey'])}`,
    ...fileLines(item['credentialsFile']),
  ]
}

/** What became of DIR/credentials, as a comment. */
function fileLines(file: unknown): readonly string[] {
  if (file === 'rewritten') return ['# The file credentials in the data directory has it too.']
  if (!isObject(file)) return []
  return [`# The file credentials in the data directory still has the old key: ${String(file['failed'])}`]
}

function accountId(text: string): string {
  if (!/^[0-9]{12}$/.test(text)) throw new InvalidArgumentError('An account id has twelve digits.')
  return text
}

/** The documents of each level's file: a policy, or a list of policies. `false`: none. */
async function levels(files: unknown): Promise<readonly (readonly string[])[] | undefined> {
  if (files === false) return []
  if (!Array.isArray(files)) return undefined
  return Promise.all(files.map((file) => documents(String(file))))
}

async function documents(file: string): Promise<readonly string[]> {
  let text: string
  try {
    text = await readFile(file, 'utf8')
  } catch (error) {
    throw new ControlError(`cannot read ${file}: ${error instanceof Error ? error.message : String(error)}`)
  }
  let parsed: unknown
  try {
    parsed = JSON.parse(text)
  } catch {
    throw new ControlError(`${file} is not JSON`, exitCode.usage)
  }
  // A single policy is passed on as it is written: duplicate members and the like are for its reader to find.
  return Array.isArray(parsed) ? parsed.map((each) => JSON.stringify(each)) : [text]
}
