import type { UsedKeys } from './key-usage.ts'

/** The trail, as the request path sees it. */
export interface AuditSink {
  /**
   * Appends one record (JSON text of one CloudTrail record) and calls `done` once it is durable, or with the reason why it
   * is not. Records of requests that come in together become durable together. `atMs` is the time in the request's id
   * (epoch milliseconds), by which the record is found; `used` are the keys whose use it records.
   */
  append(record: string, atMs: number, done: (failure: Error | undefined) => void, used?: UsedKeys): void
}

/** Requests refused before a caller is known: bounded, rate-limited, apart from the trail, so that strangers can't fill it. */
export interface SecurityLog {
  refused(event: SecurityEvent): void
}
/** One request that was refused before its caller was known. */
export interface SecurityEvent {
  readonly requestId: string
  readonly sourceIp: string
  readonly code: string
  readonly service: string | undefined
  readonly operation: string | undefined
  /** As claimed, unverified; at most 128 characters. */
  readonly accessKeyId: string | undefined
}
