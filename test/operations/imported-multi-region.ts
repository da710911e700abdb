import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { describe, it } from 'node:test'
import { materialFor } from './imports.ts'
import {
  base64,
  createKey,
  keyArn,
  listIn,
  objectIn,
  otherRegion,
  refuse,
  region,
  succeed,
  succeedEmpty,
  thirdRegion,
  type Json,
  type Key,
} from './service.ts'

const Plaintext = base64('a secret')

const importRequest = async (key: Key, material: Buffer, inRegion: string): Promise<Json> => ({
  KeyId: key.id,
  ...(await materialFor(key, material, inRegion)),
})

async function importIn(inRegion: string, key: Key, material: Buffer, more: Json = {}): Promise<string> {
  const request = await importRequest(key, material, inRegion)
  const { json } = await succeed('ImportKeyMaterial', { ...request, ...more }, inRegion)
  return String(json['KeyMaterialId'])
}

/** A primary with `material` and a replica in `otherRegion` that has none yet. */
async function createPair(material: Buffer): Promise<Key> {
  const key = await createKey({ Origin: 'EXTERNAL', MultiRegion: true })
  await importIn(region, key, material)
  await succeed('ReplicateKey', { KeyId: key.id, ReplicaRegion: otherRegion })
  return key
}

async function describedIn(inRegion: string, { id }: Key): Promise<Json> {
  return objectIn((await succeed('DescribeKey', { KeyId: id }, inRegion)).json, 'KeyMetadata')
}

async function rotationsIn(inRegion: string, { id }: Key): Promise<readonly Json[]> {
  const input = { KeyId: id, IncludeKeyMaterial: 'ALL_KEY_MATERIAL' }
  return listIn((await succeed('ListKeyRotations', input, inRegion)).json, 'Rotations')
}

const statesIn = async (inRegion: string, key: Key) =>
  (await rotationsIn(inRegion, key)).map((each) => [each['KeyMaterialState'], each['ImportState']])

const newMaterial = { ImportType: 'NEW_KEY_MATERIAL' }
const pendingImport = (arn: string) => `${arn} is pending import.`

