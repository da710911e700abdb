/** What becomes of plaintexts in attested requests, and that no operation ignores a Recipient. */
import assert from 'node:assert/strict'
import { createDecipheriv, generateKeyPairSync, privateDecrypt, constants } from 'node:crypto'
import { describe, it } from 'node:test'
import { operations, type OperationName } from '#kms/service.ts'
import { attestedProgram, enclaveDocument, makeChain } from '../support/attestation.ts'
import { MemoryKms } from '../support/memory-kms.ts'

const chain = makeChain(Date.now())
const program = attestedProgram()
const recipientOf = (document: Buffer) => ({
  KeyEncryptionAlgorithm: 'RSAES_OAEP_SHA_256',
  AttestationDocument: document.toString('base64'),
})
const peer = generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey
const PublicKey = peer.export({ format: 'der', type: 'spki' }).toString('base64')

async function prepared(answers: 'at once' | 'later') {
  const kms = new MemoryKms(answers)
  kms.attestationRoots.push(chain.certificates[0] ?? assert.fail())
  const KeyId = await kms.createKey()
  const agreement = await kms.createKey({ KeySpec: 'ECC_NIST_P256', KeyUsage: 'KEY_AGREEMENT' })
  const { output } = await kms.run('Encrypt', { KeyId, Plaintext: Buffer.from('a secret').toString('base64') })
  const CiphertextBlob = (output['CiphertextBlob'] as Buffer).toString('base64')
  const requests: Readonly<Partial<Record<OperationName, Readonly<Record<string, unknown>>>>> = {
    Decrypt: { CiphertextBlob },
    DeriveSharedSecret: { KeyId: agreement, KeyAgreementAlgorithm: 'ECDH', PublicKey },
    GenerateDataKey: { KeyId, KeySpec: 'AES_256' },
    GenerateDataKeyPair: { KeyId, KeyPairSpec: 'ECC_NIST_P256' },
    GenerateRandom: { NumberOfBytes: 32 },
  }
  return { kms, requests }
}

const takers = (Object.keys(operations) as OperationName[]).filter((name) => 'Recipient' in operations[name].input)
const plaintextNames = ['Plaintext', 'PrivateKeyPlaintext', 'SharedSecret']

for (const answers of ['at once', 'later'] as const) {
  describe(`an operation that takes a Recipient, on ports that answer ${answers}`, async () => {
    const { kms, requests } = await prepared(answers)

    for (const name of takers) {
      it(`refuses one that is not genuine: ${name}`, async () => {
        const body = requests[name] ?? assert.fail(`${name} is not tested`)
        const forged = enclaveDocument(chain, program)
        forged[forged.length - 1] = (forged.at(-1) ?? 0) ^ 1
        assert.deepEqual(await kms.refusal(name, { ...body, Recipient: recipientOf(forged) }), {
          code: 'ValidationException',
          message: 'The attestation document is not valid: its signature is wrong.',
        })
      })

      it(`answers one with ciphertext alone, and keeps no plaintext: ${name}`, async () => {
        const body = requests[name] ?? assert.fail(`${name} is not tested`)
        const before = { drawn: kms.drawn.length, secrets: kms.secrets.length }
        const Recipient = recipientOf(enclaveDocument(chain, program))
        const { output } = await kms.run(name, { ...body, Recipient })
        for (const plain of [...plaintextNames, 'KeyMaterialId']) assert.ok(!(plain in output), plain)
        assert.ok(Buffer.isBuffer(output['CiphertextForRecipient']))
        for (const secret of kms.secrets.slice(before.secrets)) {
          assert.ok(secret.insecureSecretAccess().every((byte) => byte === 0))
        }
        // Data keys, random bytes and content keys; an initialization vector of 16 bytes is no secret.
        const drawn = kms.drawn.slice(before.drawn).filter(({ length }) => length === 32)
        assert.ok(drawn.length > 0)
        for (const bytes of drawn) assert.deepEqual(bytes, Buffer.alloc(32))
      })
    }
  })
}

describe('the operations that take a Recipient', () => {
  it('are the five that AWS names, and refuse it no more', () => {
    assert.deepEqual(takers, [
      'Decrypt',
      'DeriveSharedSecret',
      'GenerateDataKey',
      'GenerateDataKeyPair',
      'GenerateRandom',
    ])
    for (const name of takers) {
      assert.ok(!operations[name].refuses.includes('Recipient'), name)
      assert.ok(operations[name].conditions.includes('kms:RecipientAttestation'), name)
    }
  })

  it('encrypt to the key in the document', async () => {
    const { kms, requests } = await prepared('at once')
    const Recipient = recipientOf(enclaveDocument(chain, program))
    const { output } = await kms.run('Decrypt', { ...requests.Decrypt, Recipient })
    const envelope = output['CiphertextForRecipient'] as Buffer
    const key = privateDecrypt(
      { key: program.privateKey, padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: 'sha256' },
      envelope.subarray(131, 131 + 256),
    )
    const decipher = createDecipheriv('aes-256-cbc', key, envelope.subarray(415, 431))
    assert.equal(Buffer.concat([decipher.update(envelope.subarray(435, -10)), decipher.final()]).toString(), 'a secret')
  })
})
