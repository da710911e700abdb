/** Reading the arguments of the account commands, which came over a socket. Throws ControlError. */
import { ControlError } from './control-error.ts'
import { isObject } from './protocol.ts'

export interface AccountArguments {
  readonly id: string
  readonly name: string | undefined
  readonly role: string | undefined
  readonly user: string | undefined
  /** Policies by level; undefined: to stay as they are. */
  readonly serviceControl: readonly (readonly string[])[] | undefined
  readonly resourceControl: readonly (readonly string[])[] | undefined
}

const longestName = 50

export function accountArguments(args: unknown): AccountArguments {
  const given = isObject(args) ? args : {}
  const name = text(given, 'name')
  if (name !== undefined && (name.length > longestName || !/^[\u0020-\u007e]*$/.test(name))) {
    throw new ControlError(`the name of an account has at most ${longestName} printable ASCII characters`)
  }
  return {
    id: text(given, 'id') ?? '',
    name,
    role: text(given, 'role'),
    user: text(given, 'user'),
    serviceControl: levels(given, 'serviceControl'),
    resourceControl: levels(given, 'resourceControl'),
  }
}

function text(given: Readonly<Record<string, unknown>>, name: string): string | undefined {
  const value = given[name]
  if (value === undefined || typeof value === 'string') return value
  throw new ControlError(`the argument ${name} must be text`)
}

function levels(given: Readonly<Record<string, unknown>>, name: string): readonly (readonly string[])[] | undefined {
  const value = given[name]
  if (value === undefined) return undefined
  if (Array.isArray(value) && value.every(isTexts)) return value
  throw new ControlError(`the argument ${name} must be a list of lists of policies`)
}

function isTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((each) => typeof each === 'string')
}
