/** Requests with a Recipient: the five operations that take one, what they answer, refuse and record. */
import assert from 'node:assert/strict'
import { createPrivateKey, createPublicKey, diffieHellman, generateKeyPairSync } from 'node:crypto'
import { describe, it } from 'node:test'
import { attestedProgram, enclaveDocument, enclaveMembers, makeChain, registerHex } from '../support/attestation.ts'
import { someRegisters, tpmMembers, writeDocument } from '../support/attestation.ts'
import { lacksOpenssl, openEnvelope } from '../support/openssl.ts'
import {
  attestationChain as chain,
  base64,
  createKey,
  deny,
  expectRecord,
  foreignMessage,
  keyArn,
  objectIn,
  otherAccount,
  refuse,
  refuseInvalid,
  region,
  rootArn,
  succeed,
  textOf,
  unknownKeyId,
  type Json,
  type Key,
} from './service.ts'

const program = attestedProgram()
const recipientOf = (document: Buffer): Json => ({
  KeyEncryptionAlgorithm: 'RSAES_OAEP_SHA_256',
  AttestationDocument: document.toString('base64'),
})
const attested = (): Json => recipientOf(enclaveDocument(chain, program))
const fromTpm = (): Json =>
  recipientOf(writeDocument({ chain, members: tpmMembers(chain, Date.now(), program.publicKey) }))

const opened = (json: Json): Buffer =>
  openEnvelope(Buffer.from(textOf(json, 'CiphertextForRecipient'), 'base64'), program.privateKey)

const registerText = (index: number): string => Buffer.alloc(48, 0x10 + index).toString('base64')
const recordedEnclave = {
  attestationDocumentModuleId: 'i-0123456789abcdef0-enc0123456789abcdef',
  attestationDocumentEnclaveImageDigest: registerText(0),
  ...Object.fromEntries([1, 2, 3, 4, 8].map((n) => [`attestationDocumentEnclavePCR${n}`, registerText(n)])),
}
const recordedTpm = {
  attestationDocumentModuleId: 'i-0123456789abcdef0-tpm0000000000000000',
  ...Object.fromEntries([4, 7, 8, 9, 16, 23].map((n) => [`attestationDocumentNitroTPMPCR${n}`, registerText(n)])),
}

const Plaintext = base64('a secret')
async function ciphertext(key: Key, more: Json = {}): Promise<string> {
  return textOf((await succeed('Encrypt', { KeyId: key.id, Plaintext, ...more })).json, 'CiphertextBlob')
}

const options = { skip: lacksOpenssl }

