/** `trent storage`: the keys' database. */
import { Command } from 'commander'
import { exitCode } from '#control/exit-code.ts'
import { isObject } from '#control/protocol.ts'
import { printable } from './audit-text.ts'
import { operate, operatorCommand, writeJson, writeLine } from './operator.ts'

export function storageCommand(): Command {
  return new Command('storage').description("check the keys' database").addCommand(verifyCommand())
}

function verifyCommand(): Command {
  const command = operatorCommand('verify', 'check every row: none was changed, removed, added or set back')
  return command.action(async () => {
    const show = (item: unknown, json: boolean): void => {
      const { findings, lines } = verificationLines(item)
      if (json) writeJson(item)
      else for (const line of lines) writeLine(line)
      process.exitCode = findings === 0 ? exitCode.ok : exitCode.damaged
    }
    await operate(command, {
      name: 'storage verify',
      arguments: {},
      show,
      offline: async (output, settings) => {
        const { readOffline } = await import('#control/offline.ts')
        await readOffline('storage verify', {}, output, settings)
      },
    })
  })
}

function verificationLines(item: unknown): { readonly findings: number; readonly lines: readonly string[] } {
  const verification = isObject(item) ? item : {}
  const findings: readonly unknown[] = Array.isArray(verification['findings']) ? verification['findings'] : [undefined]
  const rows = String(verification['rows'])
  if (findings.length === 0) return { findings: 0, lines: [`All ${rows} rows are what was written.`] }
  const lines = findings.map((finding) => printable(findingText(isObject(finding) ? finding : {})))
  return { findings: findings.length, lines: [`Of ${rows} rows not all are what was written:`, ...lines] }
}

function findingText(finding: Readonly<Record<string, unknown>>): string {
  const { kind, table, primaryKey, count, expectedRows, foundRows } = finding
  switch (kind) {
    case 'row':
      return `  ${String(table)} ${String(primaryKey)}: changed by another program, or damaged`
    case 'more rows':
      return `  ${String(table)}: ${String(count)} more such rows`
    case 'table':
      return expectedRows === foundRows
        ? `  ${String(table)}: rows were put back to an earlier state, or exchanged for others`
        : `  ${String(table)}: ${String(expectedRows)} rows should be there, ${String(foundRows)} are`
    case 'undecided':
      return `  ${String(table)}: because of those rows it can not be told whether others were put back to an earlier state`
    case 'anchor':
      return `  ${String(finding['problem'])}`
    case 'head':
      return '  the sealed head is not what was written: it can not be told which rows should be there'
    default:
      return `  ${JSON.stringify(finding)}`
  }
}
