import type { KeyArn } from '#base/brand.ts'
import type { MaybeAsync } from '#base/maybe-async.ts'

/** A cryptographic operation that succeeded, as its audit record tells of it. */
export interface KeyUse {
  readonly operation: string
  /** Epoch milliseconds of a whole second, like the record's `eventTime`. */
  readonly time: number
  /** The record's `requestID` and `eventID`. */
  readonly requestId: string
  readonly eventId: string
}

/** An operation and the keys that it used: two of ReEncrypt. */
export interface UsedKeys {
  /** Their ARNs. */
  readonly keys: readonly string[]
  readonly use: KeyUse
}

/** What is known of the uses of one key. */
export interface LastKeyUse {
  /** The last one; undefined when none is known. */
  readonly use: KeyUse | undefined
  /** Epoch milliseconds: what was before may be unknown. 0 where every use of every key is known. */
  readonly trackedSince: number
}

/** When keys were last used. */
export interface KeyUsage {
  /**
   * With every operation whose answer anybody has had. Rejects when what is stored of the key is not what was written, or
   * could not be stored for a long time.
   */
  lastUse(key: KeyArn): MaybeAsync<LastKeyUse>
}
