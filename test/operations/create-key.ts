import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { recordOf } from '../support/audit.ts'
import { laterMemberTest } from './rules.ts'
import {
  account,
  createKey,
  expectRecord,
  keyArn,
  listKeysRegion,
  objectIn,
  otherRegion,
  refuse,
  refuseInvalid,
  region,
  rootArn,
  server,
  succeed,
  textOf,
  type Json,
} from './service.ts'

const keyId = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/

async function metadataOf(input: Json, inRegion = region): Promise<Json> {
  const { json } = await succeed('CreateKey', input, inRegion)
  assert.deepEqual(Object.keys(json), ['KeyMetadata'])
  return objectIn(json, 'KeyMetadata')
}

const recordedDefaults = {
  description: '',
  keyUsage: 'ENCRYPT_DECRYPT',
  customerMasterKeySpec: 'SYMMETRIC_DEFAULT',
  keySpec: 'SYMMETRIC_DEFAULT',
  origin: 'AWS_KMS',
  multiRegion: false,
  bypassPolicyLockoutSafetyCheck: false,
}

const rsaSigning = [
  ...['RSASSA_PKCS1_V1_5_SHA_256', 'RSASSA_PKCS1_V1_5_SHA_384', 'RSASSA_PKCS1_V1_5_SHA_512'],
  ...['RSASSA_PSS_SHA_256', 'RSASSA_PSS_SHA_384', 'RSASSA_PSS_SHA_512'],
]

