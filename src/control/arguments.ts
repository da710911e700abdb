/** Reading the arguments of a command, which came over a socket. Everything throws ControlError. */
import type { RecordFilter } from '#audit/filter.ts'
import { ControlError } from './control-error.ts'
import { isObject } from './protocol.ts'

export interface TailArguments {
  readonly limit: number
  readonly follow: boolean
  readonly filter: RecordFilter
}

/** Records of one answer at most: they are in memory together. */
export const maxTail = 100_000

export function tailArguments(args: unknown): TailArguments {
  const given = object(args)
  const { limit } = given
  if (typeof limit !== 'number' || !Number.isSafeInteger(limit) || limit < 0 || limit > maxTail) {
    throw new ControlError(`the number of records must be from 0 to ${maxTail}`)
  }
  return {
    limit,
    follow: given['follow'] === true,
    filter: {
      eventName: optionalText(given, 'eventName'),
      errorCode: optionalText(given, 'errorCode'),
      accessKeyId: optionalText(given, 'accessKeyId'),
      key: optionalText(given, 'key'),
      since: optionalTime(given, 'since'),
      until: optionalTime(given, 'until'),
    },
  }
}

export function requestIdArgument(args: unknown): string {
  const id = optionalText(object(args), 'requestId')
  if (id === undefined) throw new ControlError('a request id is missing')
  return id
}

export function millisecondsArgument(args: unknown): number {
  const { milliseconds } = object(args)
  if (typeof milliseconds === 'number' && Number.isSafeInteger(milliseconds) && milliseconds > 0) return milliseconds
  throw new ControlError('the clock can only be moved forward, by a whole number of milliseconds')
}

function object(args: unknown): Readonly<Record<string, unknown>> {
  if (isObject(args)) return args
  throw new ControlError('the arguments of the command are missing')
}

function optionalText(args: Readonly<Record<string, unknown>>, name: string): string | undefined {
  const value = args[name]
  if (value === undefined || typeof value === 'string') return value
  throw new ControlError(`the argument ${name} must be text`)
}

/** Times as records have them, `2026-11-21T10:04:00Z`, of any form that has its date and zone (or is a date: UTC). */
function optionalTime(args: Readonly<Record<string, unknown>>, name: string): string | undefined {
  const text = optionalText(args, name)
  if (text === undefined) return undefined
  const hasZone = /^\d{4}-\d{2}-\d{2}(?:T[0-9:.]+(?:Z|[+-]\d{2}:\d{2}))?$/.test(text)
  const time = hasZone ? Date.parse(text) : NaN
  if (Number.isNaN(time)) {
    throw new ControlError(`${JSON.stringify(text)} is not a time; write it such as 2026-11-21T10:04:00Z or 2026-11-21`)
  }
  return `${new Date(time).toISOString().slice(0, 19)}Z`
}