describe('an attested request', () => {
  it('to Decrypt is answered for the program alone', options, async () => {
    const key = await createKey()
    const answered = await succeed('Decrypt', { CiphertextBlob: await ciphertext(key), Recipient: attested() })
    assert.deepEqual(Object.keys(answered.json), ['KeyId', 'EncryptionAlgorithm', 'CiphertextForRecipient'])
    assert.deepEqual([answered.json['KeyId'], answered.json['EncryptionAlgorithm']], [key.arn, 'SYMMETRIC_DEFAULT'])
    assert.equal(opened(answered.json).toString(), 'a secret')
    await expectRecord(answered, {
      eventName: 'Decrypt',
      readOnly: true,
      requestParameters: { keyId: key.arn, encryptionAlgorithm: 'SYMMETRIC_DEFAULT' },
      additionalEventData: { keyMaterialId: key.materialId, recipient: recordedEnclave },
      resources: [key.arn],
    })
  })

  it('is recorded with the key material that it used, which is not always the current one', options, async () => {
    const key = await createKey()
    const CiphertextBlob = await ciphertext(key)
    await succeed('RotateKeyOnDemand', { KeyId: key.id })
    const old = await succeed('Decrypt', { CiphertextBlob, Recipient: attested() })
    await expectRecord(old, {
      eventName: 'Decrypt',
      readOnly: true,
      requestParameters: { keyId: key.arn, encryptionAlgorithm: 'SYMMETRIC_DEFAULT' },
      additionalEventData: { keyMaterialId: key.materialId, recipient: recordedEnclave },
      resources: [key.arn],
    })
    const made = await succeed('GenerateDataKey', { KeyId: key.id, KeySpec: 'AES_256', Recipient: attested() })
    const { json } = await succeed('DescribeKey', { KeyId: key.id })
    const keyMaterialId = textOf(objectIn(json, 'KeyMetadata'), 'CurrentKeyMaterialId')
    assert.notEqual(keyMaterialId, key.materialId)
    await expectRecord(made, {
      eventName: 'GenerateDataKey',
      readOnly: true,
      requestParameters: { keyId: key.id, keySpec: 'AES_256' },
      resources: [key.arn],
      additionalEventData: { keyMaterialId, recipient: recordedEnclave },
    })
  })

  it('to Decrypt with an RSA key is answered for the program alone', options, async () => {
    const key = await createKey({ KeySpec: 'RSA_2048', KeyUsage: 'ENCRYPT_DECRYPT' })
    const EncryptionAlgorithm = 'RSAES_OAEP_SHA_256'
    const CiphertextBlob = await ciphertext(key, { EncryptionAlgorithm })
    const input = { KeyId: key.id, EncryptionAlgorithm, CiphertextBlob, Recipient: attested() }
    const { json } = await succeed('Decrypt', input)
    assert.deepEqual(Object.keys(json), ['KeyId', 'EncryptionAlgorithm', 'CiphertextForRecipient'])
    assert.equal(opened(json).toString(), 'a secret')
  })

  it('to GenerateDataKey has the data key under the KMS key and for the program', options, async () => {
    const key = await createKey()
    const answered = await succeed('GenerateDataKey', { KeyId: key.id, KeySpec: 'AES_256', Recipient: fromTpm() })
    assert.deepEqual(Object.keys(answered.json), ['CiphertextBlob', 'KeyId', 'CiphertextForRecipient'])
    const dataKey = opened(answered.json)
    assert.equal(dataKey.length, 32)
    const { json } = await succeed('Decrypt', { CiphertextBlob: answered.json['CiphertextBlob'] })
    assert.equal(json['Plaintext'], dataKey.toString('base64'))
    await expectRecord(answered, {
      eventName: 'GenerateDataKey',
      readOnly: true,
      requestParameters: { keyId: key.id, keySpec: 'AES_256' },
      additionalEventData: { keyMaterialId: key.materialId, recipient: recordedTpm },
      resources: [key.arn],
    })
  })

  it('to GenerateDataKeyPair has the private key under the KMS key and for the program', options, async () => {
    const key = await createKey()
    const input = { KeyId: key.id, KeyPairSpec: 'RSA_4096', Recipient: attested() }
    const answered = await succeed('GenerateDataKeyPair', input)
    const names = ['PrivateKeyCiphertextBlob', 'PublicKey', 'KeyId', 'KeyPairSpec', 'CiphertextForRecipient']
    assert.deepEqual(Object.keys(answered.json), names)
    const privateKey = opened(answered.json)
    const { json } = await succeed('Decrypt', { CiphertextBlob: answered.json['PrivateKeyCiphertextBlob'] })
    assert.equal(json['Plaintext'], privateKey.toString('base64'))
    const half = createPublicKey(createPrivateKey({ key: privateKey, format: 'der', type: 'pkcs8' }))
    assert.equal(half.export({ format: 'der', type: 'spki' }).toString('base64'), answered.json['PublicKey'])
    await expectRecord(answered, {
      eventName: 'GenerateDataKeyPair',
      readOnly: true,
      requestParameters: { keyId: key.id, keyPairSpec: 'RSA_4096' },
      additionalEventData: { keyMaterialId: key.materialId, recipient: recordedEnclave },
      resources: [key.arn],
    })
  })

  it('to DeriveSharedSecret is answered for the program alone', options, async () => {
    const key = await createKey({ KeySpec: 'ECC_NIST_P384', KeyUsage: 'KEY_AGREEMENT' })
    const { json: ours } = await succeed('GetPublicKey', { KeyId: key.id })
    const publicKey = createPublicKey({
      key: Buffer.from(textOf(ours, 'PublicKey'), 'base64'),
      format: 'der',
      type: 'spki',
    })
    const peer = generateKeyPairSync('ec', { namedCurve: 'P-384' })
    const PublicKey = peer.publicKey.export({ format: 'der', type: 'spki' }).toString('base64')
    const input = { KeyId: key.id, KeyAgreementAlgorithm: 'ECDH', PublicKey, Recipient: attested() }
    const answered = await succeed('DeriveSharedSecret', input)
    const names = ['KeyId', 'CiphertextForRecipient', 'KeyAgreementAlgorithm', 'KeyOrigin']
    assert.deepEqual(Object.keys(answered.json), names)
    assert.deepEqual(opened(answered.json), diffieHellman({ privateKey: peer.privateKey, publicKey }))
    await expectRecord(answered, {
      eventName: 'DeriveSharedSecret',
      readOnly: true,
      requestParameters: { keyId: key.id, keyAgreementAlgorithm: 'ECDH' },
      additionalEventData: { recipient: recordedEnclave },
      resources: [key.arn],
    })
  })

  it('to GenerateRandom is answered for the program alone', options, async () => {
    const answered = await succeed('GenerateRandom', { NumberOfBytes: 1024, Recipient: attested() })
    assert.deepEqual(Object.keys(answered.json), ['CiphertextForRecipient'])
    assert.equal(opened(answered.json).length, 1024)
    await expectRecord(answered, {
      eventName: 'GenerateRandom',
      readOnly: true,
      requestParameters: null,
      additionalEventData: { recipient: recordedEnclave },
    })
  })

  it('may have a document again that was answered before', options, async () => {
    const Recipient = attested()
    const one = await succeed('GenerateRandom', { NumberOfBytes: 32, Recipient })
    const other = await succeed('GenerateRandom', { NumberOfBytes: 32, Recipient })
    assert.notDeepEqual(opened(one.json), opened(other.json))
  })

  it('may be a dry run, whose document is verified as well', async () => {
    const key = await createKey()
    const input = { CiphertextBlob: await ciphertext(key), DryRun: true }
    const message = 'The request would have succeeded, but the DryRun option is set.'
    await refuse('Decrypt', { ...input, Recipient: attested() }, 'DryRunOperationException', message)
    await refuseDocument(Buffer.from('nonsense'), notADocument, { ...input })
  })
})

