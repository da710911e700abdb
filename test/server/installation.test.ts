import assert from 'node:assert/strict'
import { DatabaseSync } from 'node:sqlite'
import { join } from 'node:path'
import { it } from 'node:test'
import type { TestContext } from 'node:test'
import { IntegrityError } from '#base/integrity-error.ts'
import { loadSettings } from '#config/load-settings.ts'
import { openInstallation, type OpenInstallation } from '#server/installation.ts'
import { createLog } from '#server/log.ts'
import { allocateClockOffset, systemClock, systemRandom } from '../../src/system.ts'
import { temporaryDirectory } from '../storage/fixtures.ts'

/** An installation with two audit records of changes that wait. */
async function opener(t: TestContext) {
  const dataDir = temporaryDirectory(t)
  const settings = await loadSettings({ 'data-dir': dataDir }, {})
  const clock = systemClock(allocateClockOffset())
  const open = (): Promise<OpenInstallation> =>
    openInstallation(settings, clock, systemRandom(), createLog('silent', {}))
  const first = await open()
  for (const record of ['"1"', '"2"']) first.storage.commit({ changes: [], expectations: [], record })
  return { database: join(dataDir, 'keys.db'), open, first }
}

/** What a start throws; the process of a server ends with it, and the lock of the directory with the process. */
async function refusal(open: () => Promise<OpenInstallation>): Promise<string> {
  try {
    const opened = await open()
    opened.close()
  } catch (error) {
    assert.ok(error instanceof IntegrityError, String(error))
    return error.message
  }
  return 'none'
}

it('does not start when a waiting audit record was removed', async (t) => {
  const { database, open, first } = await opener(t)
  first.close()
  const db = new DatabaseSync(database)
  db.exec('DELETE FROM outbox WHERE id = 2')
  db.close()
  assert.equal(
    await refusal(open),
    'The audit record 2 of a change is neither in the outbox nor in the audit trail: removed by another program.',
  )
})

it('does not start when the trail has records of changes that the database never made', async (t) => {
  const { open, first } = await opener(t)
  first.trail.appendFromOutbox([{ id: 9, record: '"of another database"' }])
  first.close()
  assert.match(
    await refusal(open),
    /^The audit trail holds the records of changes up to number 9, but the keys' database has made only 2: /,
  )
})

it('starts with records that wait, and with those that a crash left although the trail has them', async (t) => {
  const { open, first } = await opener(t)
  first.trail.appendFromOutbox(first.storage.outbox(0, 1))
  first.close()
  const second = await open()
  assert.equal(second.storage.outbox(0, 10).length, 2)
  second.close()
})
