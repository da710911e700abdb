import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { createServiceKeys } from '#kms/managed/service-keys.ts'
import { keyUsingServices } from '#kms/managed/service-policy.ts'
import { account, MemoryKms, region } from '../support/memory-kms.ts'

describe('GetKeyRotationStatus', () => {
  for (const answers of ['at once', 'later'] as const) {
    it(`tells when the key of a service is rotated next, where ports answer ${answers}`, async () => {
      const kms = new MemoryKms(answers)
      kms.now = Date.UTC(2026, 0, 1, 12)
      const [service] = keyUsingServices
      assert.ok(service !== undefined)
      const keys = createServiceKeys({
        ...kms.ports,
        committer: { commit: (commit) => Promise.resolve(kms.memory.commit(commit)) },
        clock: { now: () => kms.now },
      })
      const { keyId } = (await keys.managed(service, { region, account })).record
      const { output } = await kms.run('GetKeyRotationStatus', { KeyId: keyId })
      assert.deepEqual(output, {
        KeyRotationEnabled: true,
        KeyId: `arn:aws:kms:eu-central-1:111122223333:key/${keyId}`,
        RotationPeriodInDays: 365,
        NextRotationDate: new Date('2027-01-01T12:00:00.000Z'),
      })
    })
  }
})
