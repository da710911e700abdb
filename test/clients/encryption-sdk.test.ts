/** The AWS Encryption SDK for JavaScript against a running server. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import {
  buildClient,
  CommitmentPolicy,
  getClient,
  getLocalCryptographicMaterialsCache,
  KMS,
  KmsKeyringNode,
  NodeCachingMaterialsManager,
} from '@aws-crypto/client-node'
import { CreateAliasCommand, CreateKeyCommand, DisableKeyCommand } from '@aws-sdk/client-kms'
import { allRecords } from '../support/audit.ts'
import { startServer } from '../support/server.ts'

describe('the AWS Encryption SDK', async () => {
  const server = await startServer()
  const kms = server.kms()
  const { encrypt, decrypt } = buildClient(CommitmentPolicy.REQUIRE_ENCRYPT_REQUIRE_DECRYPT)
  const clientProvider = getClient(KMS, { endpoint: server.url, credentials: server.credentials })
  const createKey = async (): Promise<string> => {
    const { KeyMetadata } = await kms.send(new CreateKeyCommand({}))
    assert.ok(KeyMetadata?.Arn !== undefined)
    return KeyMetadata.Arn
  }
  const recorded = (name: string): number =>
    allRecords(server.directory).filter((record) => record.includes(`"eventName":"${name}"`)).length
  const encryptionContext = { purpose: 'test', tenant: 'north' }

  it('encrypts and decrypts with a KMS keyring', async () => {
    const keyring = new KmsKeyringNode({ clientProvider, generatorKeyId: await createKey() })
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
    const keyring = new KmsKeyringNode({ clientProvider, generatorKeyId: alias, keyIds: [second] })
    const { result } = await encrypt(keyring, 'for two keys', { encryptionContext })
    await kms.send(new DisableKeyCommand({ KeyId: first }))
    const opened = await decrypt(new KmsKeyringNode({ clientProvider, keyIds: [second] }), result)
    assert.equal(opened.plaintext.toString('utf8'), 'for two keys')
    await assert.rejects(decrypt(new KmsKeyringNode({ clientProvider, keyIds: [first] }), result))
  })

  it('finds the key of a message in discovery mode', async () => {
    const { result } = await encrypt(new KmsKeyringNode({ clientProvider, generatorKeyId: await createKey() }), 'found')
    const opened = await decrypt(new KmsKeyringNode({ clientProvider, discovery: true }), result)
    assert.equal(opened.plaintext.toString('utf8'), 'found')
  })

  it('refuses a message whose encrypted data key was changed', async () => {
    const keyArn = await createKey()
    const keyring = new KmsKeyringNode({ clientProvider, generatorKeyId: keyArn })
    const { result } = await encrypt(keyring, 'message')
    const at = result.indexOf(keyArn) + keyArn.length + 60
    result[at] = (result[at] ?? 0) ^ 1
    await assert.rejects(decrypt(keyring, result))
  })

  it('asks for one data key for many messages with a caching materials manager', async () => {
    const backingMaterials = new KmsKeyringNode({ clientProvider, generatorKeyId: await createKey() })
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
