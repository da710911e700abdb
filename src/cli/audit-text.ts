/** Records and verdicts in words for a terminal. */
import { isObject } from '#control/protocol.ts'

type Item = Readonly<Record<string, unknown>>

/** One line: time, event, principal, keys, and the error code of a request that failed; and whether it waits for the trail. */
export function recordLine(item: unknown): string {
  const record = recordOf(item)
  const identity = objectOf(record['userIdentity'])
  const who = textOf(identity['arn']) ?? textOf(identity['invokedBy']) ?? textOf(identity['accountId']) ?? '-'
  const resources: readonly unknown[] = Array.isArray(record['resources']) ? record['resources'] : []
  const keys = resources.map((resource) => textOf(objectOf(resource)['ARN'])?.split(':').slice(5).join(':') ?? '-')
  const parts = [
    textOf(record['eventTime']) ?? '-',
    textOf(record['eventName']) ?? '-',
    who,
    keys.length === 0 ? '-' : keys.join(','),
    textOf(record['errorCode']) ?? 'ok',
  ]
  if (objectOf(item)['waiting'] !== undefined) parts.push('(not in the trail yet)')
  return printable(parts.join('  '))
}

/** The record as JSON on many lines. */
export function prettyRecord(item: unknown): string {
  return JSON.stringify(recordOf(item), undefined, 2).split('\n').map(printable).join('\n')
}

/**
 * One line of JSON with the record's place in the chain, or its number among those that wait for the trail; the record is as
 * it was written.
 */
export function recordJson(item: unknown): string {
  const { sequenceNumber, chainHash, waiting, record } = objectOf(item)
  const place = JSON.stringify(waiting === undefined ? { sequenceNumber, chainHash } : { waiting }).slice(0, -1)
  return `${place},"record":${textOf(record) ?? 'null'}}`
}

export function verdictText(item: unknown): { readonly ok: boolean; readonly text: string } {
  const verdict = objectOf(item)
  if (verdict['ok'] !== true) {
    return { ok: false, text: `The audit trail is BROKEN at ${printable(String(verdict['problem']))}.` }
  }
  const { records, lastRecord, removedUpTo, anchor, waiting } = verdict
  const sentences = [`The audit trail is intact: ${String(records)} records, the last is number ${String(lastRecord)}.`]
  if (removedUpTo !== 0) sentences.push(`Retention has removed those up to number ${String(removedUpTo)}.`)
  if (anchor === 'matches') sentences.push('Its end is the one that was anchored, or later.')
  else if (anchor === 'older') sentences.push('The anchored record is one that retention has removed.')
  else sentences.push('Without an anchor it can not be told whether its end was cut off.')
  if (typeof waiting === 'number' && waiting > 0) {
    sentences.push(`Records that are durable and wait to be moved to the trail: ${waiting}.`)
  }
  return { ok: true, text: sentences.join(' ') }
}

function recordOf(item: unknown): Item {
  const text = textOf(objectOf(item)['record'])
  return text === undefined ? {} : objectOf(JSON.parse(text))
}

function objectOf(value: unknown): Item {
  return isObject(value) ? value : {}
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined
}

/** A record holds what strangers sent: no character of it may steer the terminal. */
export function printable(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, (character) => {
    const code = character.codePointAt(0) ?? 0
    return `\\u{${code.toString(16)}}`
  })
}