describe('multi-Region keys with imported material', () => {
  it('are replicated once the primary has material, and replicas begin without its bytes', async () => {
    const key = await createKey({ Origin: 'EXTERNAL', MultiRegion: true })
    const input = { KeyId: key.id, ReplicaRegion: otherRegion }
    await refuse('ReplicateKey', input, 'KMSInvalidStateException', pendingImport(key.arn))
    const materialId = await importIn(region, key, randomBytes(32))
    await succeed('ReplicateKey', input)
    const there = await describedIn(otherRegion, key)
    assert.deepEqual([there['KeyState'], there['Enabled'], there['Origin']], ['PendingImport', false, 'EXTERNAL'])
    const replica = keyArn(key.id, otherRegion)
    const encrypt = { KeyId: key.id, Plaintext }
    await refuse('Encrypt', encrypt, 'KMSInvalidStateException', pendingImport(replica), otherRegion)
    assert.deepEqual(await rotationsIn(otherRegion, key), [
      { KeyId: key.id, KeyMaterialId: materialId, KeyMaterialState: 'CURRENT', ImportState: 'PENDING_IMPORT' },
    ])
  })

  it('take the same material in each Region, and then open what the others encrypted', async () => {
    const material = randomBytes(32)
    const key = await createPair(material)
    const wrong = await importRequest(key, randomBytes(32), otherRegion)
    // unverified wording
    const message = 'The key material is not the material that is associated with the KMS key.'
    await refuse('ImportKeyMaterial', wrong, 'IncorrectKeyMaterialException', message, otherRegion)
    const materialId = await importIn(otherRegion, key, material)
    assert.equal(materialId, (await describedIn(region, key))['CurrentKeyMaterialId'])
    assert.equal((await describedIn(otherRegion, key))['KeyState'], 'Enabled')
    const { json } = await succeed('Encrypt', { KeyId: key.id, Plaintext })
    const { json: opened } = await succeed('Decrypt', { CiphertextBlob: json['CiphertextBlob'] }, otherRegion)
    assert.equal(opened['Plaintext'], Plaintext)
  })

  it('take an import token only in the Region that gave it', async () => {
    const material = randomBytes(32)
    const key = await createPair(material)
    const request = await importRequest(key, material, region)
    // unverified wording
    const message = 'The import token is not one for this KMS key.'
    await refuse('ImportKeyMaterial', request, 'InvalidImportTokenException', message, otherRegion)
  })

  it('lose material in one Region alone', async () => {
    const material = randomBytes(32)
    const key = await createPair(material)
    await importIn(otherRegion, key, material, { ValidTo: Math.floor(Date.now() / 1000) + 3600, ExpirationModel: null })
    assert.equal((await describedIn(otherRegion, key))['ExpirationModel'], 'KEY_MATERIAL_EXPIRES')
    assert.equal((await describedIn(region, key))['ExpirationModel'], 'KEY_MATERIAL_DOES_NOT_EXPIRE')
    await succeed('DeleteImportedKeyMaterial', { KeyId: key.id })
    assert.equal((await describedIn(region, key))['KeyState'], 'PendingImport')
    await succeed('Encrypt', { KeyId: key.id, Plaintext }, otherRegion)
  })

  it('wait with new material until each Region has it, and rotate all at once', async () => {
    const [first, second] = [randomBytes(32), randomBytes(32)]
    const key = await createPair(first)
    await importIn(otherRegion, key, first)
    await succeed('ReplicateKey', { KeyId: key.id, ReplicaRegion: thirdRegion })
    await importIn(thirdRegion, key, first)
    const { json: before } = await succeed('Encrypt', { KeyId: key.id, Plaintext })

    const pending = await importIn(region, key, second, { ...newMaterial, KeyMaterialDescription: 'of 2027' })
    const waiting = 'PENDING_MULTI_REGION_IMPORT_AND_ROTATION'
    assert.deepEqual(await statesIn(region, key), [
      ['CURRENT', 'IMPORTED'],
      [waiting, 'IMPORTED'],
    ])
    assert.deepEqual(await statesIn(otherRegion, key), [
      ['CURRENT', 'IMPORTED'],
      [waiting, 'PENDING_IMPORT'],
    ])
    assert.equal((await rotationsIn(otherRegion, key))[1]?.['KeyMaterialDescription'], 'of 2027')
    assert.equal((await describedIn(otherRegion, key))['KeyState'], 'Enabled', 'what waits is not needed yet')
    const missing = `No available key material pending rotation for the key: ${key.arn}.`
    await refuse('RotateKeyOnDemand', { KeyId: key.id }, 'KMSInvalidStateException', missing)

    assert.equal(await importIn(otherRegion, key, second), pending)
    await refuse('RotateKeyOnDemand', { KeyId: key.id }, 'KMSInvalidStateException', missing)
    await importIn(thirdRegion, key, second)
    for (const inRegion of [region, otherRegion, thirdRegion]) {
      assert.deepEqual((await statesIn(inRegion, key))[1], ['PENDING_ROTATION', 'IMPORTED'])
    }
    await succeed('RotateKeyOnDemand', { KeyId: key.id })
    for (const inRegion of [region, otherRegion, thirdRegion]) {
      assert.equal((await describedIn(inRegion, key))['CurrentKeyMaterialId'], pending)
      assert.deepEqual(await statesIn(inRegion, key), [
        ['NON_CURRENT', 'IMPORTED'],
        ['CURRENT', 'IMPORTED'],
      ])
      const { json } = await succeed('Decrypt', { CiphertextBlob: before['CiphertextBlob'] }, inRegion)
      assert.equal(json['Plaintext'], Plaintext)
    }
  })

  it('forget new material everywhere when the primary deletes it, and in one Region when a replica does', async () => {
    const [first, second] = [randomBytes(32), randomBytes(32)]
    const key = await createPair(first)
    await importIn(otherRegion, key, first)
    const KeyMaterialId = await importIn(region, key, second, newMaterial)
    await importIn(otherRegion, key, second)
    await succeed('DeleteImportedKeyMaterial', { KeyId: key.id, KeyMaterialId }, otherRegion)
    assert.deepEqual((await statesIn(otherRegion, key))[1], [
      'PENDING_MULTI_REGION_IMPORT_AND_ROTATION',
      'PENDING_IMPORT',
    ])
    assert.equal((await describedIn(otherRegion, key))['KeyState'], 'Enabled')
    await importIn(otherRegion, key, second)
    await succeed('DeleteImportedKeyMaterial', { KeyId: key.id, KeyMaterialId })
    for (const inRegion of [region, otherRegion]) {
      assert.deepEqual(await statesIn(inRegion, key), [['CURRENT', 'IMPORTED']])
      assert.equal((await describedIn(inRegion, key))['KeyState'], 'Enabled')
    }
    await importIn(region, key, randomBytes(32), newMaterial)
  })

  it('take new material and descriptions on the primary alone', async () => {
    const material = randomBytes(32)
    const key = await createPair(material)
    const message = `${keyArn(key.id, otherRegion)} is not a multi-region primary key.`
    const request = await importRequest(key, material, otherRegion)
    for (const more of [newMaterial, { KeyMaterialDescription: 'there' }]) {
      await refuse('ImportKeyMaterial', { ...request, ...more }, 'UnsupportedOperationException', message, otherRegion)
    }
    await importIn(region, key, material, { ImportType: 'EXISTING_KEY_MATERIAL', KeyMaterialDescription: 'here' })
    assert.equal((await rotationsIn(otherRegion, key))[0]?.['KeyMaterialDescription'], 'here')
  })

  it('go on in another Region: the new primary takes new material', async () => {
    const [first, second] = [randomBytes(32), randomBytes(32)]
    const key = await createPair(first)
    await importIn(otherRegion, key, first)
    await succeedEmpty('UpdatePrimaryRegion', { KeyId: key.id, PrimaryRegion: otherRegion })
    const pending = await importIn(otherRegion, key, second, newMaterial)
    await importIn(region, key, second)
    await succeed('RotateKeyOnDemand', { KeyId: key.id }, otherRegion)
    assert.equal((await describedIn(region, key))['CurrentKeyMaterialId'], pending)
  })
})
