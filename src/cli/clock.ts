/** `trent clock`: the settable clock of a test profile. */
import { Command, InvalidArgumentError } from 'commander'
import { parseDuration } from '#config/values.ts'
import { isObject } from '#control/protocol.ts'
import { operate, operatorCommand, writeJson, writeLine } from './operator.ts'

export function clockCommand(): Command {
  return new Command('clock').description('the clock of a server with --test-profile').addCommand(advanceCommand())
}

function advanceCommand(): Command {
  const command = operatorCommand('advance', 'move the clock forward and run what is due then').argument(
    '<time>',
    'such as 31d, 36h or 1h30m',
    duration,
  )
  return command.action(async (milliseconds: number) => {
    const show = (item: unknown, json: boolean): void => {
      if (json) writeJson(item)
      else for (const line of advancedLines(item)) writeLine(line)
    }
    await operate(command, { name: 'clock advance', arguments: { milliseconds }, show, offline: undefined })
  })
}

function duration(text: string): number {
  const milliseconds = parseDuration(text)
  if (milliseconds === undefined || milliseconds === 0) {
    throw new InvalidArgumentError('Write numbers with units, such as 31d, 36h or 1h30m.')
  }
  return milliseconds
}

function advancedLines(item: unknown): readonly string[] {
  const advanced = isObject(item) ? item : {}
  const jobs: readonly unknown[] = Array.isArray(advanced['jobs']) ? advanced['jobs'] : []
  return [`It is ${String(advanced['now'])} now.`, ...jobs.map((job) => `  ${String(job)}`)]
}
