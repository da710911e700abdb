/** What the server does by itself, on the writer's thread. */
import type { AliasName } from '#base/brand.ts'
import { secondText, serviceEventText } from '#cloudtrail/record.ts'
import { deleteDueKey } from '#kms/jobs/delete-due-keys.ts'
import { relativesOf } from '#kms/key/multi-region.ts'
import type { Clock, Random } from '#ports/edge.ts'
import type { KeyRecord, Stored } from '#records/key.ts'
import type { SqliteReader } from '#storage/sqlite/reader.ts'
import { dueBatch, eachFailureOnce, oneAtATime, workOff } from './job-runs.ts'
import type { Writer } from './writer.ts'

export interface DeletionJobParts {
  readonly storage: SqliteReader
  readonly writer: Writer
  readonly clock: Clock
  readonly random: Random
  /** A key that could not be deleted; the others are. Called once for each failure that is new. */
  readonly report: (what: string, error: unknown) => void
}

export interface DeletionJob {
  /**
   * Deletes the keys whose waiting period is over; answers how many. One run at a time, as `oneAtATime` says. Ends early
   * when the writer is closed.
   */
  run(): Promise<number>
}

const aliasBatch = 100

export function createDeletionJob(parts: DeletionJobParts): DeletionJob {
  const failed = eachFailureOnce('a key could not be deleted at the end of its waiting period', parts.report)
  return { run: oneAtATime(() => deleteAll(parts, failed)) }
}

async function deleteAll(parts: DeletionJobParts, failed: (error: unknown) => void): Promise<number> {
  const { storage, writer, clock } = parts
  const deleted = await workOff<Stored<KeyRecord>>({
    find: (after) => storage.keysDueForDeletion(clock.now(), dueBatch, after, failed),
    work: (key) => deleteOne(parts, key),
    failed,
    writer,
  })
  if (deleted > 0 && !writer.isClosed) writer.emptyLog()
  return deleted
}

/** How many keys are gone: none when it was rescued or changed meanwhile, which the next run looks at again. */
async function deleteOne(
  { storage, writer, clock, random }: DeletionJobParts,
  { region, account, keyId }: KeyRecord,
): Promise<number> {
  const now = clock.now()
  // As it is now: the deletion of another key of the same multi-Region key has changed it since it was found.
  const key = storage.key({ region, account }, keyId)
  if (key === undefined) return 0
  const relatives = await relativesOf(key, storage)
  const deletion = deleteDueKey(key, { aliases: aliasesOf(storage, key), relatives }, now)
  if (deletion === undefined) return 0
  const { changes, expectations, event } = deletion
  const record = serviceEventText({
    eventName: event.eventName,
    ...event.place,
    arn: event.resource.arn,
    time: secondText()(now),
    eventId: random.uuid(),
    serviceEventDetails: undefined,
  })
  return (await writer.commitNow({ changes, expectations, record })) === 'committed' ? 1 : 0
}

function aliasesOf(storage: SqliteReader, key: KeyRecord): readonly AliasName[] {
  const names: AliasName[] = []
  for (;;) {
    const page = storage.aliases(key, names.at(-1), aliasBatch, key.keyId)
    names.push(...page.map(({ name }) => name))
    if (page.length < aliasBatch) return names
  }
}
