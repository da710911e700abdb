/** `trent import-seed`: accounts and keys of a file for a test installation that is there already. */
import { resolve } from 'node:path'
import type { Command } from 'commander'
import { isObject } from '#control/protocol.ts'
import { operate, operatorCommand, writeJson, writeLine } from './operator.ts'

export function importSeedCommand(): Command {
  const command = operatorCommand(
    'import-seed',
    'put accounts and keys of a file into a test installation, once and all of them or none',
  ).argument('<file>', 'YAML or JSON, in the form of docs/testing.md or of a local emulator (docs/migrating.md)')
  return command.action(async (file: string) => {
    const seed = { path: resolve(file) }
    const show = (item: unknown, json: boolean): void => {
      if (json) writeJson(item)
      else writeLine(outcomeLine(item))
    }
    await operate(command, {
      name: 'import-seed',
      arguments: seed,
      show,
      offline: async (output, settings) => {
        const { importSeedOffline } = await import('#control/offline.ts')
        await importSeedOffline(seed, output, settings)
      },
    })
  })
}

function outcomeLine(item: unknown): string {
  const { outcome, added } = isObject(item) ? item : {}
  if (outcome === 'applied before') return 'This seed was applied before; nothing was changed.'
  if (outcome === 'was there already') return 'All of it is there already; nothing was changed.'
  const counts = isObject(added) ? Object.entries(added).map(([kind, count]) => `${String(count)} ${kind}`) : []
  return `Added ${counts.join(', ')}.`
}
