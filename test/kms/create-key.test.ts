import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { MemoryKms } from '../support/memory-kms.ts'

describe('CreateKey', () => {
  it('answers the metadata of an enabled symmetric key', async () => {
    const kms = new MemoryKms()
    const { output, changes } = await kms.run('CreateKey')
    const [added] = changes
    assert.ok(added?.kind === 'key added')
    const { keyId, currentMaterialId } = added.key
    assert.match(keyId, /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}$/)
    assert.deepEqual(output, {
      KeyMetadata: {
        AWSAccountId: '111122223333',
        Arn: `arn:aws:kms:eu-central-1:111122223333:key/${keyId}`,
        CreationDate: new Date('2026-11-22T12:00:00.250Z'),
        CurrentKeyMaterialId: currentMaterialId,
        CustomerMasterKeySpec: 'SYMMETRIC_DEFAULT',
        Description: '',
        Enabled: true,
        EncryptionAlgorithms: ['SYMMETRIC_DEFAULT'],
        KeyId: keyId,
        KeyManager: 'CUSTOMER',
        KeySpec: 'SYMMETRIC_DEFAULT',
        KeyState: 'Enabled',
        KeyUsage: 'ENCRYPT_DECRYPT',
        MultiRegion: false,
        Origin: 'AWS_KMS',
      },
    })
    assert.equal(added.material?.materialId, currentMaterialId)
    assert.equal(added.material?.keyId, keyId)
  })

  it('takes description and tags, and every default said out loud', async () => {
    const kms = new MemoryKms()
    const keyId = await kms.createKey({
      Description: 'payroll',
      KeySpec: 'SYMMETRIC_DEFAULT',
      KeyUsage: 'ENCRYPT_DECRYPT',
      Origin: 'AWS_KMS',
      MultiRegion: false,
      BypassPolicyLockoutSafetyCheck: false,
      Tags: [{ TagKey: 'team', TagValue: 'hr' }],
    })
    const { output } = await kms.run('DescribeKey', { KeyId: keyId })
    assert.equal((output['KeyMetadata'] as { Description: string }).Description, 'payroll')
    const tags = await kms.run('ListResourceTags', { KeyId: keyId })
    assert.deepEqual(tags.output, { Tags: [{ TagKey: 'team', TagValue: 'hr' }], Truncated: false })
  })

  it('makes another key of a repeated request', async () => {
    const kms = new MemoryKms()
    assert.notEqual(await kms.createKey({ Description: 'a' }), await kms.createKey({ Description: 'a' }))
  })

  it('gives the key the default policy, to the space as AWS returns it', async () => {
    const kms = new MemoryKms()
    const keyId = await kms.createKey()
    const { output } = await kms.run('GetKeyPolicy', { KeyId: keyId })
    assert.deepEqual(output, {
      PolicyName: 'default',
      Policy:
        '{\n  "Version" : "2012-10-17",\n  "Id" : "key-default-1",\n  "Statement" : [ {\n    "Sid" : "Enable IAM User Permissions",\n    "Effect" : "Allow",\n    "Principal" : {\n      "AWS" : "arn:aws:iam::111122223333:root"\n    },\n    "Action" : "kms:*",\n    "Resource" : "*"\n  } ]\n}',
    })
  })

  const refusals: readonly (readonly [string, Readonly<Record<string, unknown>>, string, string])[] = [
    [
      'both names of the key spec',
      { KeySpec: 'SYMMETRIC_DEFAULT', CustomerMasterKeySpec: 'SYMMETRIC_DEFAULT' },
      'ValidationException',
      'You cannot specify KeySpec and CustomerMasterKeySpec in the same request. CustomerMasterKeySpec is deprecated.',
    ],
    [
      'a spec that needs a usage, without one',
      { KeySpec: 'HMAC_256' },
      'ValidationException',
      'You must specify a KeyUsage value for all KMS keys except for symmetric encryption keys.',
    ],
    [
      'the old name of such a spec, without a usage',
      { CustomerMasterKeySpec: 'RSA_2048' },
      'ValidationException',
      'You must specify a KeyUsage value for all KMS keys except for symmetric encryption keys.',
    ],
    [
      'a usage that the symmetric spec does not have',
      { KeyUsage: 'SIGN_VERIFY' },
      'ValidationException',
      'KeyUsage SIGN_VERIFY is not compatible with KeySpec SYMMETRIC_DEFAULT',
    ],
    [
      'a usage that another spec does not have',
      { KeySpec: 'RSA_2048', KeyUsage: 'KEY_AGREEMENT' },
      'ValidationException',
      'KeyUsage KEY_AGREEMENT is not compatible with KeySpec RSA_2048',
    ],
    [
      'a spec of other Regions',
      { KeySpec: 'SM2', KeyUsage: 'SIGN_VERIFY' },
      'UnsupportedOperationException',
      'KeySpec SM2 is not supported in Region eu-central-1.',
    ],
    [
      'an origin of a later version',
      { Origin: 'AWS_CLOUDHSM' },
      'UnsupportedOperationException',
      'Origin AWS_CLOUDHSM is not supported by this version of Trent.',
    ],
    [
      'tags with the same key',
      {
        Tags: [
          { TagKey: 'a', TagValue: '1' },
          { TagKey: 'a', TagValue: '2' },
        ],
      },
      'TagException',
      'Duplicate tag keys',
    ],
    [
      'a description that is too long',
      { Description: 'x'.repeat(8193) },
      'ValidationException',
      `1 validation error detected: Value '${'x'.repeat(8193)}' at 'description' failed to satisfy constraint: Member must have length less than or equal to 8192`,
    ],
  ]
  for (const [what, body, code, message] of refusals) {
    it(`refuses ${what}`, async () => {
      assert.deepEqual(await new MemoryKms().refusal('CreateKey', body), { code, message })
    })
  }

  it('records the defaults that were not sent and the key that was made', async () => {
    const kms = new MemoryKms()
    const { request, resources, changes } = await kms.run('CreateKey')
    assert.deepEqual(request, {
      Description: '',
      KeyUsage: 'ENCRYPT_DECRYPT',
      CustomerMasterKeySpec: 'SYMMETRIC_DEFAULT',
      KeySpec: 'SYMMETRIC_DEFAULT',
      Origin: 'AWS_KMS',
      MultiRegion: false,
      BypassPolicyLockoutSafetyCheck: false,
    })
    assert.ok(changes[0]?.kind === 'key added')
    assert.deepEqual(resources, [
      {
        arn: `arn:aws:kms:eu-central-1:111122223333:key/${changes[0].key.keyId}`,
        account: '111122223333',
        type: 'AWS::KMS::Key',
      },
    ])
  })
})
