/** What the trail of a running server holds. Records of changes reach it a moment after the answer, so reading waits. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { TrailReader } from '#audit/reader.ts'

/** A record as JSON. */
export type AuditRecord = Readonly<Record<string, unknown>>

const patienceMs = 10_000
const stepMs = 5

/** The one record of the request `requestId` of the server with data directory `directory`. */
export async function recordOf(directory: string, requestId: string): Promise<AuditRecord> {
  const reader = new TrailReader(join(directory, 'trail.db'))
  try {
    for (let waited = 0; waited < patienceMs; waited += stepMs) {
      const found = reader.show(requestId)
      if (found.length > 0) {
        assert.equal(found.length, 1, `one request left ${found.length} records`)
        return parsed(found[0]?.record ?? '')
      }
      await sleep(stepMs)
    }
    throw new Error(`the trail has no record of ${requestId}`)
  } finally {
    reader.close()
  }
}

/** All records that are in the trail now, in their order, as text. */
export function allRecords(directory: string): readonly string[] {
  const reader = new TrailReader(join(directory, 'trail.db'))
  try {
    return reader.after(0, Number.MAX_SAFE_INTEGER).records.map(({ record }) => record)
  } finally {
    reader.close()
  }
}

function parsed(text: string): AuditRecord {
  const record: unknown = JSON.parse(text)
  assert.ok(typeof record === 'object' && record !== null && !Array.isArray(record))
  return { ...record }
}
