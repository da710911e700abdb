/** Programs in enclaves as they call: with the AWS SDK, as a user whom IAM lets do so from one image only. */
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { CreateAccessKeyCommand, CreateUserCommand, IAMClient, PutUserPolicyCommand } from '@aws-sdk/client-iam'
import {
  CreateKeyCommand,
  DecryptCommand,
  EncryptCommand,
  GenerateDataKeyCommand,
  GenerateRandomCommand,
  KMSClient,
  KMSServiceException,
  type RecipientInfo,
} from '@aws-sdk/client-kms'
import { attestedProgram, enclaveDocument, enclaveMembers, makeChain, registerHex } from '../support/attestation.ts'
import { someRegisters, writeDocument } from '../support/attestation.ts'
import { pem } from '../support/certificates.ts'
import { lacksOpenssl, openEnvelope } from '../support/openssl.ts'
import { run } from '../support/programs.ts'
import { cleanEnvironment, startServer, temporaryDirectory } from '../support/server.ts'

const trent = fileURLToPath(new URL('../../bin/trent', import.meta.url))

describe('the AWS SDK in an enclave', { skip: lacksOpenssl }, async () => {
  const now = Date.now()
  const chain = makeChain(now)
  const program = attestedProgram(4096)
  const rootFile = join(temporaryDirectory(), 'root.pem')
  writeFileSync(rootFile, pem(chain.certificates[0] ?? assert.fail()))
  const server = await startServer({
    workers: 2,
    testProfile: true,
    env: { TRENT_ATTESTATION_ROOT: rootFile, TRENT_ATTESTATION_MAX_AGE: '10m' },
  })
  const recipientOf = (AttestationDocument: Uint8Array): RecipientInfo => ({
    AttestationDocument,
    KeyEncryptionAlgorithm: 'RSAES_OAEP_SHA_256',
  })
  const Recipient = recipientOf(enclaveDocument(chain, program))
  const otherImage = recipientOf(
    writeDocument({
      chain,
      members: enclaveMembers(chain, now, program.publicKey, someRegisters(16).set(0, Buffer.alloc(48, 0xee))),
    }),
  )
  const opened = (envelope: Uint8Array | undefined): Buffer =>
    openEnvelope(envelope ?? assert.fail('there is no CiphertextForRecipient'), program.privateKey)

  const root = server.kms()
  const { KeyMetadata } = await root.send(new CreateKeyCommand({}))
  const KeyId = KeyMetadata?.Arn ?? assert.fail()
  const { CiphertextBlob } = await root.send(new EncryptCommand({ KeyId, Plaintext: Buffer.from('attack at dawn') }))

  const iam = new IAMClient({ endpoint: server.url, region: server.region, credentials: server.credentials })
  after(() => iam.destroy())
  await iam.send(new CreateUserCommand({ UserName: 'enclave' }))
  const statement = (Action: readonly string[]) => ({
    Effect: 'Allow',
    Action,
    Resource: '*',
    Condition: { StringEqualsIgnoreCase: { 'kms:RecipientAttestation:ImageSha384': registerHex(0) } },
  })
  const PolicyDocument = JSON.stringify({
    Version: '2012-10-17',
    Statement: [statement(['kms:Decrypt', 'kms:GenerateDataKey', 'kms:GenerateRandom'])],
  })
  await iam.send(new PutUserPolicyCommand({ UserName: 'enclave', PolicyName: 'image', PolicyDocument }))
  const { AccessKey } = await iam.send(new CreateAccessKeyCommand({ UserName: 'enclave' }))
  const kms = new KMSClient({
    endpoint: server.url,
    region: server.region,
    maxAttempts: 1,
    credentials: { accessKeyId: AccessKey?.AccessKeyId ?? '', secretAccessKey: AccessKey?.SecretAccessKey ?? '' },
  })
  after(() => kms.destroy())

  const isDenied = (error: unknown): boolean =>
    error instanceof KMSServiceException && error.name === 'AccessDeniedException'

  it('decrypts for itself', async () => {
    const answer = await kms.send(new DecryptCommand({ CiphertextBlob, Recipient }))
    assert.equal(opened(answer.CiphertextForRecipient).toString(), 'attack at dawn')
    assert.equal(answer.Plaintext, undefined)
    assert.equal(answer.KeyMaterialId, undefined)
  })

  it('makes data keys and random bytes for itself', async () => {
    const dataKey = await kms.send(new GenerateDataKeyCommand({ KeyId, KeySpec: 'AES_256', Recipient }))
    assert.equal(dataKey.Plaintext, undefined)
    const { Plaintext } = await root.send(new DecryptCommand({ CiphertextBlob: dataKey.CiphertextBlob }))
    assert.deepEqual(opened(dataKey.CiphertextForRecipient), Buffer.from(Plaintext ?? []))
    const random = await kms.send(new GenerateRandomCommand({ NumberOfBytes: 48, Recipient }))
    assert.equal(random.Plaintext, undefined)
    assert.equal(opened(random.CiphertextForRecipient).length, 48)
  })

  it('gets nothing without its document, and nothing as another image', async () => {
    for (const given of [undefined, otherImage]) {
      const recipient = given === undefined ? {} : { Recipient: given }
      await assert.rejects(kms.send(new DecryptCommand({ CiphertextBlob, ...recipient })), isDenied)
      await assert.rejects(kms.send(new GenerateRandomCommand({ NumberOfBytes: 48, ...recipient })), isDenied)
    }
  })

  it('has its document held against the time of the machine, wherever a test has moved the clock', async () => {
    const command = [process.execPath, trent, 'clock', 'advance', '3d', '--data-dir', server.directory]
    assert.equal((await run(command, cleanEnvironment())).code, 0)
    await kms.send(new DecryptCommand({ CiphertextBlob, Recipient: recipientOf(enclaveDocument(chain, program)) }))
  })

  it('may use a document for as long as the setting says', async () => {
    const old = recipientOf(enclaveDocument(chain, program, Date.now() - 8 * 60_000))
    await kms.send(new GenerateRandomCommand({ NumberOfBytes: 1, Recipient: old }))
    const older = recipientOf(enclaveDocument(chain, program, Date.now() - 11 * 60_000))
    await assert.rejects(
      kms.send(new GenerateRandomCommand({ NumberOfBytes: 1, Recipient: older })),
      (error) =>
        error instanceof KMSServiceException &&
        error.name === 'ValidationException' &&
        error.message === 'The attestation document is not valid: it is too old; request a new one for each call.',
    )
  })
})
