/**
 * The condition keys of each action, as the authorization reference of AWS KMS lists them. Beyond that list stand the keys
 * that describe the key itself, which the Developer Guide gives to every operation on a key.
 */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { ContextValue } from '#policy/context.ts'
import { operations, type OperationName } from '#kms/service.ts'
import { isRefusal } from '#aws/errors.ts'
import { compileInput } from '#aws/validate.ts'
import { attestedProgram, enclaveDocument, makeChain, registerHex, tpmMembers } from '../support/attestation.ts'
import { writeDocument } from '../support/attestation.ts'
import { account, MemoryKms, rootFacts } from '../support/memory-kms.ts'

const onEveryKey = ['kms:CallerAccount', 'kms:ViaService']
const ofSymmetric = ['kms:EncryptionAlgorithm', 'kms:EncryptionContext:app', 'kms:EncryptionContextKeys']
const cryptographic = [...onEveryKey, ...ofSymmetric, 'kms:RequestAlias']
const reEncrypting = [...cryptographic, 'kms:ReEncryptOnSameKey']
const macs = [...onEveryKey, 'kms:MacAlgorithm', 'kms:RequestAlias']
const signing = [...onEveryKey, 'kms:MessageType', 'kms:RequestAlias', 'kms:SigningAlgorithm']
const managing = onEveryKey
const attestation = [
  'kms:RecipientAttestation:ImageSha384',
  'kms:RecipientAttestation:PCR0',
  'kms:RecipientAttestation:PCR15',
]
const pairs = [...cryptographic, 'kms:DataKeyPairSpec']
const encapsulating = [...onEveryKey, 'kms:RequestAlias']

const tagging = ['aws:RequestTag/team', 'aws:TagKeys']
const table: Readonly<Record<string, readonly string[]>> = {
  CancelKeyDeletion: managing,
  CreateAlias: managing,
  CreateGrant: [
    ...managing,
    'kms:EncryptionContext:app',
    'kms:EncryptionContextKeys',
    'kms:GrantConstraintSourceArn',
    'kms:GrantConstraintType',
    'kms:GranteePrincipal',
    'kms:GranteeServicePrincipal',
    'kms:GrantIsForAWSResource',
    'kms:GrantOperations',
    'kms:RetiringPrincipal',
    'kms:RetiringServicePrincipal',
  ],
  // Listed there is aws:ResourceTag as well, but a key that does not exist yet has no tags.
  CreateKey: [
    ...managing,
    'aws:RequestTag/team',
    'aws:TagKeys',
    'kms:BypassPolicyLockoutSafetyCheck',
    'kms:CustomerMasterKeySpec',
    'kms:CustomerMasterKeyUsage',
    'kms:KeyOrigin',
    'kms:KeySpec',
    'kms:KeyUsage',
    'kms:MultiRegion',
    'kms:MultiRegionKeyType',
  ],
  Decapsulate: encapsulating,
  Decrypt: [...cryptographic, ...attestation],
  DeleteAlias: managing,
  DeleteImportedKeyMaterial: managing,
  DeriveSharedSecret: [...onEveryKey, ...attestation, 'kms:KeyAgreementAlgorithm', 'kms:RequestAlias'],
  DescribeKey: [...managing, 'kms:RequestAlias'],
  DisableKey: [...managing, 'kms:TrailingDaysWithoutKeyUsage'],
  DisableKeyRotation: managing,
  EnableKey: managing,
  EnableKeyRotation: [...managing, 'kms:RotationPeriodInDays'],
  Encapsulate: encapsulating,
  Encrypt: cryptographic,
  GenerateDataKey: [...cryptographic, ...attestation],
  GenerateDataKeyPair: [...pairs, ...attestation],
  GenerateDataKeyPairWithoutPlaintext: pairs,
  GenerateDataKeyWithoutPlaintext: cryptographic,
  GenerateMac: macs,
  GenerateRandom: attestation,
  GetKeyLastUsage: managing,
  GetKeyPolicy: managing,
  GetKeyRotationStatus: managing,
  GetParametersForImport: [...managing, 'kms:WrappingAlgorithm', 'kms:WrappingKeySpec'],
  GetPublicKey: [...managing, 'kms:RequestAlias'],
  ImportKeyMaterial: [...managing, 'kms:ExpirationModel', 'kms:ValidTo'],
  ListAliases: [],
  ListGrants: [...managing, 'kms:GrantIsForAWSResource'],
  ListKeyPolicies: managing,
  ListKeyRotations: managing,
  ListKeys: [],
  ListResourceTags: managing,
  ListRetirableGrants: [],
  PutKeyPolicy: [...managing, 'kms:BypassPolicyLockoutSafetyCheck'],
  ReEncryptFrom: reEncrypting,
  ReEncryptTo: reEncrypting,
  ReplicateKey: [...managing, ...tagging, 'kms:BypassPolicyLockoutSafetyCheck', 'kms:ReplicaRegion'],
  RetireGrant: [...managing, 'kms:EncryptionContext:app', 'kms:EncryptionContextKeys', 'kms:GrantConstraintType'],
  RevokeGrant: [...managing, 'kms:GrantIsForAWSResource'],
  RotateKeyOnDemand: managing,
  ScheduleKeyDeletion: [...managing, 'kms:ScheduleKeyDeletionPendingWindowInDays', 'kms:TrailingDaysWithoutKeyUsage'],
  Sign: signing,
  TagResource: [...managing, 'aws:RequestTag/team', 'aws:TagKeys'],
  UntagResource: [...managing, 'aws:TagKeys'],
  UpdateAlias: managing,
  UpdateKeyDescription: managing,
  UpdatePrimaryRegion: [...managing, 'kms:PrimaryRegion'],
  Verify: signing,
  VerifyMac: macs,
}

