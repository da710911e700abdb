/** What the operators' commands share: which directory, whom to ask, and how to print. */
import { Command } from 'commander'
import type { DirectorySettings } from '#config/load-settings.ts'
import { options } from '#config/options.ts'
import { callControl } from '#control/client.ts'
import { ControlError } from '#control/control-error.ts'
import { exitCode } from '#control/exit-code.ts'
import type { CommandOutput } from '#control/server.ts'
import { addSettingsFlags, flagsOf } from './settings-flags.ts'

const directoryOptions = [options.config, options.dataDir, options.seal, options.sealPassphraseFile, options.anchor]

/** What to ask of a server, what to do without one, and how to show what is answered. */
export interface OperatorCall {
  readonly name: string
  readonly arguments: unknown
  /** Prints one item. */
  readonly show: (item: unknown, json: boolean) => void
  /** Undefined where only a running server can do it. */
  readonly offline: ((output: CommandOutput, settings: DirectorySettings) => Promise<void>) | undefined
}

/** A command with the flags that all of them have. */
export function operatorCommand(name: string, description: string): Command {
  const command = new Command(name).description(description)
  addSettingsFlags(command, directoryOptions)
  return command.option('--json', 'JSON on standard output, one line for each item')
}

/** Has the running server carry out `call`, or does it here where none runs. */
export async function operate(command: Command, call: OperatorCall): Promise<void> {
  // `trent audit tail | head`: whoever reads may stop.
  process.stdout.on('error', () => process.exit(exitCode.ok))
  const { loadDirectorySettings } = await import('#config/load-settings.ts')
  const settings = await loadDirectorySettings(flagsOf(command), process.env)
  const given: Readonly<Record<string, unknown>> = command.opts()
  const json = given['json'] === true
  const print = (item: unknown): void => call.show(item, json)
  const answered = await callControl(settings.dataDir, call.name, call.arguments, { onItem: print, onText: writeLine })
  if (answered !== 'no server') return
  if (call.offline === undefined) {
    throw new ControlError(
      `no server runs on ${settings.dataDir}; start it, or name another with --data-dir`,
      exitCode.noServer,
    )
  }
  const output: CommandOutput = {
    item: (item) => {
      print(item)
      return Promise.resolve()
    },
    text: (line) => {
      writeLine(line)
      return Promise.resolve()
    },
    signal: new AbortController().signal,
  }
  await call.offline(output, settings)
}

export function writeLine(line: string): void {
  process.stdout.write(`${line}\n`)
}

export function writeJson(value: unknown): void {
  writeLine(JSON.stringify(value))
}
