/** The outbox for those who only read: what is durable and not in the trail. */
import { IntegrityError } from '#base/integrity-error.ts'
import type { IntegrityKeys } from '../stored-row.ts'
import { openForReading } from './connection.ts'
import { guarded } from './failures.ts'
import { openSealedHead, sealedHeadIn } from './head.ts'
import { refuseNewer } from './migrate.ts'
import { isAuthenticEntry, requireEntries, requireGiven, storedEntry } from './outbox.ts'
import type { StoredEntry } from './outbox.ts'

/** The outbox and the head of the same moment; nothing of it was verified. */
export interface WaitingEntries {
  /** By id, ascending. Some of the first ones may be in the trail already. */
  readonly entries: readonly StoredEntry[]
  readonly sealedHead: Buffer | undefined
}

/** Reads the outbox in `file`: its size is bounded by its writer. Throws StorageError. */
export function readWaiting(file: string): WaitingEntries {
  const db = openForReading(file)
  try {
    return guarded(file, 'read', () => {
      refuseNewer(db, file)
      db.exec('BEGIN')
      const entries = db.prepare('SELECT id, record, mac FROM outbox ORDER BY id').all().map(storedEntry)
      return { entries, sealedHead: sealedHeadIn(db) }
    })
  } finally {
    db.close()
  }
}

/**
 * What is wrong with the outbox, or undefined when each record that is not in the trail is there as it was written. The trail
 * had the records up to `movedBefore` before the outbox was read, and those up to `moved` afterwards.
 */
export function checkWaiting(
  { entries, sealedHead }: WaitingEntries,
  keys: IntegrityKeys,
  movedBefore: number,
  moved: number,
): string | undefined {
  try {
    const { lastOutboxId } = openSealedHead(keys, sealedHead).head
    requireGiven(movedBefore, lastOutboxId)
    requireEntries(
      entries.filter(({ id }) => id > moved),
      (entry) => isAuthenticEntry(keys.stateMac, entry),
      moved,
      Math.max(moved, lastOutboxId),
    )
    return undefined
  } catch (error) {
    if (error instanceof IntegrityError) return error.message
    throw error
  }
}