const notADocument = 'it is not a signed attestation document of a Nitro enclave or a NitroTPM'

/** A data key for `document` is refused with `reason`. */
async function refuseDocument(document: Buffer, reason: string, decrypt?: Json): Promise<void> {
  const Recipient = recipientOf(document)
  const message = `The attestation document is not valid: ${reason}.`
  if (decrypt !== undefined) {
    await refuse('Decrypt', { ...decrypt, Recipient }, 'ValidationException', message)
    return
  }
  const key = await createKey()
  const input = { KeyId: key.id, KeySpec: 'AES_256', Recipient }
  const answered = await refuse('GenerateDataKey', input, 'ValidationException', message)
  // Of a document that is not valid the record says nothing, nor is the key found.
  await expectRecord(answered, {
    eventName: 'GenerateDataKey',
    readOnly: true,
    requestParameters: { keyId: key.id, keySpec: 'AES_256' },
    errorCode: 'ValidationException',
    errorMessage: message,
  })
}

describe('an attested request is refused', () => {
  const keyed = (publicKey: Buffer | null): Buffer =>
    writeDocument({ chain, members: enclaveMembers(chain, Date.now(), publicKey) })
  const wrongKey = 'its public key is not an RSA key of 2048, 3072 or 4096 bits in DER (SubjectPublicKeyInfo)'
  const ecKey = generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey.export({ format: 'der', type: 'spki' })
  // OpenSSL encrypts to a modulus of more than 3,072 bits only with an exponent of at most 64.
  const longExponent = (): Buffer => {
    const n = generateKeyPairSync('rsa', { modulusLength: 4096 }).publicKey.export({ format: 'jwk' }).n ?? ''
    const e = Buffer.concat([Buffer.of(1), Buffer.alloc(7), Buffer.of(1)]).toString('base64url')
    return createPublicKey({ key: { kty: 'RSA', n, e }, format: 'jwk' }).export({ format: 'der', type: 'spki' })
  }
  const documents: readonly (readonly [what: string, make: () => Buffer, reason: string])[] = [
    ['with a key that nothing can be encrypted to', () => keyed(longExponent()), wrongKey],
    ['with something else than a document', () => Buffer.from('document'), notADocument],
    ['with a document of 256 KiB', () => Buffer.alloc(262_144, 0x9f), notADocument],
    [
      'with a document of another hypervisor',
      () => {
        const now = Date.now()
        const stranger = makeChain(now, { 0: { subject: 'another root' } })
        return enclaveDocument(stranger, program)
      },
      'its certificates do not begin with a trusted root',
    ],
    [
      'with a document that is too old',
      () => enclaveDocument(chain, program, Date.now() - 301_000),
      'it is too old; request a new one for each call',
    ],
    [
      'with a document from the future',
      () => enclaveDocument(chain, program, Date.now() + 360_000),
      'its time has not come yet',
    ],
    [
      'with a document that was changed',
      () => {
        const document = enclaveDocument(chain, program)
        document[document.indexOf(Buffer.alloc(48, 0x10))] = 0x99
        return document
      },
      'its signature is wrong',
    ],
    [
      'with a document whose chain is broken',
      () => {
        const members = enclaveMembers(chain, Date.now(), program.publicKey)
        return writeDocument({ chain, members: members.set('cabundle', chain.certificates.slice(0, 2)) })
      },
      'its certificates do not lead from their root to its signer',
    ],
    ['with a document without a key', () => keyed(null), 'it holds no public key to encrypt the answer to'],
    ['with a document whose key is for something else', () => keyed(ecKey), wrongKey],
    ['with a document whose key is none', () => keyed(Buffer.from('dummy')), wrongKey],
    ['with a document whose key is too short', () => keyed(attestedProgram(1024).publicKey), wrongKey],
  ]
  for (const [what, make, reason] of documents) it(what, () => refuseDocument(make(), reason))

  it('with half of a recipient, or an unknown algorithm', async () => {
    const { AttestationDocument, KeyEncryptionAlgorithm } = attested()
    const notNull = 'failed to satisfy constraint: Member must not be null'
    const input = { NumberOfBytes: 32 }
    await refuseInvalid(
      'GenerateRandom',
      { ...input, Recipient: { AttestationDocument } },
      `Value null at 'recipient.keyEncryptionAlgorithm' ${notNull}`,
    )
    await refuseInvalid(
      'GenerateRandom',
      { ...input, Recipient: { KeyEncryptionAlgorithm } },
      `Value null at 'recipient.attestationDocument' ${notNull}`,
    )
    await refuseInvalid(
      'GenerateRandom',
      { ...input, Recipient: {} },
      `Value null at 'recipient.keyEncryptionAlgorithm' ${notNull}`,
    )
    await refuseInvalid(
      'GenerateRandom',
      { ...input, Recipient: { AttestationDocument, KeyEncryptionAlgorithm: 'RSAES_PKCS1_V1_5' } },
      "Value 'RSAES_PKCS1_V1_5' at 'recipient.keyEncryptionAlgorithm' failed to satisfy constraint: Member must satisfy enum value set: [RSAES_OAEP_SHA_256]",
    )
  })

  it('with a document larger than 256 KiB', async () => {
    await refuseInvalid(
      'GenerateRandom',
      { NumberOfBytes: 32, Recipient: recipientOf(Buffer.alloc(262_145)) },
      "Value at 'recipient.attestationDocument' failed to satisfy constraint: Member must have length less than or equal to 262144",
    )
  })

  it('without telling whether a foreign key exists', async () => {
    const foreign = `arn:aws:kms:${region}:${otherAccount}:key/${unknownKeyId}`
    const input = { KeyId: foreign, KeySpec: 'AES_256' }
    await deny('GenerateDataKey', { ...input, Recipient: attested() }, foreignMessage('kms:GenerateDataKey'))
    const message = `The attestation document is not valid: ${notADocument}.`
    for (const KeyId of [foreign, keyArn(unknownKeyId), (await createKey()).arn]) {
      const Recipient = recipientOf(Buffer.from('nonsense'))
      await refuse('GenerateDataKey', { KeyId, KeySpec: 'AES_256', Recipient }, 'ValidationException', message)
    }
  })
})

