/** `trent audit`: the trail, as an operator sees it. */
import { Command } from 'commander'
import { exitCode } from '#control/exit-code.ts'
import { maxTail } from '#control/arguments.ts'
import { wholeNumber } from './file/options.ts'
import { operate, operatorCommand, writeJson, writeLine } from './operator.ts'
import type { OperatorCall } from './operator.ts'
import { prettyRecord, recordJson, recordLine, verdictText } from './audit-text.ts'

export function auditCommand(): Command {
  return new Command('audit')
    .description('read and verify the audit trail')
    .addCommand(tailCommand())
    .addCommand(showCommand())
    .addCommand(verifyCommand())
}

type Offline = NonNullable<OperatorCall['offline']>
type ReadingName = 'audit tail' | 'audit show' | 'audit verify'

function offline(name: ReadingName, args: unknown): Offline {
  return async (output, settings) => {
    const { readOffline } = await import('#control/offline.ts')
    await readOffline(name, args, output, settings)
  }
}

interface TailOptions {
  readonly lines: number
  readonly follow?: true
  readonly event?: string
  readonly error?: string
  readonly accessKey?: string
  readonly key?: string
  readonly since?: string
  readonly until?: string
}

function tailCommand(): Command {
  const command = operatorCommand('tail', 'show the newest records')
    .option('-n, --lines <count>', 'how many', wholeNumber(0, maxTail), 10)
    .option('-f, --follow', 'go on with records as they come')
    .option('--event <name>', 'only this operation, such as Decrypt')
    .option('--error <code>', 'only requests that failed with this code, such as AccessDenied')
    .option('--access-key <id>', 'only requests signed with this access key')
    .option('--key <id>', 'only requests about this KMS key (id or ARN)')
    .option('--since <time>', 'only from this time on, such as 2026-11-21T10:04:00Z')
    .option('--until <time>', 'only up to this time')
  return command.action(async (given: TailOptions) => {
    const args = {
      limit: given.lines,
      follow: given.follow === true,
      eventName: given.event,
      errorCode: given.error,
      accessKeyId: given.accessKey,
      key: given.key,
      since: given.since,
      until: given.until,
    }
    const show = (item: unknown, json: boolean): void => writeLine(json ? recordJson(item) : recordLine(item))
    await operate(command, { name: 'audit tail', arguments: args, show, offline: offline('audit tail', args) })
  })
}

function showCommand(): Command {
  const command = operatorCommand('show', 'show the records of one request').argument(
    '<request-id>',
    'as the x-amzn-requestid header of the answer has it',
  )
  return command.action(async (requestId: string) => {
    const args = { requestId }
    const show = (item: unknown, json: boolean): void => writeLine(json ? recordJson(item) : prettyRecord(item))
    await operate(command, { name: 'audit show', arguments: args, show, offline: offline('audit show', args) })
  })
}

function verifyCommand(): Command {
  const command = operatorCommand('verify', 'check that no record was changed, removed or added')
  return command.action(async () => {
    const show = (item: unknown, json: boolean): void => {
      const { ok, text } = verdictText(item)
      if (json) writeJson(item)
      else writeLine(text)
      process.exitCode = ok ? exitCode.ok : exitCode.damaged
    }
    await operate(command, { name: 'audit verify', arguments: {}, show, offline: offline('audit verify', {}) })
  })
}
