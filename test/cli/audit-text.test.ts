import assert from 'node:assert/strict'
import { it } from 'node:test'
import { recordJson, recordLine, verdictText } from '#cli/audit-text.ts'

const record = '{"eventTime":"2026-11-21T10:04:00Z","eventName":"CreateKey"}'

it('marks a record that waits for the trail', () => {
  assert.equal(recordLine({ sequenceNumber: 4, chainHash: 'aa', record }), '2026-11-21T10:04:00Z  CreateKey  -  -  ok')
  const waiting = { waiting: 2, record }
  assert.equal(recordLine(waiting), '2026-11-21T10:04:00Z  CreateKey  -  -  ok  (not in the trail yet)')
  assert.equal(recordJson(waiting), `{"waiting":2,"record":${record}}`)
})

it('says how many records wait for a trail that is intact', () => {
  const intact = { ok: true, records: 5, lastRecord: 5, removedUpTo: 0, anchor: 'matches' }
  const text =
    'The audit trail is intact: 5 records, the last is number 5. Its end is the one that was anchored, or later.'
  assert.deepEqual(verdictText({ ...intact, waiting: 0 }), { ok: true, text })
  assert.deepEqual(verdictText({ ...intact, waiting: 2 }), {
    ok: true,
    text: `${text} Records that are durable and wait to be moved to the trail: 2.`,
  })
})