const ofTheKeyItself = [
  'aws:ResourceTag/owner',
  'kms:CustomerMasterKeySpec',
  'kms:CustomerMasterKeyUsage',
  'kms:KeyOrigin',
  'kms:KeySpec',
  'kms:KeyUsage',
  'kms:MultiRegion',
  'kms:ResourceAliases',
]
// A replica begins with these of its primary, and CreateKey with those of the request.
const ofNewKeys = [...ofTheKeyItself.filter((name) => !name.includes('Resource')), 'kms:MultiRegionKeyType']
const universe = [...new Set([...Object.values(table).flat(), ...ofTheKeyItself, 'kms:MultiRegionKeyType'])].sort()

const kms = new MemoryKms()
const user = 'arn:aws:iam::111122223333:user/u'
kms.principals.set(user, 'AIDAEXAMPLEEXAMPLE001')
const keyId = await kms.createKey({ Tags: [{ TagKey: 'Owner', TagValue: 'me' }] })
await kms.run('CreateAlias', { AliasName: 'alias/app', TargetKeyId: keyId })
const signingKeyId = await kms.createKey({
  KeySpec: 'ECC_NIST_P256',
  KeyUsage: 'SIGN_VERIFY',
  Tags: [{ TagKey: 'Owner', TagValue: 'me' }],
})
await kms.run('CreateAlias', { AliasName: 'alias/signing', TargetKeyId: signingKeyId })
const signed = { KeyId: 'alias/signing', Message: 'YQ==', SigningAlgorithm: 'ECDSA_SHA_256' }
const macKeyId = await kms.createKey({ KeySpec: 'HMAC_256', KeyUsage: 'GENERATE_VERIFY_MAC' })
await kms.run('CreateAlias', { AliasName: 'alias/mac', TargetKeyId: macKeyId })
await kms.run('TagResource', { KeyId: macKeyId, Tags: [{ TagKey: 'Owner', TagValue: 'me' }] })
const Owner = [{ TagKey: 'Owner', TagValue: 'me' }]
const agreementKeyId = await kms.createKey({ KeySpec: 'ECC_NIST_P256', KeyUsage: 'KEY_AGREEMENT', Tags: Owner })
await kms.run('CreateAlias', { AliasName: 'alias/agreement', TargetKeyId: agreementKeyId })
const primaryId = await kms.createKey({ MultiRegion: true, Tags: Owner })
await kms.run('CreateAlias', { AliasName: 'alias/primary', TargetKeyId: primaryId })
const kemKeyId = await kms.createKey({ KeySpec: 'ML_KEM_768', KeyUsage: 'ENCAPSULATE_DECAPSULATE', Tags: Owner })
await kms.run('CreateAlias', { AliasName: 'alias/kem', TargetKeyId: kemKeyId })
const chain = makeChain(Date.now())
kms.attestationRoots.push(chain.certificates[0] ?? assert.fail())
const program = attestedProgram()
const recipientOf = (document: Buffer) => ({
  KeyEncryptionAlgorithm: 'RSAES_OAEP_SHA_256',
  AttestationDocument: document.toString('base64'),
})
const Recipient = recipientOf(enclaveDocument(chain, program))
const EncryptionContext = { App: 'x' }
const { output: encrypted } = await kms.run('Encrypt', { KeyId: keyId, Plaintext: 'YQ==', EncryptionContext })
const CiphertextBlob = (encrypted['CiphertextBlob'] as Buffer).toString('base64')
const { output: granted } = await kms.run('CreateGrant', {
  KeyId: keyId,
  GranteePrincipal: user,
  Operations: ['Decrypt'],
  Constraints: { EncryptionContextSubset: { App: 'x' } },
})

