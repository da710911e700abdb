import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { before, describe, it } from 'node:test'
import { operations, type OperationName } from '#kms/service.ts'
import { MemoryKms } from '../support/memory-kms.ts'

const missing = '12345678-1234-4234-8234-123456789012'

describe('key identifiers', () => {
  const kms = new MemoryKms()
  let keyId: string
  let arn: string
  before(async () => {
    keyId = await kms.createKey()
    arn = `arn:aws:kms:eu-central-1:111122223333:key/${keyId}`
    await kms.run('CreateAlias', { AliasName: 'alias/app', TargetKeyId: keyId })
    const mac = await kms.createKey({ KeySpec: 'HMAC_256', KeyUsage: 'GENERATE_VERIFY_MAC' })
    await kms.run('CreateAlias', { AliasName: 'alias/mac', TargetKeyId: mac })
    const pair = await kms.createKey({ KeySpec: 'ECC_NIST_P256', KeyUsage: 'SIGN_VERIFY' })
    await kms.run('CreateAlias', { AliasName: 'alias/pair', TargetKeyId: pair })
    const agreement = await kms.createKey({ KeySpec: 'ECC_NIST_P256', KeyUsage: 'KEY_AGREEMENT' })
    await kms.run('CreateAlias', { AliasName: 'alias/agreement', TargetKeyId: agreement })
    const kem = await kms.createKey({ KeySpec: 'ML_KEM_512', KeyUsage: 'ENCAPSULATE_DECAPSULATE' })
    await kms.run('CreateAlias', { AliasName: 'alias/kem', TargetKeyId: kem })
    bodies['Verify'] = { ...signed, Signature: base64((await kms.run('Sign', signed)).output['Signature']) }
    bodies['VerifyMac'] = { ...message, Mac: base64((await kms.run('GenerateMac', message)).output['Mac']) }
  })

  it('names a key by id, ARN, alias name and alias ARN', async () => {
    for (const KeyId of [keyId, arn, 'alias/app', 'arn:aws:kms:eu-central-1:111122223333:alias/app']) {
      const { output } = await kms.run('DescribeKey', { KeyId })
      assert.equal((output['KeyMetadata'] as { Arn: string }).Arn, arn)
    }
  })

  const refusals: readonly (readonly [string, string, string])[] = [
    ['an id that is not there', missing, `Key 'arn:aws:kms:eu-central-1:111122223333:key/${missing}' does not exist`],
    ['an id in upper case', missing.replace('4234', 'ABCD'), `Invalid keyId '${missing.replace('4234', 'ABCD')}'`],
    ['an id without dashes', missing.replaceAll('-', ''), `Invalid keyId '${missing.replaceAll('-', '')}'`],
    ['a word', 'nonsense', "Invalid keyId 'nonsense'"],
    [
      'an alias that is not there',
      'alias/none',
      'Alias arn:aws:kms:eu-central-1:111122223333:alias/none is not found.',
    ],
    ['an ARN of another region', `arn:aws:kms:us-east-1:111122223333:key/${missing}`, 'Invalid arn us-east-1'],
  ]
  for (const [what, KeyId, message] of refusals) {
    it(`does not find ${what}`, async () => {
      assert.deepEqual(await kms.refusal('DescribeKey', { KeyId }), { code: 'NotFoundException', message })
    })
  }

  it('says of a key in another account only that it may not be used, whether it exists or not', async () => {
    assert.deepEqual(
      await kms.refusal('DescribeKey', { KeyId: `arn:aws:kms:eu-central-1:444455556666:key/${missing}` }),
      {
        code: 'AccessDeniedException',
        message:
          'User: arn:aws:iam::111122223333:root is not authorized to perform: kms:DescribeKey on this resource because the resource does not exist in this Region, no resource-based policies allow access, or a resource-based policy explicitly denies access',
      },
    )
  })

  const base64 = (bytes: unknown): string => (bytes as Buffer).toString('base64')
  const peer = generateKeyPairSync('ec', { namedCurve: 'P-256' })
    .publicKey.export({ format: 'der', type: 'spki' })
    .toString('base64')
  const signed = { KeyId: 'alias/pair', Message: 'YQ==', SigningAlgorithm: 'ECDSA_SHA_256' }
  const message = { KeyId: 'alias/mac', Message: 'YQ==', MacAlgorithm: 'HMAC_SHA_256' }

  // Developer Guide, "Key identifiers": all others take key ids and key ARNs only.
  const withAliases: ReadonlySet<string> = new Set<OperationName>([
    'Decapsulate',
    'Decrypt',
    'DeriveSharedSecret',
    'DescribeKey',
    'Encapsulate',
    'Encrypt',
    'GenerateDataKey',
    'GenerateDataKeyPair',
    'GenerateDataKeyPairWithoutPlaintext',
    'GenerateDataKeyWithoutPlaintext',
    'GenerateMac',
    'GetPublicKey',
    'ReEncrypt',
    'Sign',
    'Verify',
    'VerifyMac',
  ])
  const bodies: Record<string, Readonly<Record<string, unknown>>> = {
    CreateGrant: { GranteePrincipal: 'arn:aws:iam::111122223333:root', Operations: ['Decrypt'] },
    Decapsulate: {
      KeyId: 'alias/kem',
      SharedSecretCiphertextBlob: Buffer.alloc(768).toString('base64'),
      EncapsulationAlgorithm: 'ML_KEM',
    },
    DeriveSharedSecret: { KeyId: 'alias/agreement', PublicKey: peer, KeyAgreementAlgorithm: 'ECDH' },
    Encapsulate: { KeyId: 'alias/kem', EncapsulationAlgorithm: 'ML_KEM' },
    GenerateDataKeyPair: { KeyPairSpec: 'ECC_NIST_P256' },
    GenerateDataKeyPairWithoutPlaintext: { KeyPairSpec: 'ECC_NIST_P256' },
    Encrypt: { Plaintext: 'YQ==' },
    GenerateDataKey: { NumberOfBytes: 1 },
    GenerateDataKeyWithoutPlaintext: { KeySpec: 'AES_128' },
    GenerateMac: message,
    GetParametersForImport: { WrappingAlgorithm: 'RSAES_OAEP_SHA_256', WrappingKeySpec: 'RSA_2048' },
    GetPublicKey: { KeyId: 'alias/pair' },
    ImportKeyMaterial: {
      ImportToken: 'YQ==',
      EncryptedKeyMaterial: 'YQ==',
      ExpirationModel: 'KEY_MATERIAL_DOES_NOT_EXPIRE',
    },
    PutKeyPolicy: { Policy: '{}' },
    ReplicateKey: { ReplicaRegion: 'eu-west-1' },
    UpdatePrimaryRegion: { PrimaryRegion: 'eu-west-1' },
    RevokeGrant: { GrantId: '0'.repeat(64) },
    Sign: signed,
    TagResource: { Tags: [] },
    UntagResource: { TagKeys: [] },
    UpdateKeyDescription: { Description: '' },
  }
  for (const { name, input } of Object.values(operations)) {
    if (
      input['KeyId'] === undefined ||
      name === 'Decrypt' ||
      name === 'RetireGrant' ||
      name === 'ScheduleKeyDeletion' ||
      name === 'CancelKeyDeletion'
    ) {
      continue
    }
    if (withAliases.has(name)) {
      it(`${name} takes aliases`, async () => {
        await kms.run(name as OperationName, { KeyId: 'alias/app', ...bodies[name] })
      })
    } else {
      it(`${name} takes no aliases`, async () => {
        assert.deepEqual(await kms.refusal(name as OperationName, { KeyId: 'alias/app', ...bodies[name] }), {
          code: 'NotFoundException',
          message: "Invalid keyId 'alias/app'",
        })
      })
    }
  }
})
