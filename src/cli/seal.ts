/** `trent seal`: what protects the root key. */
import { Command } from 'commander'
import { isObject } from '#control/protocol.ts'
import { operate, operatorCommand, writeJson, writeLine } from './operator.ts'

export function sealCommand(): Command {
  return new Command('seal').description('what protects the root key').addCommand(statusCommand())
}

function statusCommand(): Command {
  const command = operatorCommand('status', 'show the type of the seal and where its key file is')
  return command.action(async () => {
    const show = (item: unknown, json: boolean): void => {
      if (json) writeJson(item)
      else for (const line of statusLines(item)) writeLine(line)
    }
    await operate(command, {
      name: 'seal status',
      arguments: {},
      show,
      offline: async (output, settings) => {
        const { sealStatusOffline } = await import('#control/offline.ts')
        await sealStatusOffline(output, settings)
      },
    })
  })
}

function statusLines(item: unknown): readonly string[] {
  const status = isObject(item) ? item : {}
  const lines = [
    `Seal:          ${String(status['type'])}, generation ${String(status['generation'])}`,
    `Installation:  ${String(status['installationId'])}`,
  ]
  const { keyFile } = status
  if (!isObject(keyFile)) return lines
  lines.push(`Key file:      ${String(keyFile['path'])}`)
  if (keyFile['present'] !== true)
    lines.push('               It is not there: without it nothing can be decrypted after the next start.')
  else if (keyFile['sameDisk'] === true) {
    lines.push('               It is on the same disk as the data: whoever takes the disk has both.')
  }
  return lines
}
