/** Deletes imported key material that has expired; on the writer's thread. Requests don't wait for it: they ask the clock. */
import { sweep } from '#kms/key/expired.ts'
import type { Clock, Random } from '#ports/edge.ts'
import type { KeyRecord, Stored } from '#records/key.ts'
import type { SqliteReader } from '#storage/sqlite/reader.ts'
import { dueBatch, eachFailureOnce, oneAtATime, workOff } from './job-runs.ts'
import type { Writer } from './writer.ts'

export interface ExpiryJobParts {
  readonly storage: SqliteReader
  readonly writer: Writer
  readonly clock: Pick<Clock, 'now'>
  readonly random: Pick<Random, 'uuid'>
  /** A key whose material could not be deleted; that of the others is. Called once for each failure that is new. */
  readonly report: (what: string, error: unknown) => void
}

export interface ExpiryJob {
  /**
   * Deletes what has expired; answers how many materials. One run at a time, as `oneAtATime` says. Ends early when the writer
   * is closed.
   */
  run(): Promise<number>
}

// Who changes a key all the time has its material deleted by the next run.
const attempts = 5

export function createExpiryJob(parts: ExpiryJobParts): ExpiryJob {
  const failed = eachFailureOnce('expired key material could not be deleted', parts.report)
  return { run: oneAtATime(() => deleteAll(parts, failed)) }
}

async function deleteAll(parts: ExpiryJobParts, failed: (error: unknown) => void): Promise<number> {
  const { storage, writer, clock } = parts
  const deleted = await workOff<Stored<KeyRecord>>({
    find: (after) => storage.keysWithExpiredMaterial(clock.now(), dueBatch, after, failed),
    work: (key) => deleteOne(parts, key),
    failed,
    writer,
  })
  if (deleted > 0 && !writer.isClosed) writer.emptyLog()
  return deleted
}

/** How many materials of the key were deleted. A conflict is tried again on what the key is then: it may have others by then. */
async function deleteOne(parts: ExpiryJobParts, found: Stored<KeyRecord>): Promise<number> {
  const { storage, writer, clock, random } = parts
  let key: Stored<KeyRecord> | undefined = found
  for (let attempt = 0; attempt < attempts && key !== undefined; attempt += 1) {
    const { rev, ...record } = key
    const place = { region: record.region, account: record.account }
    const { key: swept, changes, records } = sweep(record, clock.now(), () => random.uuid())
    const [first, ...others] = records
    if (first === undefined) return 0
    const outcome = await writer.commitNow({
      changes: [
        { kind: 'key changed', key: swept },
        ...changes,
        ...others.map((each) => ({ kind: 'event recorded', record: each }) as const),
      ],
      expectations: [{ kind: 'key', place, keyId: record.keyId, rev }],
      record: first,
    })
    if (outcome === 'committed') return records.length
    key = storage.key(place, record.keyId)
  }
  return 0
}
