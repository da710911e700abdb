/** What was given where: flags, environment and configuration file, before anything of it is a value. */
import { dirname } from 'node:path'
import { ConfigError } from './config-error.ts'
import { readConfigurationFile } from './file.ts'
import { flagOf, optionList, options, variableOf } from './options.ts'
import type { Machine, OptionDefinition } from './options.ts'
import { suggestion } from './suggestion.ts'
import { InvalidValue } from './values.ts'
import type { FileEntry } from './yaml-settings.ts'

/** Flags by option name (`data-dir`); a switch is true. */
export type Flags = Readonly<Record<string, string | readonly string[] | boolean | undefined>>
export type Environment = Readonly<Record<string, string | undefined>>

/** A setting that was given. */
export interface Given<T> {
  readonly value: T
  /** `--listen`, `TRENT_LISTEN`, or `FILE:3:1` with the key. */
  readonly where: string
}

interface Raw {
  readonly texts: readonly string[]
  readonly where: string
  readonly base: string
}

// What Kubernetes and Docker links put into every container beside a service named "trent" or "trent-...".
const serviceLink = /^TRENT_(?:\w+_)?(?:SERVICE_HOST|SERVICE_PORT(?:_\w+)?|PORT(?:_[0-9]+_(?:TCP|UDP|SCTP)(?:_\w+)?)?)$/
// The seed of this project's own random tests.
const ofTests = 'TRENT_TEST_SEED'

/** Reads settings one by one and collects all problems on the way. */
export class Sources {
  readonly problems: string[] = []
  readonly #flags: Flags
  readonly #environment: Environment
  readonly #cwd: string
  readonly #file = new Map<string, FileEntry>()
  #fileBase: string

  /** Reads the file, if one is named. */
  static async open(flags: Flags, environment: Environment, machine: Machine): Promise<Sources> {
    const sources = new Sources(flags, environment, machine)
    const config = sources.read(options.config)
    if (config !== undefined) await sources.#readFile(config)
    return sources
  }

  private constructor(flags: Flags, environment: Environment, machine: Machine) {
    this.#flags = flags
    this.#environment = environment
    this.#cwd = machine.cwd
    this.#fileBase = machine.cwd
    this.#checkVariables()
  }

  /** The setting from the first of flag, variable and file that has it, or undefined: also when it is wrong. */
  read<T>(option: OptionDefinition<T>): Given<T> | undefined {
    const raw = this.#find(option)
    if (raw === undefined) return undefined
    if (raw.texts.length > 1 && !option.list) {
      this.problem(raw.where, `there are ${raw.texts.length} values; give one`)
      return undefined
    }
    try {
      return { value: option.parse(raw.texts, raw.base), where: raw.where }
    } catch (error) {
      if (!(error instanceof InvalidValue)) throw error
      this.problems.push(`${raw.where}: ${error.message}`)
      return undefined
    }
  }

  /** Whether anything was given for it, right or wrong. */
  has(option: OptionDefinition<unknown>): boolean {
    return this.#find(option) !== undefined
  }

  problem(where: string, what: string): void {
    this.problems.push(`${where}: ${what}`)
  }

  /** Throws ConfigError with all that was wrong. */
  finish(): void {
    if (this.problems.length > 0) throw new ConfigError(this.problems)
  }

  #find(option: OptionDefinition<unknown>): Raw | undefined {
    const flag = this.#flags[option.name]
    if (option.source !== 'variable' && flag !== undefined) {
      const texts = typeof flag === 'object' ? flag : [String(flag)]
      return { texts, where: flagOf(option), base: this.#cwd }
    }
    const variable = variableOf(option)
    const text = this.#environment[variable]
    // Empty is what `TRENT_X=${X:-}` of a compose file makes of a setting that nobody gave.
    if (text !== undefined && text !== '') return { texts: [text], where: variable, base: this.#cwd }
    const entry = this.#file.get(option.name)
    if (entry === undefined) return undefined
    return { texts: entry.texts, where: `${entry.where} (${option.name})`, base: this.#fileBase }
  }

  #checkVariables(): void {
    const known = optionList.map(variableOf)
    for (const name of Object.keys(this.#environment).sort()) {
      if (!name.startsWith('TRENT_') || known.includes(name) || name === ofTests || serviceLink.test(name)) continue
      this.problem(name, `there is no such setting${suggestion(name, known)}; correct or unset the variable`)
    }
  }

  async #readFile({ value: path, where }: Given<string>): Promise<void> {
    const { entries, problems } = await readConfigurationFile(path, where)
    this.problems.push(...problems)
    this.#fileBase = dirname(path)
    const known = optionList.filter(({ source }) => source === 'anywhere').map(({ name }) => name)
    for (const entry of entries) {
      const elsewhere = optionList.find(({ name }) => name === entry.name && !known.includes(name))
      if (known.includes(entry.name)) this.#file.set(entry.name, entry)
      else if (elsewhere?.source === 'variable') {
        this.problem(entry.where, `${entry.name} is a secret's; set the variable ${variableOf(elsewhere)} instead`)
      } else if (elsewhere !== undefined) {
        this.problem(entry.where, `${entry.name} can't stand in the file; use ${flagOf(elsewhere)}`)
      } else {
        this.problem(
          entry.where,
          `there is no setting ${JSON.stringify(entry.name)}${suggestion(entry.name, known)}; correct or remove the line`,
        )
      }
    }
  }
}