/** A key that its account may do anything with but decrypt, which it may under `Condition`. */
function createConditionalKey(Condition: Json): Promise<Key> {
  const common = { Effect: 'Allow', Principal: { AWS: rootArn }, Resource: '*' }
  const Statement = [
    { ...common, NotAction: 'kms:Decrypt' },
    { ...common, Action: 'kms:Decrypt', Condition },
  ]
  return createKey({
    Policy: JSON.stringify({ Version: '2012-10-17', Statement }),
    BypassPolicyLockoutSafetyCheck: true,
  })
}

describe('a key policy that demands an attestation', () => {
  const denied = (key: Key): string =>
    `User: ${rootArn} is not authorized to perform: kms:Decrypt on resource: ${key.arn} because no resource-based policy allows the kms:Decrypt action`
  const key = (name: string): string => `kms:RecipientAttestation:${name}`

  const conditions: readonly (readonly [what: string, condition: Json, allows: 'enclave' | 'TPM' | 'none'])[] = [
    ['of an image', { StringEquals: { [key('ImageSha384')]: registerHex(0) } }, 'enclave'],
    ['of an image, in capitals', { StringEquals: { [key('ImageSha384')]: registerHex(10).toUpperCase() } }, 'none'],
    [
      'of an image, in any case',
      { StringEqualsIgnoreCase: { [key('imagesha384')]: registerHex(0).toUpperCase() } },
      'enclave',
    ],
    ['of another image', { StringEquals: { [key('ImageSha384')]: registerHex(1) } }, 'none'],
    ['of PCR0', { StringEquals: { [key('PCR0')]: registerHex(0) } }, 'enclave'],
    [
      'of PCR8 and PCR15',
      { StringEquals: { [key('PCR8')]: registerHex(8), [key('PCR15')]: registerHex(15) } },
      'enclave',
    ],
    ['of PCR8 and a wrong PCR15', { StringEquals: { [key('PCR8')]: registerHex(8), [key('PCR15')]: 'ff' } }, 'none'],
    ['of a register that is not in the document', { StringLike: { [key('PCR16')]: '*' } }, 'none'],
    ['of a register in another spelling', { StringLike: { [key('PCR00')]: '*' } }, 'none'],
    ['of a register that there is not', { StringLike: { [key('PCR32')]: '*' } }, 'none'],
    ['of TPM register 4', { StringEquals: { [key('NitroTPMPCR4')]: registerHex(4) } }, 'TPM'],
    ['of TPM register 23', { StringEquals: { [key('NitroTPMPCR23')]: registerHex(23) } }, 'TPM'],
    ['of TPM register 24', { StringLike: { [key('NitroTPMPCR24')]: '*' } }, 'none'],
    ['of any enclave', { Null: { [key('ImageSha384')]: 'false' } }, 'enclave'],
    ['of anything but an image', { StringNotEquals: { [key('ImageSha384')]: registerHex(0) } }, 'TPM'],
  ]
  for (const [what, condition, allows] of conditions) {
    it(`${what} is met by ${allows}`, async () => {
      const made = await createConditionalKey(condition)
      const CiphertextBlob = await ciphertext(made)
      const asked = { CiphertextBlob, KeyId: made.id }
      const judge = async (Recipient: Json, allowed: boolean): Promise<void> => {
        if (allowed) await succeed('Decrypt', { ...asked, Recipient })
        else await deny('Decrypt', { ...asked, Recipient }, denied(made))
      }
      await judge(attested(), allows === 'enclave')
      await judge(fromTpm(), allows === 'TPM')
    })
  }

  it('is not met without a recipient, nor by a document that is not valid', async () => {
    const made = await createConditionalKey({ StringEquals: { [key('ImageSha384')]: registerHex(0) } })
    const asked = { CiphertextBlob: await ciphertext(made), KeyId: made.id }
    const plain = await deny('Decrypt', asked, denied(made))
    const refused = await deny('Decrypt', { ...asked, Recipient: null }, denied(made))
    for (const answered of [plain, refused]) assert.ok(!('Plaintext' in answered.json))
    const registers = someRegisters(16).set(0, Buffer.alloc(48, 0x10))
    const forged = writeDocument({
      chain,
      members: enclaveMembers(chain, Date.now(), program.publicKey, registers),
      spoil: (signature) => Buffer.concat([signature.subarray(0, 95), Buffer.of((signature[95] ?? 0) ^ 1)]),
    })
    await refuseDocument(forged, 'its signature is wrong', asked)
  })

  it('is not met by measurements that the caller writes into the encryption context', async () => {
    const made = await createConditionalKey({ StringEquals: { [key('ImageSha384')]: registerHex(0) } })
    const EncryptionContext = { 'kms:RecipientAttestation:ImageSha384': registerHex(0), ImageSha384: registerHex(0) }
    const CiphertextBlob = await ciphertext(made, { EncryptionContext })
    await deny('Decrypt', { CiphertextBlob, KeyId: made.id, EncryptionContext }, denied(made))
  })
})
