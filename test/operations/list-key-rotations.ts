import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { anyStateTest, identifierTests, pagingRefusalTests, requiredTest } from './rules.ts'
import {
  createKey,
  expectRecord,
  listIn,
  refuse,
  refuseInvalid,
  succeed,
  textOf,
  type Json,
  type Key,
} from './service.ts'

async function rotatedKey(count: number): Promise<Key> {
  const key = await createKey()
  for (let done = 0; done < count; done += 1) await succeed('RotateKeyOnDemand', { KeyId: key.id })
  return key
}

async function pages(input: Json): Promise<Json[][]> {
  const found: Json[][] = []
  let Marker: unknown
  do {
    const { json } = await succeed('ListKeyRotations', { ...input, ...(Marker === undefined ? {} : { Marker }) })
    found.push([...listIn(json, 'Rotations')])
    Marker = json['NextMarker']
    assert.equal(json['Truncated'], Marker !== undefined)
  } while (Marker !== undefined)
  return found
}

describe('ListKeyRotations', () => {
  it('answers nothing of a key that was never rotated', async () => {
    const { id } = await createKey()
    assert.equal((await succeed('ListKeyRotations', { KeyId: id })).text, '{"Rotations":[],"Truncated":false}')
  })

  it('lists the materials that rotations made, oldest first, with when and how', async () => {
    const key = await rotatedKey(2)
    const listed = listIn((await succeed('ListKeyRotations', { KeyId: key.id })).json, 'Rotations')
    const [first = {}, second = {}] = listed
    for (const [entry, KeyMaterialState] of [
      [first, 'NON_CURRENT'],
      [second, 'CURRENT'],
    ] as const) {
      const { KeyMaterialId, RotationDate, ...rest } = entry
      assert.deepEqual(rest, { KeyId: key.id, KeyMaterialState, RotationType: 'ON_DEMAND' })
      assert.match(String(KeyMaterialId), /^[0-9a-f]{64}$/)
      assert.ok(typeof RotationDate === 'number' && Math.abs(RotationDate - Date.now() / 1000) < 60)
    }
    assert.equal(listed.length, 2)
    assert.ok(Number(first['RotationDate']) <= Number(second['RotationDate']))
  })

  it('lists the first material too when asked for all, which has no date', async () => {
    const key = await rotatedKey(1)
    const rotations = listIn(
      (await succeed('ListKeyRotations', { KeyId: key.id, IncludeKeyMaterial: 'ROTATIONS_ONLY' })).json,
      'Rotations',
    )
    const all = listIn(
      (await succeed('ListKeyRotations', { KeyId: key.id, IncludeKeyMaterial: 'ALL_KEY_MATERIAL' })).json,
      'Rotations',
    )
    assert.deepEqual(all, [
      { KeyId: key.id, KeyMaterialId: key.materialId, KeyMaterialState: 'NON_CURRENT' },
      ...rotations,
    ])
    const { id, materialId } = await createKey()
    const { json } = await succeed('ListKeyRotations', { KeyId: id, IncludeKeyMaterial: 'ALL_KEY_MATERIAL' })
    assert.deepEqual(json, {
      Rotations: [{ KeyId: id, KeyMaterialId: materialId, KeyMaterialState: 'CURRENT' }],
      Truncated: false,
    })
  })

  it('lists page by page, each material once', async () => {
    const key = await rotatedKey(5)
    for (const [IncludeKeyMaterial, sizes] of [
      ['ROTATIONS_ONLY', [2, 2, 1]],
      ['ALL_KEY_MATERIAL', [2, 2, 2]],
    ] as const) {
      const input = { KeyId: key.id, IncludeKeyMaterial }
      const found = await pages({ ...input, Limit: 2 })
      assert.deepEqual(
        found.map((page) => page.length),
        sizes,
      )
      assert.deepEqual(found.flat(), listIn((await succeed('ListKeyRotations', input)).json, 'Rotations'))
    }
  })

  it('refuses a marker of another key, and of another choice of materials', async () => {
    const [one, two] = [await rotatedKey(2), await rotatedKey(2)]
    const Marker = textOf((await succeed('ListKeyRotations', { KeyId: one.id, Limit: 1 })).json, 'NextMarker')
    // unverified wording
    const refusal = ['InvalidMarkerException', 'The marker is not valid.'] as const
    await refuse('ListKeyRotations', { KeyId: two.id, Marker }, ...refusal)
    await refuse('ListKeyRotations', { KeyId: one.id, IncludeKeyMaterial: 'ALL_KEY_MATERIAL', Marker }, ...refusal)
    await succeed('ListKeyRotations', { KeyId: one.arn, Marker })
  })

  it('refuses any other choice of materials', async () => {
    const { id } = await createKey()
    await refuseInvalid(
      'ListKeyRotations',
      { KeyId: id, IncludeKeyMaterial: 'ALL' },
      "Value 'ALL' at 'includeKeyMaterial' failed to satisfy constraint: Member must satisfy enum value set: " +
        '[ALL_KEY_MATERIAL, ROTATIONS_ONLY]',
    )
  })

  it('records what was asked', async () => {
    const key = await createKey()
    const answered = await succeed('ListKeyRotations', {
      KeyId: key.id,
      IncludeKeyMaterial: 'ALL_KEY_MATERIAL',
      Limit: 3,
    })
    await expectRecord(answered, {
      eventName: 'ListKeyRotations',
      readOnly: true,
      requestParameters: { keyId: key.id, includeKeyMaterial: 'ALL_KEY_MATERIAL', limit: 3 },
      resources: [key.arn],
    })
  })

  requiredTest('ListKeyRotations', {}, 'KeyId')
  anyStateTest('ListKeyRotations')
  pagingRefusalTests('ListKeyRotations', 1000, async () => ({ KeyId: (await createKey()).id }))
  identifierTests({
    operation: 'ListKeyRotations',
    member: 'KeyId',
    rest: () => ({}),
    aliases: false,
    knowsInvalidArn: true,
  })
})
