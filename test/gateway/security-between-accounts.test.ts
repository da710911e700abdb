/** What one account learns of, and can do to, what belongs to another: nothing that nobody gave it. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { CreateAliasCommand, CreateGrantCommand, CreateKeyCommand, EncryptCommand } from '@aws-sdk/client-kms'
import { trent } from '../cli/trent-process.ts'
import { startServer } from '../support/server.ts'
import { kmsRequest, send, sign, type Credentials } from '../support/signed-request.ts'

const other = '444455556666'
const missingKey = '1234abcd-12ab-34cd-56ef-1234567890ab'

describe('an account that was given nothing', async () => {
  const server = await startServer()
  const made = await trent(['account', 'create', '--id', other, '--json', '--data-dir', server.directory])
  const stranger = JSON.parse(made.stdout) as Credentials
  const kms = server.kms()
  const { KeyMetadata } = await kms.send(new CreateKeyCommand({}))
  const KeyId = KeyMetadata?.KeyId ?? ''
  const arnOf = (resource: string): string => `arn:aws:kms:us-east-1:${server.account}:${resource}`
  await kms.send(new CreateAliasCommand({ AliasName: 'alias/there', TargetKeyId: KeyId }))
  const { CiphertextBlob = Buffer.of() } = await kms.send(new EncryptCommand({ KeyId, Plaintext: Buffer.from('x') }))
  const blob = Buffer.from(CiphertextBlob)
  const { GrantId } = await kms.send(
    new CreateGrantCommand({
      KeyId,
      GranteePrincipal: `arn:aws:iam::${server.account}:root`,
      Operations: ['Decrypt'],
    }),
  )

  async function asStranger(operation: string, body: unknown): Promise<readonly unknown[]> {
    const scope = { region: 'us-east-1', service: 'kms' }
    const { status, text } = await send(server.url, sign(kmsRequest(operation, body), server.url, stranger, scope))
    return [status, text.replaceAll(KeyId, 'KEY').replaceAll(missingKey, 'KEY')]
  }

  const own = await (async () => {
    const scope = { region: 'us-east-1', service: 'kms' }
    const { text } = await send(server.url, sign(kmsRequest('CreateKey', {}), server.url, stranger, scope))
    return (JSON.parse(text) as { readonly KeyMetadata: { readonly KeyId: string } }).KeyMetadata.KeyId
  })()

  const policy = JSON.stringify({
    Version: '2012-10-17',
    Statement: [{ Effect: 'Allow', Principal: '*', Action: 'kms:*', Resource: '*' }],
  })
  const grant = { GranteePrincipal: `arn:aws:iam::${other}:root`, Operations: ['Decrypt'] }
  const byKey: readonly (readonly [string, object])[] = [
    ['CancelKeyDeletion', {}],
    ['CreateGrant', grant],
    ['DescribeKey', {}],
    ['DisableKey', {}],
    ['EnableKey', {}],
    ['Encrypt', { Plaintext: 'eA==' }],
    ['GenerateDataKey', { KeySpec: 'AES_256' }],
    ['GenerateDataKeyWithoutPlaintext', { KeySpec: 'AES_256' }],
    ['GetKeyPolicy', {}],
    ['GetKeyRotationStatus', {}],
    ['ListGrants', {}],
    ['ListKeyPolicies', {}],
    ['ListResourceTags', {}],
    ['PutKeyPolicy', { Policy: policy }],
    ['PutKeyPolicy', { Policy: policy, PolicyName: 'none' }],
    ['RevokeGrant', { GrantId }],
    ['RetireGrant', { GrantId }],
    ['RevokeGrant', { GrantId: 'x' }],
    ['ScheduleKeyDeletion', {}],
    ['TagResource', { Tags: [{ TagKey: 'a', TagValue: 'b' }] }],
    ['UntagResource', { TagKeys: ['a'] }],
    ['UpdateKeyDescription', { Description: 'x' }],
  ]
  for (const [operation, body] of byKey) {
    it(`can not tell whether a key is there by ${operation}`, async () => {
      const there = await asStranger(operation, { ...body, KeyId: arnOf(`key/${KeyId}`) })
      assert.equal(there[0], 400)
      assert.deepEqual(there, await asStranger(operation, { ...body, KeyId: arnOf(`key/${missingKey}`) }))
    })
  }

  it('can not tell whether an alias is there', async () => {
    for (const operation of ['DescribeKey', 'Encrypt']) {
      const asked = (name: string) => asStranger(operation, { KeyId: arnOf(`alias/${name}`), Plaintext: 'eA==' })
      assert.deepEqual(await asked('there'), await asked('gone'))
    }
  })

  it('can not point an alias of its own at a key, nor learn of the key by trying', async () => {
    const asked = (id: string) => asStranger('CreateAlias', { AliasName: 'alias/x', TargetKeyId: arnOf(`key/${id}`) })
    const there = await asked(KeyId)
    assert.equal(there[0], 400)
    assert.deepEqual(there, await asked(missingKey))
  })

  it('can not tell by a ciphertext whether the key that made it is there', async () => {
    const unknown = Buffer.from(blob)
    // The id of the key in the blob's header, one bit off.
    const at = blob.indexOf(Buffer.from(KeyId.replaceAll('-', ''), 'hex'))
    assert.ok(at >= 0)
    unknown.writeUInt8(unknown.readUInt8(at + 15) ^ 1, at + 15)
    for (const [operation, more] of [
      ['Decrypt', {}],
      ['ReEncrypt', { DestinationKeyId: own }],
    ] as const) {
      const asked = (bytes: Buffer) => asStranger(operation, { ...more, CiphertextBlob: bytes.toString('base64') })
      const there = await asked(blob)
      assert.equal(there[0], 400)
      assert.deepEqual(there, await asked(unknown))
      const broken = Buffer.from(blob)
      broken.writeUInt8(broken.readUInt8(broken.length - 1) ^ 1, broken.length - 1)
      assert.deepEqual(there, await asked(broken))
    }
  })

  it('can not re-encrypt to a key, nor learn of it by trying', async () => {
    const scope = { region: 'us-east-1', service: 'kms' }
    const encrypt = kmsRequest('Encrypt', { KeyId: own, Plaintext: 'eA==' })
    const { text } = await send(server.url, sign(encrypt, server.url, stranger, scope))
    const sent = (JSON.parse(text) as { readonly CiphertextBlob: string }).CiphertextBlob
    const asked = (id: string) =>
      asStranger('ReEncrypt', { CiphertextBlob: sent, DestinationKeyId: arnOf(`key/${id}`) })
    const there = await asked(KeyId)
    assert.equal(there[0], 400)
    assert.deepEqual(there, await asked(missingKey))
  })

  it('can not list what principals of the other account may retire', async () => {
    const [, text] = await asStranger('ListRetirableGrants', {
      RetiringPrincipal: `arn:aws:iam::${server.account}:root`,
    })
    assert.match(String(text), /AccessDeniedException/)
  })
})
