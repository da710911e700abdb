/**
 * Reading a fault of the test profile: `OPERATION EFFECT [WORD...]`, in words between spaces, as `--fault` and
 * `trent fault add` take it. faults/rule.ts writes it back (`ruleText`).
 */
import { errorCatalogue, type ErrorCode } from '#aws/errors.ts'
import { fastestRate } from '#faults/injector.ts'
import type { FaultEffect, FaultRule, FaultTiming } from '#faults/rule.ts'
import { operationNames as iam } from '#iam/operation-names.ts'
import { operationNames as kms } from '#kms/operation-names.ts'
import { operationNames as sts } from '#sts/operation-names.ts'
import { suggestion } from './suggestion.ts'
import { InvalidValue, parseDuration } from './values.ts'

/** The operations that faults can be injected into, by service. */
const operationsOf: Readonly<Record<string, readonly string[]>> = { kms, sts, iam }
const effects = ['throttle', 'error', 'delay', 'drop']
const timings = ['next', 'share', 'seed', 'above']
const words = [...timings, 'key', 'caller']

/** How long a request can be delayed, milliseconds. */
const longestDelay = 900_000

export const faultGrammar =
  'OPERATION throttle|error=CODE|delay=TIME|drop=before|drop=after [next=N|share=S [seed=N]|above=N] [key=KEY] [caller=CALLER]'

const isCode = (text: string): text is ErrorCode => Object.hasOwn(errorCatalogue, text)
const quoted = (text: string): string => JSON.stringify(text)

/** The fault in `text`. A share without a seed gets `seed`, 32 bits. Throws InvalidValue. */
export function parseFaultRule(text: string, seed: () => number): FaultRule {
  const [named, effect, ...rest] = text.split(/ +/).filter((word) => word !== '')
  if (named === undefined || effect === undefined) {
    throw new InvalidValue(`${quoted(text)} is not a fault; write ${faultGrammar}, such as "Encrypt throttle next=2"`)
  }
  const given = wordsOf(rest)
  return {
    ...operationOf(named),
    effect: effectOf(effect),
    timing: timingOf(given, seed),
    key: given.get('key'),
    caller: given.get('caller'),
  }
}

function operationOf(named: string): Pick<FaultRule, 'service' | 'operation'> {
  const colon = named.indexOf(':')
  const service = colon < 0 ? undefined : named.slice(0, colon)
  const operation = named.slice(colon + 1)
  const services = Object.keys(operationsOf)
  if (service !== undefined && !services.includes(service)) {
    throw new InvalidValue(
      `there is no service ${quoted(service)}${suggestion(service, services)}; write kms, sts or iam`,
    )
  }
  if (operation === '*') return { service, operation: undefined }
  const known = services
    .filter((each) => service === undefined || each === service)
    .flatMap((each) => operationsOf[each] ?? [])
  if (!known.includes(operation)) {
    throw new InvalidValue(
      `there is no operation ${quoted(operation)}${suggestion(operation, known)}; write one of ${service ?? 'kms, sts or iam'}, or *`,
    )
  }
  return { service, operation }
}

function effectOf(word: string): FaultEffect {
  const [name, value] = halves(word)
  if (name === 'throttle' && value === undefined) return { kind: 'error', code: 'ThrottlingException' }
  if (name === 'error' && value !== undefined) {
    if (isCode(value)) return { kind: 'error', code: value }
    const known = Object.keys(errorCatalogue)
    throw new InvalidValue(
      `there is no error ${quoted(value)}${suggestion(value, known)}; write one such as KMSInternalException`,
    )
  }
  if (name === 'delay' && value !== undefined) {
    const milliseconds = parseDuration(value) ?? 0
    if (milliseconds > 0 && milliseconds <= longestDelay) return { kind: 'delay', milliseconds }
    throw new InvalidValue(`${quoted(value)} is not a time from 1ms to 15m; write it such as delay=200ms`)
  }
  if (name === 'drop' && (value === 'before' || value === 'after')) return { kind: 'drop', when: value }
  throw new InvalidValue(
    `${quoted(word)} is not an effect${suggestion(name, effects)}; write throttle, error=CODE, delay=TIME, drop=before or drop=after`,
  )
}

function wordsOf(rest: readonly string[]): ReadonlyMap<string, string> {
  const given = new Map<string, string>()
  for (const word of rest) {
    const [name, value] = halves(word)
    if (!words.includes(name) || value === undefined || value === '') {
      throw new InvalidValue(
        `${quoted(word)} is not a part of a fault${suggestion(name, words)}; write ${faultGrammar}`,
      )
    }
    if (given.has(name)) throw new InvalidValue(`${name} is there twice; write it once`)
    given.set(name, value)
  }
  return given
}

function timingOf(given: ReadonlyMap<string, string>, draw: () => number): FaultTiming {
  const [kind, other] = [...given.keys()].filter((name) => name !== 'seed' && timings.includes(name))
  if (other !== undefined) throw new InvalidValue(`${kind} and ${other} contradict each other; give one of them`)
  const seed = given.get('seed')
  if (seed !== undefined && kind !== 'share') throw new InvalidValue('seed goes with share; write share=0.1 seed=7')
  if (kind === 'next') return { kind, count: whole(kind, given, 1, 2 ** 31) }
  if (kind === 'above') return { kind, perSecond: whole(kind, given, 0, fastestRate - 1) }
  if (kind !== 'share') return { kind: 'every' }
  const text = given.get(kind) ?? ''
  const share = /^(?:0?\.[0-9]+|[01](?:\.0+)?)$/.test(text) ? Number(text) : NaN
  if (!(share > 0 && share <= 1)) {
    throw new InvalidValue(`${quoted(text)} is not a share of requests; write share=0.1 for one in ten`)
  }
  return { kind, share, seed: seed === undefined ? draw() : whole('seed', given, 0, 2 ** 32 - 1) }
}

function whole(name: string, given: ReadonlyMap<string, string>, least: number, most: number): number {
  const text = given.get(name) ?? ''
  const value = /^[0-9]{1,10}$/.test(text) ? Number(text) : NaN
  if (value >= least && value <= most) return value
  throw new InvalidValue(`${quoted(text)} is not a whole number from ${least} to ${most}; write it such as ${name}=2`)
}

function halves(word: string): readonly [string, string | undefined] {
  const equals = word.indexOf('=')
  return equals < 0 ? [word, undefined] : [word.slice(0, equals), word.slice(equals + 1)]
}