/** A request that sends all that its condition keys can be about. */
const Tags = [{ TagKey: 'Team', TagValue: 'blue' }]
const requests: Readonly<Partial<Record<OperationName, Readonly<Record<string, unknown>>>>> = {
  CreateAlias: { AliasName: 'alias/new', TargetKeyId: keyId },
  CreateGrant: {
    KeyId: keyId,
    GranteePrincipal: user,
    GranteeServicePrincipal: 'a.example.com',
    RetiringPrincipal: user,
    RetiringServicePrincipal: 'b.example.com',
    Operations: ['Decrypt'],
    Constraints: { EncryptionContextEquals: { App: 'x' }, SourceArn: 'arn:aws:s3:us-east-1:111122223333:b' },
  },
  CreateKey: { Tags, BypassPolicyLockoutSafetyCheck: false, MultiRegion: true },
  Decapsulate: { KeyId: 'alias/kem', SharedSecretCiphertextBlob: 'YQ==', EncapsulationAlgorithm: 'ML_KEM' },
  Decrypt: { CiphertextBlob, EncryptionContext, KeyId: 'alias/app', Recipient },
  DeleteAlias: { AliasName: 'alias/app' },
  DeriveSharedSecret: { KeyId: 'alias/agreement', KeyAgreementAlgorithm: 'ECDH', PublicKey: 'YQ==', Recipient },
  DescribeKey: { KeyId: 'alias/app' },
  Encapsulate: { KeyId: 'alias/kem', EncapsulationAlgorithm: 'ML_KEM' },
  Encrypt: { KeyId: 'alias/app', Plaintext: 'YQ==', EncryptionContext },
  GenerateDataKey: { KeyId: 'alias/app', KeySpec: 'AES_256', EncryptionContext, Recipient },
  GenerateDataKeyPair: { KeyId: 'alias/app', KeyPairSpec: 'RSA_2048', EncryptionContext, Recipient },
  GenerateDataKeyPairWithoutPlaintext: { KeyId: 'alias/app', KeyPairSpec: 'RSA_2048', EncryptionContext },
  GenerateDataKeyWithoutPlaintext: { KeyId: 'alias/app', KeySpec: 'AES_256', EncryptionContext },
  GenerateMac: { KeyId: 'alias/mac', Message: 'YQ==', MacAlgorithm: 'HMAC_SHA_256' },
  GenerateRandom: { NumberOfBytes: 32, Recipient },
  GetParametersForImport: { KeyId: keyId, WrappingAlgorithm: 'RSAES_OAEP_SHA_256', WrappingKeySpec: 'RSA_2048' },
  GetPublicKey: { KeyId: 'alias/signing' },
  ImportKeyMaterial: {
    KeyId: keyId,
    ImportToken: 'YQ==',
    EncryptedKeyMaterial: 'YQ==',
    ValidTo: 1_900_000_000,
    ExpirationModel: 'KEY_MATERIAL_EXPIRES',
  },
  PutKeyPolicy: { KeyId: keyId, Policy: '{}', BypassPolicyLockoutSafetyCheck: true },
  ListRetirableGrants: { RetiringPrincipal: user },
  ReEncrypt: {
    CiphertextBlob,
    SourceKeyId: 'alias/app',
    SourceEncryptionContext: EncryptionContext,
    DestinationKeyId: 'alias/app',
    DestinationEncryptionContext: EncryptionContext,
  },
  ReplicateKey: { KeyId: primaryId, ReplicaRegion: 'eu-west-1', Tags, BypassPolicyLockoutSafetyCheck: false },
  RetireGrant: { GrantToken: granted['GrantToken'] },
  RevokeGrant: { KeyId: keyId, GrantId: granted['GrantId'] },
  Sign: signed,
  TagResource: { KeyId: keyId, Tags },
  UntagResource: { KeyId: keyId, TagKeys: ['Owner'] },
  UpdateAlias: { AliasName: 'alias/app', TargetKeyId: keyId },
  UpdateKeyDescription: { KeyId: keyId, Description: 'd' },
  UpdatePrimaryRegion: { KeyId: keyId, PrimaryRegion: 'eu-west-1' },
  Verify: { ...signed, Signature: 'YQ==' },
  VerifyMac: { KeyId: 'alias/mac', Message: 'YQ==', MacAlgorithm: 'HMAC_SHA_256', Mac: 'YQ==' },
}

