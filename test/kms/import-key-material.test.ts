import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { beforeEach, describe, it } from 'node:test'
import { SecretBytes } from '#base/secret-bytes.ts'
import type { WrappingAlgorithm } from '#crypto/import-wrapping.ts'
import type { KeySpec } from '#crypto/key-specs.ts'
import type { OperationName } from '#kms/service.ts'
import { MemoryKms } from '../support/memory-kms.ts'
import { newMaterial, wrappedFor, wrappingFor } from '../support/imports.ts'

type Body = Readonly<Record<string, unknown>>
const never = { ExpirationModel: 'KEY_MATERIAL_DOES_NOT_EXPIRE' } as const
const dayMs = 86_400_000

let kms: MemoryKms
const arnOf = (id: string): string => `arn:aws:kms:eu-central-1:111122223333:key/${id}`

interface Parameters {
  readonly publicKey: Buffer
  readonly token: string
  readonly algorithm: WrappingAlgorithm
}

async function parametersFor(KeyId: string, wrapping: Body = {}): Promise<Parameters> {
  const body = { KeyId, ...wrappingFor('SYMMETRIC_DEFAULT'), ...wrapping }
  const { output } = await kms.run('GetParametersForImport', body)
  const publicKey = output['PublicKey']
  assert.ok(publicKey instanceof SecretBytes)
  return {
    publicKey: Buffer.from(publicKey.insecureSecretAccess()),
    token: (output['ImportToken'] as Buffer).toString('base64'),
    algorithm: body.WrappingAlgorithm,
  }
}

const importBody = (KeyId: string, { publicKey, token, algorithm }: Parameters, material: Buffer): Body => ({
  KeyId,
  ImportToken: token,
  EncryptedKeyMaterial: wrappedFor(publicKey, algorithm, material).toString('base64'),
})

/** One set of parameters for each key: making RSA keys takes long. */
const sets = new Map<string, Parameters>()

async function bodyFor(KeyId: string, material: Buffer, more: Body = never, spec?: KeySpec): Promise<Body> {
  const set = sets.get(KeyId) ?? (await parametersFor(KeyId, spec === undefined ? {} : wrappingFor(spec)))
  sets.set(KeyId, set)
  return { ...importBody(KeyId, set, material), ...more }
}

async function importInto(KeyId: string, material: Buffer, more: Body = never, spec?: KeySpec): Promise<string> {
  const { output } = await kms.run('ImportKeyMaterial', await bodyFor(KeyId, material, more, spec))
  assert.equal(output['KeyId'], arnOf(KeyId))
  return String(output['KeyMaterialId'])
}

async function metadata(KeyId: string): Promise<Body> {
  return (await kms.run('DescribeKey', { KeyId })).output['KeyMetadata'] as Body
}

async function materials(KeyId: string, IncludeKeyMaterial = 'ALL_KEY_MATERIAL'): Promise<readonly Body[]> {
  return (await kms.run('ListKeyRotations', { KeyId, IncludeKeyMaterial })).output['Rotations'] as readonly Body[]
}

async function encrypt(KeyId: string): Promise<string> {
  const { output } = await kms.run('Encrypt', { KeyId, Plaintext: 'YQ==' })
  return (output['CiphertextBlob'] as Buffer).toString('base64')
}

const pendingImport = (id: string): unknown => ({
  code: 'KMSInvalidStateException',
  message: `${arnOf(id)} is pending import.`,
})

const external = (body: Body = {}): Promise<string> => kms.createKey({ Origin: 'EXTERNAL', ...body })

