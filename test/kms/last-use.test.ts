import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { daysWithoutUse, trackingStart } from '#kms/key/last-use.ts'
import type { LastKeyUse } from '#ports/key-usage.ts'
import { account, MemoryKms, region } from '../support/memory-kms.ts'

const day = 86_400_000
const used = (time: number, trackedSince = 0): LastKeyUse => ({
  use: { operation: 'Encrypt', time, requestId: 'r', eventId: 'e' },
  trackedSince,
})
const unused = (trackedSince = 0): LastKeyUse => ({ use: undefined, trackedSince })

describe('the days without a use of a key', () => {
  const created = { creationDate: 100 * day }
  const table: readonly (readonly [string, LastKeyUse, number, number])[] = [
    ['are counted from the last use', used(110 * day), 114 * day, 4],
    ['are whole ones', used(110 * day), 140 * day - 1, 29],
    ['are counted from the creation of a key that was never used', unused(), 103 * day, 3],
    ['are counted from when uses are known, of a key that is older', unused(120 * day), 125 * day, 5],
    ['are those since a use of which is known that it may not be the last', used(110 * day, 120 * day), 125 * day, 5],
    ['are none while the clock is behind', used(110 * day), 105 * day, 0],
  ]
  for (const [name, lastUse, now, days] of table) {
    it(name, () => assert.equal(daysWithoutUse(created, lastUse, now), days))
  }
})

describe('GetKeyLastUsage', () => {
  for (const answers of ['at once', 'later'] as const) {
    it(`says from when uses are known where that is later than the key, from ports that answer ${answers}`, async () => {
      const kms = new MemoryKms(answers)
      const keyId = await kms.createKey()
      const arn = `arn:aws:kms:${region}:${account}:key/${keyId}`
      kms.lastUses.set(arn, unused(kms.now + 5000))
      assert.equal(trackingStart({ creationDate: kms.now }, unused(kms.now - 1)), kms.now)
      assert.deepEqual((await kms.run('GetKeyLastUsage', { KeyId: keyId })).output, {
        KeyId: keyId,
        KeyLastUsage: {},
        TrackingStartDate: new Date(kms.now + 5000),
        KeyCreationDate: new Date(kms.now),
      })
    })
  }
})
