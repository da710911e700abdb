import { isObject } from './json-object.ts'

/** Which records an operator wants to see. All that is given must hold. */
export interface RecordFilter {
  readonly eventName?: string | undefined
  readonly errorCode?: string | undefined
  readonly accessKeyId?: string | undefined
  /** The ARN of a key in `resources`, or its bare id. */
  readonly key?: string | undefined
  /** eventTime, inclusive: `2026-11-21T10:04:00Z`. */
  readonly since?: string | undefined
  readonly until?: string | undefined
}

/** A test of the text of a record. */
export function matcher(filter: RecordFilter): (record: string) => boolean {
  // What can't be in the text at all isn't worth parsing.
  const texts = [filter.eventName, filter.errorCode, filter.accessKeyId].flatMap((value) =>
    value === undefined ? [] : JSON.stringify(value),
  )
  if (filter.key !== undefined) texts.push(JSON.stringify(filter.key).slice(1, -1))
  const needsParsing = texts.length > 0 || filter.since !== undefined || filter.until !== undefined
  if (!needsParsing) return () => true
  return (record) => texts.every((text) => record.includes(text)) && holds(JSON.parse(record), filter)
}

function holds(record: unknown, filter: RecordFilter): boolean {
  if (!isObject(record)) return false
  const identity = record['userIdentity']
  const time = record['eventTime']
  if (typeof time !== 'string') return false
  if (filter.eventName !== undefined && record['eventName'] !== filter.eventName) return false
  if (filter.errorCode !== undefined && record['errorCode'] !== filter.errorCode) return false
  if (filter.accessKeyId !== undefined && (!isObject(identity) || identity['accessKeyId'] !== filter.accessKeyId))
    return false
  if (filter.key !== undefined && !concerns(record['resources'], filter.key)) return false
  if (filter.since !== undefined && time < filter.since) return false
  return filter.until === undefined || time <= filter.until
}

function concerns(resources: unknown, key: string): boolean {
  if (!Array.isArray(resources)) return false
  return resources.some((resource: unknown) => {
    const arn = isObject(resource) ? resource['ARN'] : undefined
    return typeof arn === 'string' && (arn === key || arn.endsWith(`/${key}`))
  })
}