describe('a key whose material is imported', () => {
  beforeEach(() => {
    kms = new MemoryKms()
    sets.clear()
  })

  it('begins without material, and says so', async () => {
    const id = await external()
    const told = await metadata(id)
    assert.deepEqual(
      [told['KeyState'], told['Enabled'], told['Origin'], told['ExpirationModel'], told['ValidTo']],
      ['PendingImport', false, 'EXTERNAL', undefined, undefined],
    )
    assert.ok(!('CurrentKeyMaterialId' in told))
    assert.deepEqual(await materials(id), [])
    assert.equal(kms.materials.size, 0)
  })

  it('may be managed while it has none, but not used', async () => {
    const id = await external()
    const refused: readonly (readonly [OperationName, Body])[] = [
      ['Encrypt', { Plaintext: 'YQ==' }],
      ['GenerateDataKey', { KeySpec: 'AES_256' }],
      ['GenerateDataKeyWithoutPlaintext', { KeySpec: 'AES_256' }],
      ['EnableKey', {}],
      ['DisableKey', {}],
      ['RotateKeyOnDemand', {}],
      ['GetPublicKey', {}],
      ['CreateGrant', { GranteePrincipal: 'arn:aws:iam::111122223333:root', Operations: ['Decrypt'] }],
    ]
    for (const [name, body] of refused) {
      assert.deepEqual(await kms.refusal(name, { KeyId: id, ...body }), pendingImport(id), name)
    }
    const origin = {
      code: 'UnsupportedOperationException',
      message: `${arnOf(id)} origin is EXTERNAL which is not valid for this operation.`,
    }
    for (const name of ['EnableKeyRotation', 'DisableKeyRotation', 'GetKeyRotationStatus'] as const) {
      assert.deepEqual(await kms.refusal(name, { KeyId: id }), origin, name)
    }
    assert.deepEqual(await kms.refusal('CancelKeyDeletion', { KeyId: id }), {
      code: 'KMSInvalidStateException',
      message: `${arnOf(id)} is not pending deletion.`,
    })
    await kms.run('CreateAlias', { AliasName: 'alias/empty', TargetKeyId: id })
    await kms.run('UpdateKeyDescription', { KeyId: id, Description: 'waits' })
    await kms.run('TagResource', { KeyId: id, Tags: [{ TagKey: 'a', TagValue: 'b' }] })
    await kms.run('GetKeyPolicy', { KeyId: id })
    await kms.run('ListKeyRotations', { KeyId: id })
    await kms.run('ScheduleKeyDeletion', { KeyId: id })
    for (const name of ['GetParametersForImport', 'ImportKeyMaterial'] as const) {
      const body =
        name === 'ImportKeyMaterial'
          ? { ImportToken: 'YQ==', EncryptedKeyMaterial: 'YQ==', ...never }
          : wrappingFor('SYMMETRIC_DEFAULT')
      assert.deepEqual(await kms.refusal(name, { KeyId: id, ...body }), {
        code: 'KMSInvalidStateException',
        message: `${arnOf(id)} is pending deletion.`,
      })
    }
    await kms.run('CancelKeyDeletion', { KeyId: id })
    assert.equal((await metadata(id))['KeyState'], 'PendingImport')
  })

  it('is enabled by its first material, which is its own for ever', async () => {
    const id = await external()
    const material = randomBytes(32)
    const materialId = await importInto(id, material)
    const told = await metadata(id)
    assert.deepEqual(
      [told['KeyState'], told['CurrentKeyMaterialId'], told['ExpirationModel'], told['ValidTo']],
      ['Enabled', materialId, 'KEY_MATERIAL_DOES_NOT_EXPIRE', undefined],
    )
    assert.deepEqual(await materials(id), [
      {
        KeyId: id,
        KeyMaterialId: materialId,
        KeyMaterialState: 'CURRENT',
        ImportState: 'IMPORTED',
        ExpirationModel: 'KEY_MATERIAL_DOES_NOT_EXPIRE',
      },
    ])
    const blob = await encrypt(id)
    await kms.run('DeleteImportedKeyMaterial', { KeyId: id })
    assert.equal(kms.materials.size, 0)
    assert.deepEqual(await kms.refusal('Decrypt', { CiphertextBlob: blob }), pendingImport(id))
    const other = await bodyFor(id, randomBytes(32))
    assert.equal((await kms.refusal('ImportKeyMaterial', other)).code, 'IncorrectKeyMaterialException')
    assert.equal(await importInto(id, material), materialId)
    assert.deepEqual((await kms.run('Decrypt', { CiphertextBlob: blob })).output['KeyMaterialId'], materialId)
  })

  it('keeps that it was disabled when it is imported again, unless the material was gone', async () => {
    const id = await external()
    const material = randomBytes(32)
    await importInto(id, material)
    await kms.run('DisableKey', { KeyId: id })
    await importInto(id, material, { ValidTo: kms.now / 1000 + 3600 })
    assert.equal((await metadata(id))['KeyState'], 'Disabled')
    await kms.run('DeleteImportedKeyMaterial', { KeyId: id })
    assert.equal((await metadata(id))['KeyState'], 'PendingImport')
    await importInto(id, material)
    assert.equal((await metadata(id))['KeyState'], 'Enabled')
  })

  it('stays pending deletion when its material is deleted, and then is pending import when it is rescued', async () => {
    const id = await external()
    const material = randomBytes(32)
    await importInto(id, material)
    await kms.run('ScheduleKeyDeletion', { KeyId: id })
    await kms.run('DeleteImportedKeyMaterial', { KeyId: id })
    assert.equal((await metadata(id))['KeyState'], 'PendingDeletion')
    await kms.run('CancelKeyDeletion', { KeyId: id })
    assert.equal((await metadata(id))['KeyState'], 'PendingImport')
    await importInto(id, material)
    await kms.run('ScheduleKeyDeletion', { KeyId: id })
    await kms.run('CancelKeyDeletion', { KeyId: id })
    assert.equal((await metadata(id))['KeyState'], 'Disabled')
  })

  it('answers a deletion of nothing with success, and changes nothing', async () => {
    const id = await external()
    const { output, changes } = await kms.run('DeleteImportedKeyMaterial', { KeyId: id })
    assert.deepEqual([output, changes], [{ KeyId: arnOf(id), KeyMaterialId: '' }, []])
    const materialId = await importInto(id, randomBytes(32))
    await kms.run('DeleteImportedKeyMaterial', { KeyId: id })
    const again = await kms.run('DeleteImportedKeyMaterial', { KeyId: id, KeyMaterialId: materialId })
    assert.deepEqual([again.output, again.changes], [{ KeyId: arnOf(id), KeyMaterialId: materialId }, []])
    assert.equal(
      (await kms.refusal('DeleteImportedKeyMaterial', { KeyId: id, KeyMaterialId: 'a'.repeat(64) })).code,
      'NotFoundException',
    )
  })

  it('is not one whose material KMS made', async () => {
    const id = await kms.createKey()
    const refused = {
      code: 'UnsupportedOperationException',
      message: `${arnOf(id)} origin is AWS_KMS which is not valid for this operation.`,
    }
    for (const [name, body] of [
      ['GetParametersForImport', wrappingFor('SYMMETRIC_DEFAULT')],
      ['ImportKeyMaterial', { ImportToken: 'YQ==', EncryptedKeyMaterial: 'YQ==', ...never }],
      ['DeleteImportedKeyMaterial', {}],
    ] as const) {
      assert.deepEqual(await kms.refusal(name, { KeyId: id, ...body }), refused, name)
      await kms.run('DisableKey', { KeyId: id })
      assert.deepEqual(await kms.refusal(name, { KeyId: id, ...body }), refused, name)
      await kms.run('EnableKey', { KeyId: id })
    }
  })
})

