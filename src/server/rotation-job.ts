/** Rotates the keys whose next rotation has come, those of customers and those of services; on the writer's thread. */
import { isRotationDue, materialOwner, rotatedEverywhere } from '#kms/key/rotation.ts'
import type { Clock, Random } from '#ports/edge.ts'
import type { KeyStore } from '#ports/key-store.ts'
import type { KeyRecord, Stored } from '#records/key.ts'
import type { SqliteReader } from '#storage/sqlite/reader.ts'
import { dueBatch, eachFailureOnce, oneAtATime, workOff } from './job-runs.ts'
import type { Writer } from './writer.ts'

export interface RotationJobParts {
  readonly storage: SqliteReader
  readonly writer: Writer
  readonly keyStore: Pick<KeyStore, 'generate' | 'replicate'>
  readonly clock: Pick<Clock, 'now'>
  readonly random: Pick<Random, 'uuid'>
  /** A key that could not be rotated; the others are. Called once for each failure that is new. */
  readonly report: (what: string, error: unknown) => void
}

export interface RotationJob {
  /** Rotates what is due; answers how many keys. One run at a time, as `oneAtATime` says. Ends early when the writer is closed. */
  run(): Promise<number>
}

// Who changes a key all the time has it rotated by the next run.
const attempts = 5

export function createRotationJob(parts: RotationJobParts): RotationJob {
  const failed = eachFailureOnce('a key could not be rotated', parts.report)
  return { run: oneAtATime(() => rotateAll(parts, failed)) }
}

async function rotateAll(parts: RotationJobParts, failed: (error: unknown) => void): Promise<number> {
  const { storage, writer, clock } = parts
  return await workOff<Stored<KeyRecord>>({
    find: (after) => storage.keysDueForRotation(clock.now(), dueBatch, after, failed),
    work: (key) => rotateOne(parts, key),
    failed,
    writer,
  })
}

/** How many keys have new material. A conflict is tried again on what the key is then: it may not be due any more. */
async function rotateOne(parts: RotationJobParts, found: Stored<KeyRecord>): Promise<number> {
  const { storage, writer, keyStore, clock, random } = parts
  let key: Stored<KeyRecord> | undefined = found
  for (let attempt = 0; attempt < attempts; attempt += 1) {
    const now = clock.now()
    if (key === undefined || !isRotationDue(key, now)) return 0
    const { rev, ...record } = key
    const place = { region: record.region, account: record.account }
    const material = await keyStore.generate(materialOwner(record, now))
    const rotated = await rotatedEverywhere(record, material, 'AUTOMATIC', now, { storage, keyStore, random })
    const outcome = await writer.commitNow({
      ...rotated,
      expectations: [{ kind: 'key', place, keyId: record.keyId, rev }, ...rotated.expectations],
    })
    if (outcome === 'committed') return 1
    key = storage.key(place, record.keyId)
  }
  return 0
}
