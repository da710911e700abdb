/** `trent who-can`: which principals may do something with a key, and by which path. */
import { InvalidArgumentError, type Command } from 'commander'
import type { PrincipalVerdict } from '#control/who-can.ts'
import type { Path, Proviso, StatementPlace } from '#policy/who-can.ts'
import { printable } from './audit-text.ts'
import { denialWords, policyText } from './explain.ts'
import { operate, operatorCommand, writeJson, writeLine } from './operator.ts'

interface WhoCanOptions {
  readonly region?: string
  readonly account?: string
}

export function whoCanCommand(): Command {
  const command = operatorCommand('who-can', 'list which principals may do something with a key, and by which path')
    .argument('<action>', 'such as kms:Decrypt or Decrypt')
    .argument('<key>', 'ARN, key id, or alias name such as alias/orders')
    .option('--region <name>', 'where the key is (default: AWS_REGION, or us-east-1)')
    .option('--account <id>', 'whose key, when several accounts have an alias of that name', accountId)
  return command.action(async (action: string, key: string, given: WhoCanOptions) => {
    const region = given.region ?? process.env['AWS_REGION'] ?? 'us-east-1'
    const args = { action, key, region, ...(given.account === undefined ? {} : { account: given.account }) }
    let first = true
    await operate(command, {
      name: 'who-can',
      arguments: args,
      show: (item, json) => {
        if (json) {
          writeJson(item)
          return
        }
        const verdict = asVerdict(item)
        if (first) writeLine(printable(`${verdict.action} on ${verdict.key}`))
        first = false
        for (const line of verdictLines(verdict)) writeLine(printable(line))
      },
      offline: async (output, settings) => {
        const { readOffline } = await import('#control/offline.ts')
        await readOffline('who-can', args, output, settings)
      },
    })
  })
}

// It comes from the same program, over its own socket.
function asVerdict(item: unknown): PrincipalVerdict {
  return item as PrincipalVerdict
}

function accountId(text: string): string {
  if (!/^[0-9]{12}$/.test(text)) throw new InvalidArgumentError('An account id has twelve digits.')
  return text
}

/** What is answered for one principal as lines of text. */
export function verdictLines(verdict: PrincipalVerdict): readonly string[] {
  const title = `${verdict.answer.padEnd(6)}  ${verdict.principal}`
  switch (verdict.answer) {
    case 'yes':
      return [title, `        by ${pathText(verdict.path)}`]
    case 'yes-if':
      return [
        title,
        ...verdict.ways.flatMap(({ path, conditions }) => [
          `        by ${pathText(path)}`,
          ...conditions.flatMap(provisoLines).map((line) => `          ${line}`),
        ]),
      ]
    case 'no': {
      const { because, layer, statement } = verdict
      return [
        title,
        `        ${denialWords(because, layer)}${statement === undefined ? '' : `: ${placeText(statement)}`}`,
      ]
    }
  }
}

function pathText({ by, statements, grantId }: Path): string {
  const words = statements.map(placeText)
  if (grantId !== undefined) words.unshift(`grant ${grantId}`)
  return words.length === 0 ? by : words.join(' and ')
}

function placeText({ layer, policy, index, sid }: StatementPlace): string {
  return `${policyText(layer, policy)}, statement ${index}${sid === undefined || sid === '' ? '' : ` (${sid})`}`
}

function provisoLines(proviso: Proviso): readonly string[] {
  if (proviso.kind === 'grant') {
    const { encryptionContextEquals: equals, encryptionContextSubset: subset, sourceArn, childOfGrant } = proviso
    return [
      ...(equals === undefined ? [] : [`if the encryption context is ${pairsText(equals)} (grant)`]),
      ...(subset === undefined ? [] : [`if the encryption context has ${pairsText(subset)} (grant)`]),
      ...(sourceArn === undefined ? [] : [`if aws:SourceArn is ${sourceArn} (grant)`]),
      ...(childOfGrant === undefined ? [] : ['if the new grant allows no more than this one']),
    ]
  }
  const { effect, statement, conditions, resources } = proviso
  const texts = conditions.map(({ operator, key, wanted }) => `${operator} ${key} ${JSON.stringify(wanted)}`)
  if (resources !== undefined) texts.push(`the key is one of ${JSON.stringify(resources)}`)
  return [`${effect === 'Allow' ? 'if' : 'unless'} ${texts.join(' and ')}  (${placeText(statement)})`]
}

function pairsText(pairs: readonly (readonly [string, string])[]): string {
  return JSON.stringify(Object.fromEntries(pairs))
}