describe('imported material that expires', () => {
  beforeEach(() => {
    kms = new MemoryKms()
    sets.clear()
  })

  const seconds = (ms: number): number => ms / 1000

  it('can not be used from that moment on, whatever is stored, until it is imported again', async () => {
    const id = await external()
    const material = randomBytes(32)
    const validTo = kms.now + dayMs
    await importInto(id, material, { ValidTo: seconds(validTo) })
    const told = await metadata(id)
    assert.deepEqual([told['ExpirationModel'], told['ValidTo']], ['KEY_MATERIAL_EXPIRES', new Date(validTo)])
    const blob = await encrypt(id)
    kms.now = validTo - 1
    await kms.run('Decrypt', { CiphertextBlob: blob })
    kms.now = validTo
    assert.equal(kms.materials.size, 1)
    assert.deepEqual(await kms.refusal('Decrypt', { CiphertextBlob: blob }), pendingImport(id))
    assert.deepEqual(await kms.refusal('DisableKey', { KeyId: id }), pendingImport(id))
    const expired = await metadata(id)
    assert.deepEqual(
      [expired['KeyState'], expired['Enabled'], expired['ExpirationModel'], expired['ValidTo']],
      ['PendingImport', false, undefined, undefined],
    )
    assert.equal((await materials(id))[0]?.['ImportState'], 'PENDING_IMPORT')
    // What is changed of the key meanwhile doesn't bring it back.
    await kms.run('UpdateKeyDescription', { KeyId: id, Description: 'expired' })
    assert.deepEqual(await kms.refusal('Decrypt', { CiphertextBlob: blob }), pendingImport(id))
    sets.clear()
    await importInto(id, material)
    await kms.run('Decrypt', { CiphertextBlob: blob })
    const event = kms.memory.records.filter((record) => record.includes('DeleteExpiredKeyMaterial'))
    assert.equal(event.length, 1)
  })

  it('is gone for good when it is deleted after it expired', async () => {
    const id = await external()
    const validTo = kms.now + dayMs
    await importInto(id, randomBytes(32), { ValidTo: seconds(validTo) })
    kms.now = validTo
    await kms.run('DeleteImportedKeyMaterial', { KeyId: id })
    assert.equal(kms.materials.size, 0)
  })

  const wrongExpiries: readonly (readonly [string, (now: number) => Body, RegExp])[] = [
    ['the default model without a date', () => ({}), /^A validTo date must be set if the ExpirationModel is /],
    [
      'a model that expires without a date',
      () => ({ ExpirationModel: 'KEY_MATERIAL_EXPIRES' }),
      /^A validTo date must be set if the ExpirationModel is KEY_MATERIAL_EXPIRES$/,
    ],
    ['a date without expiry', (now) => ({ ...never, ValidTo: seconds(now + dayMs) }), /must not be set/],
    ['a date of now', (now) => ({ ValidTo: seconds(now) }), /must be in the future/],
    ['a date in the past', (now) => ({ ValidTo: seconds(now - 1) }), /must be in the future/],
    ['more than 365 days', (now) => ({ ValidTo: seconds(now + 365 * dayMs + 1) }), /within 365 days/],
  ]
  for (const [what, more, message] of wrongExpiries) {
    it(`is refused with ${what}`, async () => {
      const id = await external()
      const { code, message: told } = await kms.refusal(
        'ImportKeyMaterial',
        await bodyFor(id, randomBytes(32), more(kms.now)),
      )
      assert.equal(code, 'ValidationException')
      assert.match(told ?? '', message)
    })
  }

  it('may expire after exactly 365 days', async () => {
    const id = await external()
    await importInto(id, randomBytes(32), { ValidTo: seconds(kms.now + 365 * dayMs) })
  })
})

