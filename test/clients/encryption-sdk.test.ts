/** The AWS Encryption SDK for JavaScript against a running server. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import {
  buildClient,
  CommitmentPolicy,
  getLocalCryptographicMaterialsCache,
  KMS,
  KmsKeyringNode,
  NodeCachingMaterialsManager,
  NodeDefaultCryptographicMaterialsManager,
} from '@aws-crypto/client-node'
import { CreateAliasCommand, CreateKeyCommand, DisableKeyCommand } from '@aws-sdk/client-kms'
import { allRecords } from '../support/audit.ts'
import { startServer } from '../support/server.ts'

type KeyringInput = NonNullable<ConstructorParameters<typeof KmsKeyringNode>[0]>
type ClientProvider = NonNullable<KeyringInput['clientProvider']>

describe('the AWS Encryption SDK', async () => {
  const server = await startServer()
  const kms = server.kms()
  const { encrypt, decrypt } = buildClient(CommitmentPolicy.REQUIRE_ENCRYPT_REQUIRE_DECRYPT)
  const client = new KMS({ endpoint: server.url, region: server.region, credentials: server.credentials })
  // What the Encryption SDK's types ask of a client, they do not find in the SDK's own: there, answers may lack members.
  const clientProvider: ClientProvider = () => ({
    encrypt: async (input) => {
      const { KeyId, CiphertextBlob } = await client.encrypt(input)
      assert.ok(KeyId !== undefined && CiphertextBlob !== undefined)
      return { KeyId, CiphertextBlob }
    },
    decrypt: async (input) => {
      const { KeyId, Plaintext } = await client.decrypt(input)
      assert.ok(KeyId !== undefined && Plaintext !== undefined)
      return { KeyId, Plaintext }
    },
    generateDataKey: async (input) => {
      const { KeyId, CiphertextBlob, Plaintext } = await client.generateDataKey(input)
      assert.ok(KeyId !== undefined && CiphertextBlob !== undefined && Plaintext !== undefined)
      return { KeyId, CiphertextBlob, Plaintext }
    },
  })
  const materials = (input: Omit<KeyringInput, 'clientProvider'>): NodeDefaultCryptographicMaterialsManager =>
    // eslint-disable-next-line @typescript-eslint/no-unsafe-class-instance-assignment -- a mixin makes KmsKeyringNode, which the rule cannot follow
    new NodeDefaultCryptographicMaterialsManager(new KmsKeyringNode({ ...input, clientProvider }))
  const createKey = async (): Promise<string> => {
    const { KeyMetadata } = await kms.send(new CreateKeyCommand({}))
    assert.ok(KeyMetadata?.Arn !== undefined)
    return KeyMetadata.Arn
  }
  const recorded = (name: string): number =>
    allRecords(server.directory).filter((record) => record.includes(`"eventName":"${name}"`)).length
  const encryptionContext = { purpose: 'test', tenant: 'north' }

  it('encrypts and decrypts with a KMS keyring', async () => {
    const keyring = materials({ generatorKeyId: await createKey() })
    const plaintext = Buffer.alloc(100_000, 'envelope ')
    const { result } = await encrypt(keyring, plaintext, { encryptionContext })
    const opened = await decrypt(keyring, result)
    assert.deepEqual(opened.plaintext, plaintext)
    assert.equal(opened.messageHeader.encryptionContext['tenant'], 'north')
  })

  it('lets any of several keys open a message, also by an alias of the generator', async () => {
    const [first, second] = [await createKey(), await createKey()]
    await kms.send(new CreateAliasCommand({ AliasName: 'alias/envelope', TargetKeyId: first }))
    const alias = first.replace(/key\/.*/, 'alias/envelope')
    const keyring = materials({ generatorKeyId: alias, keyIds: [second] })
    const { result } = await encrypt(keyring, 'for two keys', { encryptionContext })
    await kms.send(new DisableKeyCommand({ KeyId: first }))
    const opened = await decrypt(materials({ keyIds: [second] }), result)
    assert.equal(opened.plaintext.toString('utf8'), 'for two keys')
    await assert.rejects(decrypt(materials({ keyIds: [first] }), result))
  })

  it('finds the key of a message in discovery mode', async () => {
    const { result } = await encrypt(materials({ generatorKeyId: await createKey() }), 'found')
    const opened = await decrypt(materials({ discovery: true }), result)
    assert.equal(opened.plaintext.toString('utf8'), 'found')
  })

  it('refuses a message whose encrypted data key was changed', async () => {
    const keyArn = await createKey()
    const keyring = materials({ generatorKeyId: keyArn })
    const { result } = await encrypt(keyring, 'message')
    const at = result.indexOf(keyArn) + keyArn.length + 60
    result[at] = (result[at] ?? 0) ^ 1
    await assert.rejects(decrypt(keyring, result))
  })

  it('asks for one data key for many messages with a caching materials manager', async () => {
    const backingMaterials = materials({ generatorKeyId: await createKey() })
    const manager = new NodeCachingMaterialsManager({
      backingMaterials,
      cache: getLocalCryptographicMaterialsCache(100),
      maxAge: 60_000,
      maxMessagesEncrypted: 10,
    })
    const before = { made: recorded('GenerateDataKey'), opened: recorded('Decrypt') }
    const messages: Buffer[] = []
    for (let count = 0; count < 10; count += 1) {
      const { result } = await encrypt(manager, `message ${count}`, { encryptionContext, plaintextLength: 9 })
      messages.push(result)
    }
    for (const [index, message] of messages.entries()) {
      const { plaintext } = await decrypt(manager, message)
      assert.equal(plaintext.toString('utf8'), `message ${index}`)
    }
    assert.deepEqual([recorded('GenerateDataKey') - before.made, recorded('Decrypt') - before.opened], [1, 1])
  })
})
