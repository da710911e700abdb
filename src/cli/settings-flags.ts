/** The options of the configuration as flags of commands. */
import { Option } from 'commander'
import type { Command } from 'commander'
import { flagOf, optionList } from '#config/options.ts'
import type { OptionDefinition } from '#config/options.ts'
import type { Flags } from '#config/sources.ts'

/** Adds the flags of `definitions` to `command`, without defaults: those belong to the loading of the settings. */
export function addSettingsFlags(
  command: Command,
  definitions: readonly OptionDefinition<unknown>[] = optionList,
): void {
  for (const definition of definitions) {
    if (definition.source === 'variable') continue
    const flags = [flagOf(definition), definition.argument].filter((part) => part !== undefined).join(' ')
    const ending = definition.defaultText === undefined ? '' : ` (default: ${definition.defaultText})`
    const option = new Option(flags, definition.help + (definition.argument === undefined ? '' : ending))
    if (definition.list)
      option.argParser((text: string, before: readonly string[] | undefined) => [...(before ?? []), text])
    command.addOption(option)
  }
}

/** What was given of them. */
export function flagsOf(command: Command): Flags {
  const flags: Record<string, string | readonly string[] | boolean> = {}
  const given: Readonly<Record<string, unknown>> = command.opts()
  for (const option of command.options) {
    const definition = optionList.find((each) => option.long === flagOf(each))
    const value = given[option.attributeName()]
    if (definition === undefined) continue
    if (typeof value === 'string' || typeof value === 'boolean') flags[definition.name] = value
    else if (Array.isArray(value)) flags[definition.name] = value.map(String)
  }
  return flags
}