describe('several materials of one key', () => {
  beforeEach(() => {
    kms = new MemoryKms()
    sets.clear()
  })

  const isNew = { ...never, ImportType: 'NEW_KEY_MATERIAL' }
  const existing = { ...never, ImportType: 'EXISTING_KEY_MATERIAL' }

  it('become current by rotation, and all of them are needed', async () => {
    const id = await external()
    const [one, two, three] = [randomBytes(32), randomBytes(32), randomBytes(32)]
    const first = await importInto(id, one)
    const blob = await encrypt(id)
    assert.deepEqual(await kms.refusal('RotateKeyOnDemand', { KeyId: id }), {
      code: 'KMSInvalidStateException',
      message: `No available key material pending rotation for the key: ${arnOf(id)}.`,
    })
    const second = await importInto(id, two, { ...isNew, KeyMaterialDescription: 'the second' })
    assert.deepEqual(
      (await materials(id)).map((each) => [each['KeyMaterialId'], each['KeyMaterialState']]),
      [
        [first, 'CURRENT'],
        [second, 'PENDING_ROTATION'],
      ],
    )
    const refused = await kms.refusal('ImportKeyMaterial', await bodyFor(id, three, isNew))
    assert.equal(refused.code, 'KMSInvalidStateException')
    assert.match(
      refused.message ?? '',
      new RegExp(
        `^New key material \\(id: [0-9a-f]{64}\\) cannot be imported into KMS key ${arnOf(id)}, ` +
          `because another key material \\(id: ${second}\\) is pending rotation\\.$`,
      ),
    )
    assert.equal((await metadata(id))['CurrentKeyMaterialId'], first)
    const now = kms.now
    assert.deepEqual((await kms.run('RotateKeyOnDemand', { KeyId: id })).output, { KeyId: arnOf(id) })
    assert.equal((await metadata(id))['CurrentKeyMaterialId'], second)
    const imported = { ImportState: 'IMPORTED', ExpirationModel: 'KEY_MATERIAL_DOES_NOT_EXPIRE' }
    assert.deepEqual(await materials(id), [
      { KeyId: id, KeyMaterialId: first, KeyMaterialState: 'NON_CURRENT', ...imported },
      {
        KeyId: id,
        KeyMaterialId: second,
        KeyMaterialState: 'CURRENT',
        KeyMaterialDescription: 'the second',
        ...imported,
        RotationDate: new Date(now),
        RotationType: 'ON_DEMAND',
      },
    ])
    assert.equal((await materials(id, 'ROTATIONS_ONLY')).length, 1)
    const newer = await encrypt(id)
    for (const each of [blob, newer]) await kms.run('Decrypt', { CiphertextBlob: each })

    await kms.run('DeleteImportedKeyMaterial', { KeyId: id, KeyMaterialId: first })
    for (const each of [blob, newer]) {
      assert.deepEqual(await kms.refusal('Decrypt', { CiphertextBlob: each }), pendingImport(id))
    }
    await kms.run('DeleteImportedKeyMaterial', { KeyId: id })
    assert.equal(kms.materials.size, 0)
    await importInto(id, two)
    assert.equal((await metadata(id))['KeyState'], 'PendingImport')
    assert.deepEqual(
      (await materials(id)).map((each) => [each['ImportState'], each['KeyMaterialDescription']]),
      [
        ['PENDING_IMPORT', undefined],
        ['IMPORTED', 'the second'],
      ],
    )
    await importInto(id, one, { ...existing, KeyMaterialId: first })
    assert.equal((await metadata(id))['KeyState'], 'Enabled')
    for (const each of [blob, newer]) await kms.run('Decrypt', { CiphertextBlob: each })
  })

  it('wait for a rotation without being needed, and without being used', async () => {
    const id = await external()
    const current = await importInto(id, randomBytes(32))
    const pending = randomBytes(32)
    const pendingId = await importInto(id, pending, isNew)
    const { output } = await kms.run('DeleteImportedKeyMaterial', { KeyId: id, KeyMaterialId: pendingId })
    assert.equal(output['KeyMaterialId'], pendingId)
    assert.deepEqual([(await metadata(id))['KeyState'], kms.materials.size], ['Enabled', 1])
    assert.deepEqual(
      (await materials(id)).map((each) => each['KeyMaterialId']),
      [current],
    )
    // It is new again; a pending one can get another date, and its end ends nothing else.
    await importInto(id, pending, { ImportType: 'NEW_KEY_MATERIAL', ValidTo: (kms.now + dayMs) / 1000 })
    await importInto(id, pending, { ImportType: 'EXISTING_KEY_MATERIAL', ValidTo: (kms.now + dayMs / 2) / 1000 })
    assert.equal((await metadata(id))['ValidTo'], undefined)
    kms.now += dayMs / 2
    assert.equal((await metadata(id))['KeyState'], 'Enabled')
    assert.equal((await materials(id)).length, 1)
    assert.equal((await kms.refusal('RotateKeyOnDemand', { KeyId: id })).code, 'KMSInvalidStateException')
    await importInto(id, randomBytes(32), isNew)
    assert.equal(kms.materials.size, 2)
  })

  it('have the earliest date of those that are needed as the date of the key', async () => {
    const id = await external()
    const at = (days: number): Body => ({ ValidTo: (kms.now + days * dayMs) / 1000 })
    const [one, two] = [randomBytes(32), randomBytes(32)]
    await importInto(id, one, at(20))
    await importInto(id, two, { ...at(10), ImportType: 'NEW_KEY_MATERIAL' })
    assert.deepEqual((await metadata(id))['ValidTo'], new Date(kms.now + 20 * dayMs))
    await kms.run('RotateKeyOnDemand', { KeyId: id })
    assert.deepEqual((await metadata(id))['ValidTo'], new Date(kms.now + 10 * dayMs))
    await importInto(id, two)
    assert.deepEqual((await metadata(id))['ValidTo'], new Date(kms.now + 20 * dayMs))
    await importInto(id, one)
    assert.equal((await metadata(id))['ExpirationModel'], 'KEY_MATERIAL_DOES_NOT_EXPIRE')
  })

  it('are rotated as often as the limit says', async () => {
    const id = await external()
    await importInto(id, randomBytes(32))
    for (let count = 0; count < 25; count += 1) {
      await importInto(id, randomBytes(32), isNew)
      await kms.run('RotateKeyOnDemand', { KeyId: id })
    }
    await importInto(id, randomBytes(32), isNew)
    assert.equal((await kms.refusal('RotateKeyOnDemand', { KeyId: id })).code, 'LimitExceededException')
  })

  it('are known or new as the import says', async () => {
    const id = await external()
    const [one, two] = [randomBytes(32), randomBytes(32)]
    assert.equal(
      (await kms.refusal('ImportKeyMaterial', await bodyFor(id, one, existing))).code,
      'IncorrectKeyMaterialException',
    )
    const first = await importInto(id, one, isNew)
    const wrong: readonly (readonly [Buffer, Body, string])[] = [
      [one, isNew, 'IncorrectKeyMaterialException'],
      [two, existing, 'IncorrectKeyMaterialException'],
      [two, never, 'IncorrectKeyMaterialException'],
      [two, { ...never, KeyMaterialId: first }, 'IncorrectKeyMaterialException'],
      [one, { ...never, KeyMaterialId: 'a'.repeat(64) }, 'IncorrectKeyMaterialException'],
      [two, { ...isNew, KeyMaterialId: first }, 'ValidationException'],
    ]
    for (const [material, more, code] of wrong) {
      assert.equal((await kms.refusal('ImportKeyMaterial', await bodyFor(id, material, more))).code, code)
    }
    const second = await importInto(id, two, isNew)
    for (const [material, materialId] of [
      [one, first],
      [two, second],
    ] as const) {
      assert.equal(
        (await kms.refusal('ImportKeyMaterial', await bodyFor(id, material, isNew))).code,
        'IncorrectKeyMaterialException',
      )
      assert.equal(await importInto(id, material, { ...existing, KeyMaterialId: materialId }), materialId)
    }
  })

  it('are for symmetric keys alone', async () => {
    const id = await external({ KeySpec: 'HMAC_256', KeyUsage: 'GENERATE_VERIFY_MAC' })
    const material = randomBytes(32)
    for (const more of [
      { ImportType: 'NEW_KEY_MATERIAL' },
      { ImportType: 'EXISTING_KEY_MATERIAL' },
      { KeyMaterialDescription: 'x' },
      { KeyMaterialId: 'a'.repeat(64) },
    ]) {
      const { code, message } = await kms.refusal(
        'ImportKeyMaterial',
        await bodyFor(id, material, { ...never, ...more }),
      )
      assert.deepEqual(
        [code, message],
        ['ValidationException', `${Object.keys(more)[0] ?? ''} is only valid for symmetric encryption KMS keys`],
      )
    }
    const { output } = await kms.run('ImportKeyMaterial', await bodyFor(id, material))
    assert.deepEqual(output, { KeyId: arnOf(id) })
    assert.equal(
      (await kms.refusal('ImportKeyMaterial', await bodyFor(id, randomBytes(32)))).code,
      'IncorrectKeyMaterialException',
    )
    assert.deepEqual(await kms.refusal('ListKeyRotations', { KeyId: id }), {
      code: 'UnsupportedOperationException',
      message: undefined,
    })
  })
})

