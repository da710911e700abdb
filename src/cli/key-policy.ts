/** `trent key-policy`: prints a key policy to start from, for `aws kms create-key --policy` or `put-key-policy`. */
import { Command, InvalidArgumentError, Option } from 'commander'
import { parseArn } from '#base/arn.ts'
import { parseAccountId, type AccountId } from '#base/brand.ts'
import { ControlError } from '#control/control-error.ts'
import { exitCode } from '#control/exit-code.ts'
import { consoleKeyPolicy, defaultKeyPolicy, hardenedKeyPolicy, type Partition } from '#policy/templates.ts'
import { writeLine } from './operator.ts'

interface Given {
  readonly account?: AccountId
  readonly partition: Partition
  readonly administrator?: readonly string[]
  readonly user?: readonly string[]
  readonly securityOfficer?: readonly string[]
  readonly otherAccount?: readonly AccountId[]
  readonly administratorsMayDelete?: true
  readonly rootMayRecover?: true
  readonly imported?: true
}

export function keyPolicyCommand(): Command {
  return new Command('key-policy')
    .description('print a key policy to start from')
    .addCommand(
      withPrincipals(
        'default',
        'what a key gets without a policy: the policies of its account decide',
        [],
        ({ account, partition }) => defaultKeyPolicy(partition, account),
      ),
    )
    .addCommand(
      withPrincipals(
        'console',
        "that of AWS's console: administrators manage the key, users use it (an administrator can make himself a user)",
        ['administrators'],
        (facts) => consoleKeyPolicy(facts),
      ),
    )
    .addCommand(
      withPrincipals(
        'hardened',
        'administrators can not make themselves users; only security officers change the policy',
        ['administrators', 'officers'],
        (facts) => hardenedKeyPolicy(facts),
      ),
    )
}

type Facts = Parameters<typeof hardenedKeyPolicy>[0]

function withPrincipals(
  name: string,
  description: string,
  takes: readonly ('administrators' | 'officers')[],
  print: (facts: Facts) => string,
): Command {
  const command = new Command(name).description(description)
  command.option('--account <id>', 'the account of the key; default: that of the first principal', account)
  command.addOption(new Option('--partition <name>', 'of ARNs').choices(['aws', 'aws-cn', 'aws-us-gov']).default('aws'))
  if (takes.includes('administrators')) {
    command
      .option('--administrator <arn...>', 'users and roles that manage the key', principals, [])
      .option('--user <arn...>', 'users and roles that use the key', principals, [])
      .option(
        '--other-account <id...>',
        'accounts whose own policies may let their users and roles use it',
        accounts,
        [],
      )
      .option('--imported', 'the key material is imported: administrators import and delete it')
      .option('--administrators-may-delete', 'let administrators schedule and cancel the deletion of the key')
  }
  if (takes.includes('officers')) {
    command
      .requiredOption(
        '--security-officer <arn...>',
        'users and roles that change the policy, and nothing else',
        principals,
      )
      .option('--root-may-recover', 'let the root user of the account replace the policy')
  }
  return command.action(() => {
    const given: Given = command.opts()
    const { administrator = [], user = [], securityOfficer = [], otherAccount = [] } = given
    writeLine(
      print({
        partition: given.partition,
        account: given.account ?? accountOf([...securityOfficer, ...administrator, ...user]),
        purpose: 'symmetric encryption',
        administrators: administrator,
        users: user,
        otherAccounts: otherAccount,
        securityOfficers: securityOfficer,
        administratorsMayDelete: given.administratorsMayDelete === true,
        rootMayRecover: given.rootMayRecover === true,
        imported: given.imported === true,
        multiRegion: false,
      }),
    )
  })
}

function accountOf(arns: readonly string[]): AccountId {
  const [first] = arns
  const found = first === undefined ? undefined : parseAccountId(parseArn(first)?.account ?? '')
  if (found === undefined) throw new ControlError('name the account of the key with --account', exitCode.usage)
  return found
}

function account(text: string): AccountId {
  const parsed = parseAccountId(text)
  if (parsed === undefined) throw new InvalidArgumentError('An account id has twelve digits.')
  return parsed
}

function accounts(text: string, before: readonly AccountId[]): readonly AccountId[] {
  return [...before, account(text)]
}

function principals(text: string, before: readonly string[] = []): readonly string[] {
  const arn = parseArn(text)
  const known = arn?.service === 'iam' && /^(?:user|role)\/.+/.test(arn.resource)
  if (!known || parseAccountId(arn.account) === undefined) {
    throw new InvalidArgumentError('Write the ARN of a user or role, such as arn:aws:iam::111122223333:role/Admin.')
  }
  return [...before, text]
}
