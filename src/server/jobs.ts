/** What the server does by itself, on the writer's thread. */
import { deleteDueKeys } from '#kms/jobs/delete-due-keys.ts'
import type { Clock, Random } from '#ports/edge.ts'
import type { SqliteReader } from '#storage/sqlite/reader.ts'
import { secondText, serviceEventText } from '#cloudtrail/record.ts'
import type { Writer } from './writer.ts'

const batch = 100

/** Deletes the keys whose waiting period is over; answers how many. */
export async function runDeletionJob(
  storage: SqliteReader,
  writer: Writer,
  clock: Clock,
  random: Random,
): Promise<number> {
  const timeText = secondText()
  let deleted = 0
  for (;;) {
    const now = clock.now()
    const due = storage.keysDueForDeletion(now, batch)
    if (due.length === 0) return deleted
    let progress = 0
    for (const deletion of deleteDueKeys(due, now)) {
      const record = serviceEventText({
        eventName: deletion.event.eventName,
        ...deletion.event.place,
        arn: deletion.event.resource.arn,
        time: timeText(now),
        eventId: random.uuid(),
        serviceEventDetails: undefined,
      })
      const outcome = await writer.commitNow({ changes: deletion.changes, expectations: deletion.expectations, record })
      // A conflict is a key that was rescued or changed meanwhile: the next round looks again.
      if (outcome === 'committed') progress += 1
    }
    deleted += progress
    if (progress === 0) return deleted
  }
}