describe('the wrong token, wrapping or material', () => {
  beforeEach(() => {
    kms = new MemoryKms()
    sets.clear()
  })

  it('is a token that was changed, or is of another key, another installation or another day', async () => {
    const [id, other] = [await external(), await external()]
    const set = await parametersFor(id)
    const material = randomBytes(32)
    const body = { ...importBody(id, set, material), ...never }
    const token = Buffer.from(set.token, 'base64')
    const changed = [0, 1, 20, token.length - 1].map((at) => {
      const copy = Buffer.from(token)
      copy[at] = (copy[at] ?? 0) ^ 1
      return copy
    })
    for (const wrong of [
      ...changed,
      token.subarray(0, -1),
      Buffer.concat([token, Buffer.of(0)]),
      token.subarray(0, 1),
      Buffer.from('x'),
      randomBytes(6144),
    ]) {
      const { code } = await kms.refusal('ImportKeyMaterial', { ...body, ImportToken: wrong.toString('base64') })
      assert.equal(code, 'InvalidImportTokenException')
    }
    assert.equal(
      (await kms.refusal('ImportKeyMaterial', { ...body, KeyId: other })).code,
      'InvalidImportTokenException',
    )
    const elsewhere = new MemoryKms()
    for (const [name, record] of kms.keys) elsewhere.keys.set(name, record)
    elsewhere.now = kms.now
    assert.equal((await elsewhere.refusal('ImportKeyMaterial', body)).code, 'InvalidImportTokenException')
    kms.now += dayMs - 1
    await kms.run('ImportKeyMaterial', body)
    kms.now += 1
    assert.equal((await kms.refusal('ImportKeyMaterial', body)).code, 'ExpiredImportTokenException')
  })

  it('is told in one way, whatever is wrong with the wrapping', async () => {
    const id = await external({ KeySpec: 'ECC_NIST_P256', KeyUsage: 'SIGN_VERIFY' })
    const material = newMaterial('ECC_NIST_P256')
    for (const algorithm of ['RSAES_OAEP_SHA_256', 'RSA_AES_KEY_WRAP_SHA_256'] as const) {
      const set = await parametersFor(id, { WrappingAlgorithm: algorithm })
      const good = wrappedFor(set.publicKey, algorithm, material)
      const flipped = (at: number): Buffer => {
        const copy = Buffer.from(good)
        copy[at] = (copy[at] ?? 0) ^ 1
        return copy
      }
      const wrongs = [
        flipped(0),
        flipped(255),
        flipped(good.length - 1),
        good.subarray(0, -1),
        good.subarray(0, 256 - 8),
        good.subarray(0, 8),
        good.subarray(256).length === 0 ? randomBytes(1) : good.subarray(256),
        Buffer.concat([good, Buffer.alloc(8)]),
        randomBytes(6144),
        // The other hash, the other way.
        wrappedFor(
          set.publicKey,
          algorithm === 'RSAES_OAEP_SHA_256' ? 'RSAES_OAEP_SHA_1' : 'RSA_AES_KEY_WRAP_SHA_1',
          material,
        ),
        wrappedFor(
          set.publicKey,
          algorithm === 'RSAES_OAEP_SHA_256' ? 'RSA_AES_KEY_WRAP_SHA_256' : 'RSAES_OAEP_SHA_256',
          material,
        ),
        material,
      ]
      for (const [index, wrong] of wrongs.entries()) {
        const body = { ...importBody(id, set, material), ...never, EncryptedKeyMaterial: wrong.toString('base64') }
        assert.deepEqual(
          await kms.refusal('ImportKeyMaterial', body),
          { code: 'InvalidCiphertextException', message: undefined },
          `${algorithm} ${index}`,
        )
      }
      await kms.run('ImportKeyMaterial', { ...importBody(id, set, material), ...never })
    }
  })

  const specs: readonly (readonly [KeySpec, string])[] = [
    ['SYMMETRIC_DEFAULT', 'ENCRYPT_DECRYPT'],
    ['HMAC_384', 'GENERATE_VERIFY_MAC'],
    ['RSA_2048', 'SIGN_VERIFY'],
    ['ECC_NIST_P256', 'SIGN_VERIFY'],
    ['ECC_SECG_P256K1', 'SIGN_VERIFY'],
    ['ECC_NIST_EDWARDS25519', 'SIGN_VERIFY'],
  ]
  for (const [spec, KeyUsage] of specs) {
    it(`is material that a key of ${spec} can not have`, async () => {
      const id = await external({ KeySpec: spec, KeyUsage })
      const good = newMaterial(spec)
      const isPair = !spec.startsWith('SYM') && !spec.startsWith('HMAC')
      const wrongs = isPair
        ? [
            Buffer.from('no key'),
            good.subarray(1),
            newMaterial(spec === 'ECC_NIST_P256' ? 'ECC_SECG_P256K1' : 'ECC_NIST_P256'),
            newMaterial(spec === 'RSA_2048' ? 'RSA_3072' : 'RSA_2048'),
            Buffer.concat([good, Buffer.of(0)]),
          ]
        : [randomBytes(31), randomBytes(spec === 'SYMMETRIC_DEFAULT' ? 33 : 129), randomBytes(16), randomBytes(1)]
      for (const wrong of wrongs) {
        const { code } = await kms.refusal('ImportKeyMaterial', await bodyFor(id, wrong, never, spec))
        assert.equal(code, 'IncorrectKeyMaterialException')
      }
      await kms.run('ImportKeyMaterial', await bodyFor(id, good, never, spec))
      await kms.run('ImportKeyMaterial', await bodyFor(id, good, never, spec))
      const { code } = await kms.refusal('ImportKeyMaterial', await bodyFor(id, newMaterial(spec), never, spec))
      assert.equal(code, 'IncorrectKeyMaterialException')
    })
  }

  it('takes HMAC keys from the length of the spec up to 1,024 bits', async () => {
    for (const length of [48, 128]) {
      const id = await external({ KeySpec: 'HMAC_384', KeyUsage: 'GENERATE_VERIFY_MAC' })
      await kms.run('ImportKeyMaterial', await bodyFor(id, randomBytes(length)))
    }
  })
})

