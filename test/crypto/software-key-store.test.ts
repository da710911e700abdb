import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { describe, it } from 'node:test'
import { inspect } from 'node:util'
import { IntegrityError } from '#base/integrity-error.ts'
import { SecretBytes } from '#base/secret-bytes.ts'
import { keyMaterialId } from '#crypto/material-id.ts'
import { createSoftwareKeyStore } from '#keystores/software/key-store.ts'
import { unwrapSecret, wrapSecret } from '#keystores/software/secret-wrap.ts'
import type { MaterialOwner, OpenedMaterial, SymmetricMaterial } from '#ports/key-store.ts'
import {
  accessKeyId,
  account,
  flipped,
  keyId,
  newHierarchy,
  otherAccessKeyId,
  otherAccount,
  otherKeyId,
  otherRegion,
  random,
  region,
} from './key-fixtures.ts'
import { systemKeyPairs } from '../../src/system.ts'

const root = new SecretBytes(randomBytes(32))
const hierarchy = newHierarchy('inst-1', [1, 2], root)
const keyStore = createSoftwareKeyStore({ hierarchy, random, keyPairs: systemKeyPairs })
const owner: MaterialOwner = {
  region,
  account,
  keyId,
  creationDate: 1_780_000_000_000,
  origin: 'AWS_KMS',
  keySpec: 'SYMMETRIC_DEFAULT',
  keyUsage: 'ENCRYPT_DECRYPT',
}
const record = await keyStore.generate(owner)

function symmetric(material: OpenedMaterial): SymmetricMaterial {
  assert.ok(material.kind === 'symmetric')
  return material
}
const context = Buffer.from('0000', 'hex')