/** The values of `keys` for each target of a request, by its action. */
async function valuesOf(
  name: OperationName,
  body: Readonly<Record<string, unknown>>,
  keys: readonly string[],
): Promise<readonly (readonly [string, Readonly<Record<string, ContextValue>>])[]> {
  const facts = { ...rootFacts(account, 0), viaService: 's3.eu-central-1.amazonaws.com' }
  const input = compileInput(operations[name].input)(Buffer.from(JSON.stringify(body)))
  assert.ok(!isRefusal(input), `${name}: ${isRefusal(input) ? input.message : ''}`)
  const found: (readonly [string, Readonly<Record<string, ContextValue>>])[] = []
  for (const target of operations[name].targets) {
    if (target.applies?.(input, facts) === false) continue
    const resolved = await target.resolve(input, facts, kms.ports)
    assert.ok(!isRefusal(resolved), `${name}: ${isRefusal(resolved) ? resolved.message : ''}`)
    const wanted = { has: (key: string) => keys.some((one) => one.toLowerCase() === key) }
    const resource = (await target.withConditions?.(wanted, resolved, kms.ports)) ?? resolved
    const values = keys.flatMap((key) => {
      const value = target.condition?.(key.toLowerCase(), resource, input, facts)
      return value === undefined ? [] : [[key, value] as const]
    })
    found.push([target.action, Object.fromEntries(values)])
  }
  return found
}

describe('the condition keys of an action', () => {
  for (const name of Object.keys(operations) as OperationName[]) {
    it(`are those of AWS's table for ${name}`, async () => {
      for (const [action, values] of await valuesOf(name, requests[name] ?? { KeyId: keyId }, universe)) {
        // CreateKey asks for permission to tag as well, with the same context.
        const row =
          name === 'ReplicateKey' ? table[name] : table[name === 'CreateKey' ? name : action.slice('kms:'.length)]
        assert.ok(row !== undefined, action)
        const beyond = 'kms:ResourceAliases' in values ? ofTheKeyItself : []
        const ofPrimary = name === 'ReplicateKey' ? ofNewKeys : []
        assert.deepEqual(Object.keys(values).sort(), [...new Set([...row, ...beyond, ...ofPrimary])].sort(), action)
      }
    })
  }

  it('are found for all operations that there are', () => {
    assert.equal(Object.keys(operations).length, 50)
  })
})

