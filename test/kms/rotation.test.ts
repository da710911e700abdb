import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Members } from '#aws/operation.ts'
import { parseKeyMaterialId } from '#base/brand.ts'
import { MemoryKms } from '../support/memory-kms.ts'

const day = 86_400_000
const minute = 60_000

function rotations(output: Members): readonly unknown[] {
  const listed = output['Rotations']
  assert.ok(Array.isArray(listed))
  return listed
}

describe('a rotation on demand', () => {
  for (const answers of ['at once', 'later'] as const) {
    it(`changes the material and nothing else, where ports answer ${answers}`, async () => {
      const kms = new MemoryKms(answers)
      const keyId = await kms.createKey()
      const [before] = kms.keys.values()
      const { CiphertextBlob } = (await kms.run('Encrypt', { KeyId: keyId, Plaintext: 'b2xk' })).output
      kms.now += 5
      await kms.run('RotateKeyOnDemand', { KeyId: keyId })
      const [after] = kms.keys.values()
      assert.ok(before !== undefined && after !== undefined)
      const { currentMaterialId } = after
      assert.notEqual(currentMaterialId, before.currentMaterialId)
      assert.deepEqual(after, { ...before, currentMaterialId, rotation: { onDemand: 1 }, rev: after.rev })
      const found = [...kms.materials.values()].find(({ materialId }) => materialId === currentMaterialId)
      assert.deepEqual(found?.rotated, { date: kms.now, type: 'ON_DEMAND' })
      assert.ok(CiphertextBlob instanceof Buffer)
      const old = await kms.run('Decrypt', { CiphertextBlob: CiphertextBlob.toString('base64') })
      assert.equal(old.output['KeyMaterialId'], before.currentMaterialId)
    })
  }

  it('is listed behind the one before also when both come in one millisecond, or the clock was set back', async () => {
    const kms = new MemoryKms()
    const keyId = await kms.createKey()
    const current = (): unknown => [...kms.keys.values()][0]?.currentMaterialId
    const made = [current()]
    for (let count = 0; count < 12; count += 1) {
      if (count === 8) kms.now -= 1000
      await kms.run('RotateKeyOnDemand', { KeyId: keyId })
      made.push(current())
    }
    const input = { KeyId: keyId, IncludeKeyMaterial: 'ALL_KEY_MATERIAL' }
    const listed = rotations((await kms.run('ListKeyRotations', input)).output)
    assert.deepEqual(
      listed.map((each) => (each as Members)['KeyMaterialId']),
      made,
    )
  })

  it('is a conflict from 20 minutes before an automatic one is due until that is done', async () => {
    const kms = new MemoryKms()
    const keyId = await kms.createKey()
    await kms.run('EnableKeyRotation', { KeyId: keyId, RotationPeriodInDays: 90 })
    const due = kms.now + 90 * day
    kms.now = due - 20 * minute - 1
    await kms.run('RotateKeyOnDemand', { KeyId: keyId })
    for (const now of [due - 20 * minute, due, due + day]) {
      kms.now = now
      assert.deepEqual(await kms.refusal('RotateKeyOnDemand', { KeyId: keyId }), {
        code: 'ConflictException',
        // unverified wording
        message:
          'The request was rejected because an automatic rotation of this key is currently in progress or scheduled to ' +
          'begin within the next 20 minutes.',
      })
    }
    await kms.run('DisableKeyRotation', { KeyId: keyId })
    await kms.run('RotateKeyOnDemand', { KeyId: keyId })
    assert.equal(rotations((await kms.run('ListKeyRotations', { KeyId: keyId })).output).length, 2)
  })

  it('begins no new period of automatic rotation', async () => {
    const kms = new MemoryKms()
    const keyId = await kms.createKey()
    await kms.run('EnableKeyRotation', { KeyId: keyId, RotationPeriodInDays: 730 })
    const { output } = await kms.run('GetKeyRotationStatus', { KeyId: keyId })
    kms.now += 100 * day
    await kms.run('RotateKeyOnDemand', { KeyId: keyId })
    assert.deepEqual((await kms.run('GetKeyRotationStatus', { KeyId: keyId })).output, output)
  })
})

describe('automatic rotation', () => {
  it('begins its period anew when it is enabled again, be it with the same period', async () => {
    const kms = new MemoryKms()
    const keyId = await kms.createKey()
    await kms.run('EnableKeyRotation', { KeyId: keyId })
    kms.now += 100 * day
    await kms.run('EnableKeyRotation', { KeyId: keyId })
    const { output } = await kms.run('GetKeyRotationStatus', { KeyId: keyId })
    assert.deepEqual(output['NextRotationDate'], new Date(kms.now + 365 * day))
  })

  it('keeps its date while the key is disabled or waits for its deletion', async () => {
    const kms = new MemoryKms()
    const keyId = await kms.createKey()
    await kms.run('EnableKeyRotation', { KeyId: keyId })
    const { output } = await kms.run('GetKeyRotationStatus', { KeyId: keyId })
    kms.now += 100 * day
    for (const name of ['DisableKey', 'ScheduleKeyDeletion', 'CancelKeyDeletion', 'EnableKey'] as const) {
      await kms.run(name, { KeyId: keyId })
    }
    assert.deepEqual((await kms.run('GetKeyRotationStatus', { KeyId: keyId })).output, output)
  })
})

describe('a list of rotations', () => {
  it('reads of thousands of key materials those of its page and one more, and has each once', async () => {
    const kms = new MemoryKms()
    const keyId = await kms.createKey()
    const [first] = kms.materials.values()
    assert.ok(first !== undefined)
    const count = 2500
    for (let number = 1; number <= count; number += 1) {
      const materialId = parseKeyMaterialId(number.toString(16).padStart(64, '0'))
      assert.ok(materialId !== undefined)
      // Later ones have smaller dates: by id they would be in another order.
      const rotated = { date: kms.now - number * 1000, type: 'AUTOMATIC' } as const
      kms.materials.set(`material ${number}`, { ...first, materialId, rotated })
    }
    const found: unknown[] = []
    const reads: number[] = []
    let Marker: unknown
    do {
      const before = kms.memory.materialsListed
      const input = { KeyId: keyId, Limit: 1000, IncludeKeyMaterial: 'ALL_KEY_MATERIAL' }
      const { output } = await kms.run('ListKeyRotations', Marker === undefined ? input : { ...input, Marker })
      for (const entry of rotations(output)) {
        assert.ok(typeof entry === 'object' && entry !== null && 'KeyMaterialId' in entry)
        found.push(entry.KeyMaterialId)
      }
      reads.push(kms.memory.materialsListed - before)
      Marker = output['NextMarker']
    } while (Marker !== undefined)
    assert.deepEqual(reads, [1001, 1001, 501])
    const numbered = Array.from({ length: count }, (_, index) => (count - index).toString(16).padStart(64, '0'))
    assert.deepEqual(found, [first.materialId, ...numbered])
  })
})