describe('the software key store', () => {
  it('generates material that belongs to its key and is wrapped under the current domain key', () => {
    const { wrapped, materialId, ...rest } = record
    assert.deepEqual(rest, { ...owner, exportable: false, epoch: 2 })
    assert.match(materialId, /^[0-9a-f]{64}$/)
    assert.equal(Buffer.from(wrapped, 'base64').length, 60)
  })

  it('generates and opens HMAC material of the length of its key spec', async () => {
    for (const [keySpec, length, macLength] of [
      ['HMAC_224', 28, 28],
      ['HMAC_256', 32, 32],
      ['HMAC_384', 48, 48],
      ['HMAC_512', 64, 64],
    ] as const) {
      const made = await keyStore.generate({ ...owner, keySpec, keyUsage: 'GENERATE_VERIFY_MAC' })
      // nonce, material, tag
      assert.equal(Buffer.from(made.wrapped, 'base64').length, 12 + length + 16)
      const material = await keyStore.open(made)
      assert.ok(material.kind === 'mac')
      const mac = await material.generate(Buffer.from('message'))
      assert.equal(mac.length, macLength)
      assert.equal(await material.verify(Buffer.from('message'), mac), true)
      assert.equal(await material.verify(Buffer.from('massage'), mac), false)
      assert.equal(await material.verify(Buffer.from('message'), mac.subarray(1)), false)
    }
  })

  it('does not open HMAC material as anything else', async () => {
    const made = await keyStore.generate({ ...owner, keySpec: 'HMAC_256', keyUsage: 'GENERATE_VERIFY_MAC' })
    assert.throws(() => keyStore.open({ ...made, keySpec: 'SYMMETRIC_DEFAULT' }), IntegrityError)
    assert.throws(() => keyStore.open({ ...made, keySpec: 'HMAC_224' }), IntegrityError)
    assert.throws(() => keyStore.open({ ...record, keySpec: 'HMAC_256' }), IntegrityError)
  })

  it('generates other material each time', async () => {
    const again = await keyStore.generate(owner)
    assert.notEqual(again.materialId, record.materialId)
    assert.notEqual(again.wrapped, record.wrapped)
  })

  it('encrypts and decrypts with opened material, each time to another blob', async () => {
    const material = symmetric(await keyStore.open(record))
    assert.equal(material.materialId, record.materialId)
    const blob = await material.encrypt(Buffer.from('secret'), context)
    assert.notDeepEqual(await material.encrypt(Buffer.from('secret'), context), blob)
    const opened = await symmetric(await keyStore.open(record)).decrypt(blob, context)
    assert.equal(opened?.insecureSecretAccess().toString(), 'secret')
    assert.equal(await material.decrypt(blob, Buffer.from('0001', 'hex')), undefined)
    assert.equal(await material.decrypt(flipped(blob, 90), context), undefined)
  })

  it('opens the same material in every process of the installation', async () => {
    const shared = hierarchy.exportForThread()
    const { importHierarchy } = await import('#crypto/key-hierarchy.ts')
    const elsewhere = createSoftwareKeyStore({ hierarchy: importHierarchy(shared), random, keyPairs: systemKeyPairs })
    const blob = await symmetric(await keyStore.open(record)).encrypt(Buffer.from('secret'), context)
    const opened = await symmetric(await elsewhere.open(record)).decrypt(blob, context)
    assert.equal(opened?.insecureSecretAccess().toString(), 'secret')
  })

  const materialId = keyMaterialId(Buffer.alloc(32), keyId)
  const changes: Record<string, object> = {
    region: { region: otherRegion },
    account: { account: otherAccount },
    keyId: { keyId: otherKeyId },
    materialId: { materialId },
    creationDate: { creationDate: 1_780_000_000_001 },
    origin: { origin: 'EXTERNAL' },
    keySpec: { keySpec: 'HMAC_256' },
    keyUsage: { keyUsage: 'GENERATE_VERIFY_MAC' },
    exportable: { exportable: true },
    'epoch to another one that exists': { epoch: 1 },
    'epoch to one that does not': { epoch: 3 },
    'wrapped bytes': { wrapped: flipped(Buffer.from(record.wrapped, 'base64'), 20).toString('base64') },
    'wrapped bytes to none': { wrapped: '' },
  }
  for (const [field, change] of Object.entries(changes)) {
    it(`refuses a record whose ${field} was changed`, () => {
      assert.throws(() => keyStore.open({ ...record, ...change }), IntegrityError)
    })
  }

  it('refuses a record of another installation', () => {
    const other = createSoftwareKeyStore({
      hierarchy: newHierarchy('inst-2', [1, 2], root),
      random,
      keyPairs: systemKeyPairs,
    })
    assert.throws(() => other.open(record), IntegrityError)
  })

  it('shows no key in errors, and keeps the plaintext from being printed', async () => {
    let message = ''
    try {
      symmetric(await keyStore.open({ ...record, account: otherAccount }))
    } catch (error) {
      message = inspect(error, { depth: 10 })
    }
    assert.match(
      message,
      /key material [0-9a-f]{64} of key 1234abcd-12ab-34cd-56ef-1234567890ab is not what was stored/,
    )
    assert.ok(!message.includes(record.wrapped))
    const material = symmetric(await keyStore.open(record))
    const opened = await material.decrypt(await material.encrypt(Buffer.from('attack'), context), context)
    assert.equal(inspect(opened), '[secret]')
  })
})

describe('the secret of an access key', () => {
  const secret = Buffer.from('wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY')
  const identity = { account, accessKeyId }
  const stored = { ...identity, ...wrapSecret(hierarchy, random, identity, secret) }

  it('unwraps to what was wrapped', () => {
    assert.equal(stored.epoch, 2)
    assert.deepEqual(unwrapSecret(hierarchy, stored).insecureSecretAccess(), secret)
    assert.ok(!Buffer.from(stored.wrappedSecret, 'base64').includes(secret))
  })

  it('does not unwrap for another account, access key, epoch or installation, or when changed', () => {
    const wrapped = Buffer.from(stored.wrappedSecret, 'base64')
    const wrongs = [
      { ...stored, account: otherAccount },
      { ...stored, accessKeyId: otherAccessKeyId },
      { ...stored, epoch: 1 },
      { ...stored, epoch: 3 },
      { ...stored, wrappedSecret: flipped(wrapped, 30).toString('base64') },
    ]
    for (const wrong of wrongs) assert.throws(() => unwrapSecret(hierarchy, wrong), IntegrityError)
    assert.throws(() => unwrapSecret(newHierarchy('inst-2', [1, 2], root), stored), IntegrityError)
  })

  it('is not key material: the one does not unwrap as the other', () => {
    assert.throws(() => unwrapSecret(hierarchy, { ...stored, wrappedSecret: record.wrapped }), IntegrityError)
  })
})
