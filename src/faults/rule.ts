/** A fault of the test profile: which requests meet it, when, and what happens to them. Pure. */
import { accessDenied } from '#aws/denial.ts'
import { refusal, type ErrorCode, type Refusal } from '#aws/errors.ts'
import { exhaustive } from '#base/exhaustive.ts'
import type { FaultSubject } from '#ports/faults.ts'

/** What happens to a request. */
export type FaultEffect =
  | { readonly kind: 'error'; readonly code: ErrorCode }
  | { readonly kind: 'delay'; readonly milliseconds: number }
  | { readonly kind: 'drop'; readonly when: 'before' | 'after' }

/** Which of the requests that a rule is about meet its fault. */
export type FaultTiming =
  | { readonly kind: 'every' }
  /** The first `count` of them. */
  | { readonly kind: 'next'; readonly count: number }
  /** Of all workers together; `seed` (32 bits) makes the same choice of the first, second, third... each time. */
  | { readonly kind: 'share'; readonly share: number; readonly seed: number }
  /** Those beyond so many in each second of the machine's clock. */
  | { readonly kind: 'above'; readonly perSecond: number }

/** A fault as an operator asks for it. */
export interface FaultRule {
  /** The signing name of a service; undefined: of all. */
  readonly service: string | undefined
  /** Undefined: every operation that can end so. */
  readonly operation: string | undefined
  readonly effect: FaultEffect
  readonly timing: FaultTiming
  /** A key id or key ARN. */
  readonly key: string | undefined
  /** An ARN, an account id or an access key id. */
  readonly caller: string | undefined
}

/** A rule in force: `id` is never used again, `slot` says where the workers count for it. */
export interface ActiveFault {
  readonly id: number
  readonly slot: number
  readonly rule: FaultRule
}

/** What any operation may answer, declared or not. */
export const generalErrors: readonly ErrorCode[] = [
  'ThrottlingException',
  'AccessDeniedException',
  'ExpiredTokenException',
  'InternalFailure',
  'ServiceUnavailable',
  'UnrecognizedClientException',
  'ValidationException',
]

/** Whether an operation that declares `errors` can end as `effect` says. */
export function canEnd(effect: FaultEffect, errors: readonly ErrorCode[]): boolean {
  return effect.kind !== 'error' || generalErrors.includes(effect.code) || errors.includes(effect.code)
}

/** Whether `rule` is about a request of `subject`. */
export function isAbout(rule: FaultRule, subject: FaultSubject): boolean {
  const { service, operation, key, caller } = rule
  if (operation !== undefined && operation !== subject.operation) return false
  if (service !== undefined && service !== subject.service) return false
  if (!canEnd(rule.effect, subject.errors)) return false
  if (caller !== undefined && !isCaller(caller, subject)) return false
  return key === undefined || subject.resources.some((arn) => arn === key || arn.endsWith(`:key/${key}`))
}

function isCaller(caller: string, { callerArn, account, accessKeyId }: FaultSubject): boolean {
  return caller === callerArn || caller === account || caller === accessKeyId
}

/** Whether number `count` (from 0) of the requests that a share is taken of is one of them. */
export function isDrawn(share: number, seed: number, count: number): boolean {
  return mixed(seed, count) / 2 ** 32 < share
}

/** 32 bits that look random: a finalizer of hash functions over seed and number. */
function mixed(seed: number, count: number): number {
  let bits = (seed ^ Math.imul(count + 1, 0x9e3779b1)) >>> 0
  bits = Math.imul(bits ^ (bits >>> 16), 0x85ebca6b)
  bits = Math.imul(bits ^ (bits >>> 13), 0xc2b2ae35)
  return (bits ^ (bits >>> 16)) >>> 0
}

// What AWS says with most errors depends on what went wrong; here nothing has.
const injected = 'This is an injected fault.'
const wordings: Partial<Readonly<Record<ErrorCode, string>>> = {
  ThrottlingException: 'You have exceeded the rate at which you may call KMS. Reduce the frequency of your calls.',
  ExpiredTokenException: 'The security token included in the request is expired',
  UnrecognizedClientException: 'The security token included in the request is invalid.',
}

/** What the client is told. */
export function refusalOf(code: ErrorCode): Refusal {
  return code === 'AccessDeniedException' ? accessDenied(injected) : refusal(code, wordings[code] ?? injected)
}

/** The rule in the words that it is written in: see config/fault-rule.ts. */
export function ruleText(rule: FaultRule): string {
  const { service, operation, key, caller } = rule
  const named = service === undefined ? (operation ?? '*') : `${service}:${operation ?? '*'}`
  const words = [named, effectText(rule.effect), ...timingWords(rule.timing)]
  if (key !== undefined) words.push(`key=${key}`)
  if (caller !== undefined) words.push(`caller=${caller}`)
  return words.join(' ')
}

/** The effect in the same words. */
export function effectText(effect: FaultEffect): string {
  switch (effect.kind) {
    case 'error':
      return effect.code === 'ThrottlingException' ? 'throttle' : `error=${effect.code}`
    case 'delay':
      return `delay=${effect.milliseconds}ms`
    case 'drop':
      return `drop=${effect.when}`
    default:
      return exhaustive(effect)
  }
}

function timingWords(timing: FaultTiming): readonly string[] {
  switch (timing.kind) {
    case 'every':
      return []
    case 'next':
      return [`next=${timing.count}`]
    case 'share':
      return [`share=${timing.share}`, `seed=${timing.seed}`]
    case 'above':
      return [`above=${timing.perSecond}`]
    default:
      return exhaustive(timing)
  }
}