describe('the value of a condition key', () => {
  const valueOf = async (
    name: OperationName,
    key: string,
    body: Readonly<Record<string, unknown>> = {},
  ): Promise<ContextValue> => {
    const [first] = await valuesOf(name, { ...requests[name], ...body }, [key])
    return first?.[1][key]
  }

  it('is that of the request', async () => {
    assert.equal(await valueOf('Encrypt', 'kms:EncryptionAlgorithm'), 'SYMMETRIC_DEFAULT')
    assert.equal(await valueOf('Encrypt', 'kms:EncryptionContext:APP'), 'x')
    assert.deepEqual(await valueOf('Encrypt', 'kms:EncryptionContextKeys'), ['App'])
    assert.equal(await valueOf('Encrypt', 'kms:RequestAlias'), 'alias/app')
    assert.equal(await valueOf('Encrypt', 'kms:CallerAccount'), '111122223333')
    assert.equal(await valueOf('Encrypt', 'kms:ViaService'), 's3.eu-central-1.amazonaws.com')
    assert.equal(await valueOf('VerifyMac', 'kms:MacAlgorithm'), 'HMAC_SHA_256')
    assert.equal(await valueOf('Sign', 'kms:SigningAlgorithm'), 'ECDSA_SHA_256')
    assert.equal(await valueOf('Verify', 'kms:MessageType', { MessageType: 'DIGEST' }), 'DIGEST')
    assert.equal(await valueOf('Sign', 'kms:MessageType'), 'RAW')
    assert.equal(await valueOf('TagResource', 'aws:RequestTag/TEAM'), 'blue')
    assert.deepEqual(await valueOf('TagResource', 'aws:TagKeys'), ['Team'])
    assert.deepEqual(await valueOf('UntagResource', 'aws:TagKeys'), ['Owner'])
    assert.equal(await valueOf('CreateKey', 'kms:MultiRegion'), 'true')
    assert.equal(await valueOf('CreateKey', 'kms:MultiRegionKeyType'), 'PRIMARY')
    assert.equal(await valueOf('CreateKey', 'kms:BypassPolicyLockoutSafetyCheck'), 'false')
    assert.deepEqual(await valueOf('CreateGrant', 'kms:GrantOperations'), ['Decrypt'])
    assert.equal(await valueOf('CreateGrant', 'kms:GrantConstraintType'), 'EncryptionContextEquals')
    assert.equal(await valueOf('CreateGrant', 'kms:GranteePrincipal'), user)
    assert.equal(await valueOf('RetireGrant', 'kms:GrantConstraintType'), 'EncryptionContextSubset')
    assert.equal(await valueOf('RetireGrant', 'kms:EncryptionContext:app'), 'x')
  })

  it('is that of the verified attestation document, and of its kind of platform alone', async () => {
    const enclave = 'kms:RecipientAttestation:'
    const tpm = `${enclave}NitroTPM`
    const fromTpm = recipientOf(writeDocument({ chain, members: tpmMembers(chain, Date.now(), program.publicKey) }))
    for (const name of ['Decrypt', 'DeriveSharedSecret', 'GenerateDataKey', 'GenerateDataKeyPair', 'GenerateRandom']) {
      const operation = name as OperationName
      assert.equal(await valueOf(operation, `${enclave}ImageSha384`), registerHex(0), name)
      assert.equal(await valueOf(operation, `${enclave}IMAGESHA384`), registerHex(0), name)
      assert.equal(await valueOf(operation, `${enclave}PCR8`), registerHex(8), name)
      assert.equal(await valueOf(operation, `${enclave}PCR16`), undefined, name)
      assert.equal(await valueOf(operation, `${tpm}PCR8`), undefined, name)
      assert.equal(await valueOf(operation, `${tpm}PCR23`, { Recipient: fromTpm }), registerHex(23), name)
      assert.equal(await valueOf(operation, `${enclave}PCR8`, { Recipient: fromTpm }), undefined, name)
      assert.equal(await valueOf(operation, `${enclave}ImageSha384`, { Recipient: fromTpm }), undefined, name)
      assert.equal(await valueOf(operation, `${enclave}ImageSha384`, { Recipient: null }), undefined, name)
      for (const spelled of ['PCR', 'PCR08', 'PCR+8', 'PCR8 ', 'ImageSha', '', 'PCR1e0']) {
        assert.equal(await valueOf(operation, `${enclave}${spelled}`), undefined, `${name} ${spelled}`)
      }
    }
  })

  it('is that of the key', async () => {
    assert.equal(await valueOf('Encrypt', 'aws:ResourceTag/OWNER'), 'me')
    assert.deepEqual(await valueOf('Encrypt', 'kms:ResourceAliases'), ['alias/app'])
    assert.equal(await valueOf('GenerateDataKey', 'kms:KeySpec'), 'SYMMETRIC_DEFAULT')
    assert.equal(await valueOf('GenerateDataKey', 'kms:CustomerMasterKeyUsage'), 'ENCRYPT_DECRYPT')
    assert.equal(await valueOf('GenerateDataKey', 'kms:KeyOrigin'), 'AWS_KMS')
    assert.equal(await valueOf('GenerateDataKey', 'kms:MultiRegion'), 'false')
  })

  it('is the default of what was not sent, where AWS says so', async () => {
    assert.equal(
      await valueOf('ScheduleKeyDeletion', 'kms:ScheduleKeyDeletionPendingWindowInDays', { KeyId: keyId }),
      '30',
    )
    const bare = await valuesOf('CreateKey', {}, [
      'kms:KeySpec',
      'kms:KeyUsage',
      'kms:KeyOrigin',
      'kms:MultiRegion',
      'kms:BypassPolicyLockoutSafetyCheck',
      'aws:TagKeys',
    ])
    assert.deepEqual(bare, [
      [
        'kms:CreateKey',
        {
          'kms:KeySpec': 'SYMMETRIC_DEFAULT',
          'kms:KeyUsage': 'ENCRYPT_DECRYPT',
          'kms:KeyOrigin': 'AWS_KMS',
          'kms:MultiRegion': 'false',
        },
      ],
    ])
  })

  it('is absent without an alias, an encryption context or tags in the request', async () => {
    const body = { KeyId: keyId, Plaintext: 'YQ==', EncryptionContext: {} }
    const keys = ['kms:RequestAlias', 'kms:EncryptionContext:app', 'kms:EncryptionContextKeys', 'aws:RequestTag/team']
    assert.deepEqual(await valuesOf('Encrypt', body, keys), [['kms:Encrypt', {}]])
  })

  it('says of an encryption context that spells a key in two ways with two values what no policy can spell', async () => {
    const body = { EncryptionContext: { app: 'x', APP: 'y' } }
    assert.equal(await valueOf('Encrypt', 'kms:EncryptionContext:app', body), '\u0000')
    assert.equal(
      await valueOf('Encrypt', 'kms:EncryptionContext:app', { EncryptionContext: { app: 'x', APP: 'x' } }),
      'x',
    )
  })

  it('is of the source or of the destination in ReEncrypt', async () => {
    const other = await kms.createKey()
    const keys = ['kms:EncryptionContext:app', 'kms:EncryptionContext:b', 'kms:RequestAlias', 'kms:ReEncryptOnSameKey']
    const body = { ...requests.ReEncrypt, DestinationKeyId: other, DestinationEncryptionContext: { b: 'y' } }
    assert.deepEqual(await valuesOf('ReEncrypt', body, keys), [
      [
        'kms:ReEncryptFrom',
        { 'kms:EncryptionContext:app': 'x', 'kms:RequestAlias': 'alias/app', 'kms:ReEncryptOnSameKey': 'false' },
      ],
      ['kms:ReEncryptTo', { 'kms:EncryptionContext:b': 'y', 'kms:ReEncryptOnSameKey': 'false' }],
    ])
  })

  it('says that ReEncrypt stays with one key, however the request names it', async () => {
    const body = { ...requests.ReEncrypt, DestinationKeyId: keyId }
    for (const [, values] of await valuesOf('ReEncrypt', body, ['kms:ReEncryptOnSameKey'])) {
      assert.deepEqual(values, { 'kms:ReEncryptOnSameKey': 'true' })
    }
  })
})