describe('GetParametersForImport', () => {
  beforeEach(() => {
    kms = new MemoryKms()
  })

  it('answers a wrapping key of the size that was asked for, valid for 24 hours', async () => {
    const id = await external()
    for (const WrappingKeySpec of ['RSA_2048', 'RSA_3072', 'RSA_4096']) {
      const { output } = await kms.run('GetParametersForImport', {
        KeyId: id,
        WrappingAlgorithm: 'RSAES_OAEP_SHA_256',
        WrappingKeySpec,
      })
      assert.deepEqual(output['ParametersValidTo'], new Date(kms.now + dayMs))
      assert.equal(output['KeyId'], arnOf(id))
      const token = output['ImportToken'] as Buffer
      assert.ok(token.length <= 6144)
    }
  })

  const refusals: readonly (readonly [KeySpec, string, Body, RegExp])[] = [
    ['SYMMETRIC_DEFAULT', 'ENCRYPT_DECRYPT', { WrappingAlgorithm: 'RSAES_PKCS1_V1_5' }, /no longer supported/],
    [
      'SYMMETRIC_DEFAULT',
      'ENCRYPT_DECRYPT',
      { WrappingAlgorithm: 'SM2PKE' },
      /^WrappingAlgorithm SM2PKE is not supported in Region eu-central-1/,
    ],
    [
      'SYMMETRIC_DEFAULT',
      'ENCRYPT_DECRYPT',
      { WrappingKeySpec: 'SM2' },
      /^WrappingKeySpec SM2 is not supported in Region/,
    ],
    [
      'SYMMETRIC_DEFAULT',
      'ENCRYPT_DECRYPT',
      { WrappingAlgorithm: 'RSA_AES_KEY_WRAP_SHA_256' },
      /key spec SYMMETRIC_DEFAULT/,
    ],
    ['HMAC_512', 'GENERATE_VERIFY_MAC', { WrappingAlgorithm: 'RSA_AES_KEY_WRAP_SHA_1' }, /key spec HMAC_512/],
    ['RSA_2048', 'SIGN_VERIFY', { WrappingAlgorithm: 'RSAES_OAEP_SHA_256' }, /key spec RSA_2048/],
    [
      'RSA_2048',
      'SIGN_VERIFY',
      { WrappingAlgorithm: 'RSAES_OAEP_SHA_1', WrappingKeySpec: 'RSA_4096' },
      /key spec RSA_2048/,
    ],
    ['ECC_NIST_P521', 'SIGN_VERIFY', { WrappingAlgorithm: 'RSAES_OAEP_SHA_256' }, /too long/],
    ['ECC_NIST_P521', 'SIGN_VERIFY', { WrappingAlgorithm: 'RSAES_OAEP_SHA_1' }, /too long/],
  ]
  for (const [KeySpec, KeyUsage, wrapping, message] of refusals) {
    it(`refuses ${Object.values(wrapping).join(' with ')} for ${KeySpec}`, async () => {
      const id = await external({ KeySpec, KeyUsage })
      const { code, message: told } = await kms.refusal('GetParametersForImport', {
        KeyId: id,
        WrappingAlgorithm: 'RSAES_OAEP_SHA_256',
        WrappingKeySpec: 'RSA_2048',
        ...wrapping,
      })
      assert.equal(code, 'UnsupportedOperationException')
      assert.match(told ?? '', message)
    })
  }
})