describe('CreateKey', () => {
  it('answers the metadata of a new key and nothing that does not apply', async () => {
    const metadata = await metadataOf({})
    const { KeyId, CreationDate, CurrentKeyMaterialId, ...rest } = metadata
    assert.match(textOf(metadata, 'KeyId'), keyId)
    assert.match(textOf(metadata, 'CurrentKeyMaterialId'), /^[0-9a-f]{64}$/)
    assert.ok(typeof CreationDate === 'number' && Math.abs(CreationDate - Date.now() / 1000) < 60)
    assert.ok(CurrentKeyMaterialId !== undefined)
    assert.deepEqual(rest, {
      AWSAccountId: account,
      Arn: `arn:aws:kms:us-east-1:${account}:key/${textOf({ KeyId }, 'KeyId')}`,
      Enabled: true,
      Description: '',
      KeyUsage: 'ENCRYPT_DECRYPT',
      KeyState: 'Enabled',
      Origin: 'AWS_KMS',
      KeyManager: 'CUSTOMER',
      CustomerMasterKeySpec: 'SYMMETRIC_DEFAULT',
      KeySpec: 'SYMMETRIC_DEFAULT',
      EncryptionAlgorithms: ['SYMMETRIC_DEFAULT'],
      MultiRegion: false,
    })
  })

  it('is not idempotent', async () => {
    const input = { Description: 'twice' }
    assert.notEqual((await metadataOf(input))['KeyId'], (await metadataOf(input))['KeyId'])
  })

  it('makes the key in the Region that was called', async () => {
    const metadata = await metadataOf({}, otherRegion)
    assert.match(textOf(metadata, 'Arn'), /^arn:aws:kms:eu-west-1:/)
  })

  it('takes an empty body', async () => {
    await succeed('CreateKey', '')
  })

  it('takes what is the default by name', async () => {
    const inputs = [
      { KeySpec: 'SYMMETRIC_DEFAULT', KeyUsage: 'ENCRYPT_DECRYPT', Origin: 'AWS_KMS' },
      { CustomerMasterKeySpec: 'SYMMETRIC_DEFAULT' },
      { MultiRegion: false, BypassPolicyLockoutSafetyCheck: false, Tags: [] },
    ]
    for (const input of inputs) assert.equal((await metadataOf(input))['KeySpec'], 'SYMMETRIC_DEFAULT')
  })

  it('keeps the description and the tags', async () => {
    const Tags = [
      { TagKey: 'Team', TagValue: 'blue' },
      { TagKey: 'Empty', TagValue: '' },
    ]
    const metadata = await metadataOf({ Description: 'für später', Tags })
    assert.equal(metadata['Description'], 'für später')
    const { json } = await succeed('ListResourceTags', { KeyId: metadata['KeyId'] })
    assert.deepEqual(json['Tags'], Tags)
  })

  it('refuses both names of the key spec together', async () => {
    await refuse(
      'CreateKey',
      { KeySpec: 'SYMMETRIC_DEFAULT', CustomerMasterKeySpec: 'SYMMETRIC_DEFAULT' },
      'ValidationException',
      // unverified wording
      'You cannot specify KeySpec and CustomerMasterKeySpec in the same request. CustomerMasterKeySpec is deprecated.',
    )
  })

  it('refuses a key spec other than the symmetric one without a usage', async () => {
    for (const spec of [{ KeySpec: 'RSA_2048' }, { KeySpec: 'HMAC_256' }, { CustomerMasterKeySpec: 'ECC_NIST_P256' }]) {
      await refuse(
        'CreateKey',
        spec,
        'ValidationException',
        'You must specify a KeyUsage value for all KMS keys except for symmetric encryption keys.',
      )
    }
  })

  it('refuses a usage that the key spec does not have', async () => {
    const pairs = [
      ['RSA_2048', 'KEY_AGREEMENT'],
      ['SYMMETRIC_DEFAULT', 'SIGN_VERIFY'],
      ['HMAC_256', 'ENCRYPT_DECRYPT'],
      ['ECC_SECG_P256K1', 'KEY_AGREEMENT'],
      ['ML_KEM_768', 'ENCRYPT_DECRYPT'],
      ['ML_DSA_65', 'KEY_AGREEMENT'],
    ] as const
    for (const [KeySpec, KeyUsage] of pairs) {
      const message = `KeyUsage ${KeyUsage} is not compatible with KeySpec ${KeySpec}`
      await refuse('CreateKey', { KeySpec, KeyUsage }, 'ValidationException', message)
    }
    const message = 'KeyUsage SIGN_VERIFY is not compatible with KeySpec SYMMETRIC_DEFAULT'
    await refuse('CreateKey', { KeyUsage: 'SIGN_VERIFY' }, 'ValidationException', message)
  })

  const macs = [
    ['HMAC_224', 'HMAC_SHA_224'],
    ['HMAC_256', 'HMAC_SHA_256'],
    ['HMAC_384', 'HMAC_SHA_384'],
    ['HMAC_512', 'HMAC_SHA_512'],
  ] as const
  for (const [KeySpec, algorithm] of macs) {
    it(`makes HMAC keys of ${KeySpec}, whatever the member is called, without a key material id`, async () => {
      for (const spec of [{ KeySpec }, { CustomerMasterKeySpec: KeySpec }]) {
        const metadata = await metadataOf({ ...spec, KeyUsage: 'GENERATE_VERIFY_MAC' })
        const { AWSAccountId, KeyId, Arn, CreationDate, ...rest } = metadata
        assert.deepEqual([AWSAccountId, Arn, typeof CreationDate], [account, keyArn(String(KeyId)), 'number'])
        assert.deepEqual(rest, {
          Enabled: true,
          Description: '',
          KeyUsage: 'GENERATE_VERIFY_MAC',
          KeyState: 'Enabled',
          Origin: 'AWS_KMS',
          KeyManager: 'CUSTOMER',
          CustomerMasterKeySpec: KeySpec,
          KeySpec,
          MultiRegion: false,
          MacAlgorithms: [algorithm],
        })
      }
    })
  }

  const signing = [
    ['RSA_2048', rsaSigning],
    ['RSA_3072', rsaSigning],
    ['RSA_4096', rsaSigning],
    ['ECC_NIST_P256', ['ECDSA_SHA_256']],
    ['ECC_NIST_P384', ['ECDSA_SHA_384']],
    ['ECC_NIST_P521', ['ECDSA_SHA_512']],
    ['ECC_SECG_P256K1', ['ECDSA_SHA_256']],
    ['ECC_NIST_EDWARDS25519', ['ED25519_SHA_512', 'ED25519_PH_SHA_512']],
    ['ML_DSA_44', ['ML_DSA_SHAKE_256']],
    ['ML_DSA_65', ['ML_DSA_SHAKE_256']],
    ['ML_DSA_87', ['ML_DSA_SHAKE_256']],
  ] as const
  for (const [KeySpec, SigningAlgorithms] of signing) {
    it(`makes key pairs of ${KeySpec} for signatures`, async () => {
      const { KeyUsage, CustomerMasterKeySpec, CurrentKeyMaterialId, EncryptionAlgorithms, ...rest } = await metadataOf(
        {
          KeySpec,
          KeyUsage: 'SIGN_VERIFY',
        },
      )
      const old = KeySpec.startsWith('ML_') || KeySpec.endsWith('25519') ? undefined : KeySpec
      assert.deepEqual([KeyUsage, CustomerMasterKeySpec], ['SIGN_VERIFY', old])
      assert.deepEqual(
        [CurrentKeyMaterialId, EncryptionAlgorithms, rest['MacAlgorithms']],
        [undefined, undefined, undefined],
      )
      assert.deepEqual([rest['KeySpec'], rest['SigningAlgorithms']], [KeySpec, SigningAlgorithms])
    })
  }

  const others = [
    ['RSA_2048', 'ENCRYPT_DECRYPT', 'EncryptionAlgorithms', ['RSAES_OAEP_SHA_1', 'RSAES_OAEP_SHA_256']],
    ['RSA_4096', 'ENCRYPT_DECRYPT', 'EncryptionAlgorithms', ['RSAES_OAEP_SHA_1', 'RSAES_OAEP_SHA_256']],
    ['ECC_NIST_P256', 'KEY_AGREEMENT', 'KeyAgreementAlgorithms', ['ECDH']],
    ['ECC_NIST_P521', 'KEY_AGREEMENT', 'KeyAgreementAlgorithms', ['ECDH']],
    ['ML_KEM_512', 'ENCAPSULATE_DECAPSULATE', 'EncapsulationAlgorithms', ['ML_KEM']],
    ['ML_KEM_768', 'ENCAPSULATE_DECAPSULATE', 'EncapsulationAlgorithms', ['ML_KEM']],
    ['ML_KEM_1024', 'ENCAPSULATE_DECAPSULATE', 'EncapsulationAlgorithms', ['ML_KEM']],
  ] as const
  const algorithmMembers = [
    ...['EncryptionAlgorithms', 'SigningAlgorithms', 'MacAlgorithms'],
    ...['KeyAgreementAlgorithms', 'EncapsulationAlgorithms'],
  ]
  for (const [KeySpec, KeyUsage, member, algorithms] of others) {
    it(`makes key pairs of ${KeySpec} for ${KeyUsage}`, async () => {
      const metadata = await metadataOf({ KeySpec, KeyUsage })
      assert.deepEqual([metadata['KeySpec'], metadata['KeyUsage']], [KeySpec, KeyUsage])
      assert.equal(metadata['CustomerMasterKeySpec'], KeySpec.startsWith('ML_') ? undefined : KeySpec)
      assert.equal('CurrentKeyMaterialId' in metadata, false)
      const shown = algorithmMembers.filter((name) => name in metadata)
      assert.deepEqual(shown, [member])
      assert.deepEqual(metadata[member], algorithms)
    })
  }

  it('refuses SM2, which only Regions of China have', async () => {
    const message = 'KeySpec SM2 is not supported in Region us-east-1.'
    const input = { KeySpec: 'SM2', KeyUsage: 'ENCRYPT_DECRYPT' }
    await refuse('CreateKey', input, 'UnsupportedOperationException', message)
  })

  it('refuses it by the old name of a key spec as well', async () => {
    const input = { CustomerMasterKeySpec: 'SM2', KeyUsage: 'SIGN_VERIFY' }
    const message = 'KeySpec SM2 is not supported in Region us-east-1.'
    await refuse('CreateKey', input, 'UnsupportedOperationException', message)
  })

  for (const Origin of ['AWS_CLOUDHSM', 'EXTERNAL_KEY_STORE']) {
    it(`refuses origin ${Origin}, which a later version supports`, async () => {
      const message = `Origin ${Origin} is not supported by this version of Trent.`
      await refuse('CreateKey', { Origin }, 'UnsupportedOperationException', message)
    })
  }

  it('makes a key that waits for its material, of every spec that may be imported', async () => {
    for (const input of [{}, { KeySpec: 'HMAC_256', KeyUsage: 'GENERATE_VERIFY_MAC' }]) {
      const { json } = await succeed('CreateKey', { ...input, Origin: 'EXTERNAL' })
      const metadata = objectIn(json, 'KeyMetadata')
      assert.deepEqual(
        [metadata['KeyState'], metadata['Enabled'], metadata['Origin'], metadata['CurrentKeyMaterialId']],
        ['PendingImport', false, 'EXTERNAL', undefined],
      )
    }
    for (const [KeySpec, KeyUsage] of [
      ['ML_DSA_44', 'SIGN_VERIFY'],
      ['ML_KEM_512', 'ENCAPSULATE_DECAPSULATE'],
    ]) {
      const input = { KeySpec, KeyUsage, Origin: 'EXTERNAL' }
      const message = `KeySpec ${KeySpec ?? ''} is not supported for Origin EXTERNAL.`
      await refuse('CreateKey', input, 'UnsupportedOperationException', message)
    }
  })

  const fresh = () => Promise.resolve({})
  const recorded = (members: Json) => () => ({ ...recordedDefaults, ...members })
  laterMemberTest(
    'CreateKey',
    'CustomKeyStoreId',
    'cks-1234567890abcdef0',
    fresh,
    recorded({ customKeyStoreId: 'cks-1234567890abcdef0' }),
  )
  laterMemberTest('CreateKey', 'XksKeyId', 'key-1', fresh, recorded({ xksKeyId: 'key-1' }))

  const statement = { Effect: 'Allow', Principal: { AWS: rootArn }, Action: 'kms:*', Resource: '*' }
  const textWith = (more: object): string =>
    JSON.stringify({ Version: '2012-10-17', Statement: [{ ...statement, ...more }] }, null, 1)

  it('gives the key the policy that was sent, as it was sent', async () => {
    const Policy = textWith({ Sid: 'für alle Schlüssel' })
    const { id } = await createKey({ Policy })
    assert.equal((await succeed('GetKeyPolicy', { KeyId: id })).json['Policy'], Policy)
  })

  it('refuses a policy that would lock out who sends it, unless that is asked for', async () => {
    const Policy = textWith({ Action: 'kms:Describe*' })
    const code = 'MalformedPolicyDocumentException'
    const message = 'The new key policy will not allow you to update the key policy in the future.'
    const answered = await refuse('CreateKey', { Policy }, code, message)
    await expectRecord(answered, {
      eventName: 'CreateKey',
      readOnly: false,
      requestParameters: { ...recordedDefaults, policy: Policy },
      errorCode: code,
      errorMessage: message,
    })
    const { id } = await createKey({ Policy, BypassPolicyLockoutSafetyCheck: true })
    await succeed('DescribeKey', { KeyId: id })
  })

  it('refuses what is no key policy', async () => {
    const code = 'MalformedPolicyDocumentException'
    // unverified wording
    const empty = 'Syntax errors in policy. the list is empty (Statement)'
    await refuse('CreateKey', { Policy: '{"Version":"2012-10-17","Statement":[]}' }, code, empty)
    const nobody = textWith({ Principal: { AWS: 'arn:aws:iam::111122223333:user/nobody' } })
    const invalid = 'Policy contains a statement with one or more invalid principals.'
    await refuse('CreateKey', { Policy: nobody }, code, invalid)
    await refuse('CreateKey', { Policy: nobody, BypassPolicyLockoutSafetyCheck: true }, code, invalid)
  })

  it('refuses values that the model does not have', async () => {
    const must = (value: string, path: string): string =>
      `Value '${value}' at '${path}' failed to satisfy constraint: Member must`
    await refuseInvalid(
      'CreateKey',
      { KeyUsage: 'ANYTHING' },
      `${must('ANYTHING', 'keyUsage')} satisfy enum value set: ` +
        '[SIGN_VERIFY, ENCRYPT_DECRYPT, GENERATE_VERIFY_MAC, KEY_AGREEMENT, ENCAPSULATE_DECAPSULATE]',
    )
    await refuseInvalid(
      'CreateKey',
      { Origin: 'aws_kms' },
      `${must('aws_kms', 'origin')} satisfy enum value set: [AWS_KMS, EXTERNAL, AWS_CLOUDHSM, EXTERNAL_KEY_STORE]`,
    )
    await refuseInvalid(
      'CreateKey',
      { CustomerMasterKeySpec: 'ML_DSA_44' },
      `${must('ML_DSA_44', 'customerMasterKeySpec')} satisfy enum value set: [RSA_2048, RSA_3072, RSA_4096, ` +
        'ECC_NIST_P256, ECC_NIST_P384, ECC_NIST_P521, ECC_SECG_P256K1, SYMMETRIC_DEFAULT, HMAC_224, HMAC_256, HMAC_384, ' +
        'HMAC_512, SM2]',
    )
    const characters = 'satisfy regular expression pattern: [\\u0009\\u000A\\u000D\\u0020-\\u00FF]+'
    await refuse(
      'CreateKey',
      { Policy: '' },
      'ValidationException',
      `2 validation errors detected: ${must('', 'policy')} have length greater than or equal to 1; ` +
        `${must('', 'policy')} ${characters}`,
    )
    await refuseInvalid('CreateKey', { Policy: '{"a":"Ā"}' }, `${must('{"a":"Ā"}', 'policy')} ${characters}`)
    await refuseInvalid(
      'CreateKey',
      { XksKeyId: 'a b' },
      `${must('a b', 'xksKeyId')} satisfy regular expression pattern: ^[a-zA-Z0-9-_.]+$`,
    )
    const long = 'd'.repeat(8193)
    await refuseInvalid(
      'CreateKey',
      { Description: long },
      `${must(long, 'description')} have length less than or equal to 8192`,
    )
    const { json } = await succeed('CreateKey', { Description: 'd'.repeat(8192) })
    assert.equal(textOf(objectIn(json, 'KeyMetadata'), 'Description').length, 8192)
  })

  it('names the place of a tag that is not valid', async () => {
    const tags = (TagKey: string | null, TagValue: string | null): Json => ({
      Tags: [
        { TagKey: 'good', TagValue: 'one' },
        { TagKey, TagValue },
      ],
    })
    const at = 'failed to satisfy constraint: Member must'
    await refuseInvalid(
      'CreateKey',
      tags('', 'v'),
      `Value '' at 'tags.2.member.tagKey' ${at} have length greater than or equal to 1`,
    )
    await refuseInvalid('CreateKey', tags(null, 'v'), `Value null at 'tags.2.member.tagKey' ${at} not be null`)
    await refuseInvalid('CreateKey', tags('k', null), `Value null at 'tags.2.member.tagValue' ${at} not be null`)
    const key = 'k'.repeat(129)
    await refuseInvalid(
      'CreateKey',
      tags(key, 'v'),
      `Value '${key}' at 'tags.2.member.tagKey' ${at} have length less than or equal to 128`,
    )
    const value = 'v'.repeat(257)
    await refuseInvalid(
      'CreateKey',
      tags('k', value),
      `Value '${value}' at 'tags.2.member.tagValue' ${at} have length less than or equal to 256`,
    )
  })

  it('refuses tags twice, too many tags and reserved ones', async () => {
    const many = (count: number) => Array.from({ length: count }, (_, n) => ({ TagKey: `k${n}`, TagValue: '' }))
    const twice = [
      { TagKey: 'a', TagValue: '1' },
      { TagKey: 'a', TagValue: '2' },
    ]
    await refuse('CreateKey', { Tags: twice }, 'TagException', 'Duplicate tag keys')
    await refuse('CreateKey', { Tags: many(51) }, 'TagException', 'Too many tags')
    await succeed('CreateKey', { Tags: many(50) })
    for (const TagKey of ['aws:x', 'AWS:x', 'aws:']) {
      const message = 'Tags beginning with aws: are reserved'
      await refuse('CreateKey', { Tags: [{ TagKey, TagValue: '' }] }, 'TagException', message)
    }
    const metadata = await metadataOf({
      Tags: [
        { TagKey: 'case', TagValue: '1' },
        { TagKey: 'Case', TagValue: '2' },
      ],
    })
    const { json } = await succeed('ListResourceTags', { KeyId: metadata['KeyId'] })
    assert.equal(Array.isArray(json['Tags']) && json['Tags'].length, 2)
  })

  it('leaves no key behind when it refuses', async () => {
    await refuse(
      'CreateKey',
      { Tags: [{ TagKey: 'aws:x', TagValue: '' }] },
      'TagException',
      'Tags beginning with aws: are reserved',
      listKeysRegion,
    )
    const { text } = await succeed('ListKeys', {}, listKeysRegion)
    const before = text
    await refuse(
      'CreateKey',
      { CustomKeyStoreId: 'cks-1234567890abcdef0' },
      'UnsupportedOperationException',
      'CustomKeyStoreId is not supported by this version of Trent.',
      listKeysRegion,
    )
    assert.equal((await succeed('ListKeys', {}, listKeysRegion)).text, before)
  })

  it('records the defaults, the tags and the metadata of the new key', async () => {
    const Tags = [{ TagKey: 'Team', TagValue: 'blue' }]
    const answered = await succeed('CreateKey', { Description: 'for the record', Tags })
    const metadata = objectIn(answered.json, 'KeyMetadata')
    const arn = textOf(metadata, 'Arn')
    const record = await recordOf(server.directory, answered.requestId)
    const creationDate = textOf(objectIn(objectIn(record, 'responseElements'), 'keyMetadata'), 'creationDate')
    assert.match(creationDate, /^[A-Z][a-z]{2} \d{1,2}, \d{4}, \d{1,2}:\d\d:\d\d [AP]M$/)
    await expectRecord(answered, {
      eventName: 'CreateKey',
      readOnly: false,
      requestParameters: {
        ...recordedDefaults,
        description: 'for the record',
        tags: [{ tagKey: 'Team', tagValue: 'blue' }],
      },
      responseElements: {
        keyMetadata: {
          aWSAccountId: account,
          keyId: metadata['KeyId'],
          arn,
          creationDate,
          enabled: true,
          description: 'for the record',
          keyUsage: 'ENCRYPT_DECRYPT',
          keyState: 'Enabled',
          origin: 'AWS_KMS',
          keyManager: 'CUSTOMER',
          customerMasterKeySpec: 'SYMMETRIC_DEFAULT',
          keySpec: 'SYMMETRIC_DEFAULT',
          encryptionAlgorithms: ['SYMMETRIC_DEFAULT'],
          multiRegion: false,
          currentKeyMaterialId: metadata['CurrentKeyMaterialId'],
        },
      },
      resources: [arn],
    })
  })

  it('records a refusal with what was asked', async () => {
    const answered = await refuse(
      'CreateKey',
      { KeySpec: 'SM2', KeyUsage: 'SIGN_VERIFY' },
      'UnsupportedOperationException',
      'KeySpec SM2 is not supported in Region us-east-1.',
    )
    await expectRecord(answered, {
      eventName: 'CreateKey',
      readOnly: false,
      requestParameters: {
        ...recordedDefaults,
        keyUsage: 'SIGN_VERIFY',
        keySpec: 'SM2',
        customerMasterKeySpec: 'SM2',
      },
      errorCode: 'UnsupportedOperationException',
      errorMessage: 'KeySpec SM2 is not supported in Region us-east-1.',
    })
  })

  it('shows the new key to the next request', async () => {
    const key = await createKey()
    const { json } = await succeed('DescribeKey', { KeyId: key.arn })
    assert.equal(objectIn(json, 'KeyMetadata')['KeyId'], key.id)
  })
})
