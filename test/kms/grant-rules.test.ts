import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { refuseGrant, refuseGrantOn, requestedConstraints, type GrantRequest } from '#kms/grant/create.ts'

const user = 'arn:aws:iam::111122223333:user/u'
const role = 'arn:aws:iam::111122223333:role/r'
const service = 'ec2.example.com'
const SourceArn = 'arn:aws:s3:us-east-1:111122223333:bucket'
const messageOf = (request: Partial<GrantRequest>): string | undefined =>
  refuseGrant({ Operations: ['Decrypt'], ...request })?.message

describe('a new grant', () => {
  it('has one grantee, of either kind', () => {
    const both = 'You must specify either GranteePrincipal or GranteeServicePrincipal, but not both.'
    assert.equal(messageOf({ GranteePrincipal: user }), undefined)
    assert.equal(messageOf({}), both)
    assert.equal(messageOf({ GranteePrincipal: user, GranteeServicePrincipal: service }), both)
  })

  it('has at most one retiring principal', () => {
    assert.equal(messageOf({ GranteePrincipal: user, RetiringPrincipal: role }), undefined)
    assert.equal(messageOf({ GranteePrincipal: user, RetiringServicePrincipal: service }), undefined)
    assert.equal(
      messageOf({ GranteePrincipal: user, RetiringPrincipal: role, RetiringServicePrincipal: service }),
      'You can specify either RetiringPrincipal or RetiringServicePrincipal, but not both.',
    )
  })

  it('names its principals by ARN', () => {
    for (const name of ['111122223333', 'AIDAEXAMPLEEXAMPLE001', 'u', 'arn:aws:iam']) {
      for (const request of [{ GranteePrincipal: name }, { GranteePrincipal: user, RetiringPrincipal: name }]) {
        assert.deepEqual(refuseGrant({ Operations: ['Decrypt'], ...request }), {
          refused: true,
          code: 'InvalidArnException',
          message: `ARN does not refer to a valid principal: ${name}`,
        })
      }
    }
  })

  it('to a service names the resource it is for and who retires it', () => {
    const GranteeServicePrincipal = service
    assert.equal(
      messageOf({ GranteeServicePrincipal, RetiringPrincipal: role }),
      'You must specify the SourceArn constraint when you specify GranteeServicePrincipal.',
    )
    assert.equal(
      messageOf({ GranteeServicePrincipal, Constraints: { SourceArn } }),
      'You must specify RetiringPrincipal or RetiringServicePrincipal when you specify GranteeServicePrincipal.',
    )
    for (const retiring of [{ RetiringPrincipal: role }, { RetiringServicePrincipal: service }]) {
      assert.equal(messageOf({ GranteeServicePrincipal, Constraints: { SourceArn }, ...retiring }), undefined)
    }
  })

  it('permits something', () => {
    assert.equal(
      messageOf({ GranteePrincipal: user, Operations: [] }),
      'You must specify at least one grant operation.',
    )
  })

  it('has one encryption context constraint of at most 8 pairs of 384 characters', () => {
    const pairs = (count: number): Map<string, string> =>
      new Map(Array.from({ length: count }, (_, index) => [`k${index}`, 'v']))
    const constrained = (Constraints: GrantRequest['Constraints']): string | undefined =>
      messageOf({ GranteePrincipal: user, Constraints })
    assert.equal(
      constrained({ EncryptionContextEquals: pairs(1), EncryptionContextSubset: pairs(1) }),
      'You can specify either EncryptionContextEquals or EncryptionContextSubset, but not both.',
    )
    // As Terraform sends them.
    assert.equal(constrained({ EncryptionContextEquals: pairs(1), EncryptionContextSubset: pairs(0) }), undefined)
    assert.equal(constrained({ EncryptionContextEquals: pairs(0), EncryptionContextSubset: pairs(1) }), undefined)
    for (const name of ['EncryptionContextEquals', 'EncryptionContextSubset']) {
      assert.equal(constrained({ [name]: pairs(8) }), undefined)
      assert.equal(constrained({ [name]: pairs(9) }), 'A grant constraint can have at most 8 encryption context pairs.')
      const longest = 'x'.repeat(384)
      assert.equal(constrained({ [name]: new Map([[longest, longest]]) }), undefined)
      for (const pair of [[`${longest}x`, 'v'] as const, ['k', `${longest}x`] as const]) {
        assert.equal(
          constrained({ [name]: new Map([pair]) }),
          'Keys and values of a grant constraint can have at most 384 characters.',
        )
      }
    }
  })
})

describe('the operations of a grant', () => {
  const common = ['CreateGrant', 'RetireGrant', 'DescribeKey']
  const all = [
    'Decrypt',
    'Encrypt',
    'GenerateDataKey',
    'GenerateDataKeyWithoutPlaintext',
    'GenerateDataKeyPair',
    'GenerateDataKeyPairWithoutPlaintext',
    'ReEncryptFrom',
    'ReEncryptTo',
    'Sign',
    'Verify',
    'GetPublicKey',
    'GenerateMac',
    'VerifyMac',
    'DeriveSharedSecret',
    'Encapsulate',
    'Decapsulate',
    'CreateGrant',
    'RetireGrant',
    'DescribeKey',
  ] as const
  const kinds: readonly (readonly [string, string, readonly string[]])[] = [
    ['SYMMETRIC_DEFAULT', 'ENCRYPT_DECRYPT', all.slice(0, 8)],
    ['RSA_2048', 'ENCRYPT_DECRYPT', ['Decrypt', 'Encrypt', 'ReEncryptFrom', 'ReEncryptTo', 'GetPublicKey']],
    ['RSA_2048', 'SIGN_VERIFY', ['Sign', 'Verify', 'GetPublicKey']],
    ['HMAC_256', 'GENERATE_VERIFY_MAC', ['GenerateMac', 'VerifyMac']],
    ['ECC_NIST_P256', 'KEY_AGREEMENT', ['DeriveSharedSecret', 'GetPublicKey']],
    ['ML_KEM_768', 'ENCAPSULATE_DECAPSULATE', ['Encapsulate', 'Decapsulate', 'GetPublicKey']],
  ]
  for (const [keySpec, keyUsage, own] of kinds) {
    it(`are those of its key: ${keySpec}, ${keyUsage}`, () => {
      for (const operation of all) {
        const refused = refuseGrantOn({ keySpec, keyUsage }, { GranteePrincipal: user, Operations: [operation] })
        assert.equal(refused === undefined, [...own, ...common].includes(operation), operation)
        if (refused === undefined) continue
        assert.equal(refused.code, 'ValidationException')
        assert.equal(
          refused.message,
          `Grant operation ${operation} is not valid for a key with KeySpec ${keySpec} and KeyUsage ${keyUsage}.`,
        )
      }
    })
  }

  it('are constrained by encryption context on symmetric keys alone', () => {
    const request: GrantRequest = {
      GranteePrincipal: user,
      Operations: ['DescribeKey'],
      Constraints: { EncryptionContextEquals: new Map([['a', 'b']]) },
    }
    assert.equal(refuseGrantOn({ keySpec: 'SYMMETRIC_DEFAULT', keyUsage: 'ENCRYPT_DECRYPT' }, request), undefined)
    assert.equal(
      refuseGrantOn({ keySpec: 'RSA_2048', keyUsage: 'SIGN_VERIFY' }, request)?.message,
      'Encryption context grant constraints are valid only for symmetric encryption KMS keys.',
    )
    const bySource = { ...request, Constraints: { SourceArn } }
    assert.equal(refuseGrantOn({ keySpec: 'RSA_2048', keyUsage: 'SIGN_VERIFY' }, bySource), undefined)
  })
})

describe('an empty encryption context constraint', () => {
  const some = new Map([['Tenant', 'north']])
  const none = new Map<string, string>()

  it('says nothing beside the other one', () => {
    assert.deepEqual(requestedConstraints({ EncryptionContextEquals: some, EncryptionContextSubset: none }), {
      encryptionContextEquals: some,
      encryptionContextSubset: undefined,
      sourceArn: undefined,
    })
    assert.deepEqual(requestedConstraints({ EncryptionContextEquals: none, EncryptionContextSubset: some }), {
      encryptionContextEquals: undefined,
      encryptionContextSubset: some,
      sourceArn: undefined,
    })
  })

  it('is the narrower of two that are empty, and alone what it says', () => {
    const narrow = { encryptionContextEquals: none, encryptionContextSubset: undefined, sourceArn: undefined }
    assert.deepEqual(requestedConstraints({ EncryptionContextEquals: none, EncryptionContextSubset: none }), narrow)
    assert.deepEqual(requestedConstraints({ EncryptionContextEquals: none }), narrow)
  })
})
