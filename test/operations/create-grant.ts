import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { CreateGrantCommand, DecryptCommand, DescribeKeyCommand, EncryptCommand } from '@aws-sdk/client-kms'
import { createUser, denied, grantTo, putPolicy, type User } from './grants.ts'
import { dryRunTests, enabledOnlyTests, identifierTests, requiredTest } from './rules.ts'
import { base64, createKey, expectRecord, refuse, rootArn, succeed, textOf, type Json, type Key } from './service.ts'

const Operations = ['Encrypt', 'Decrypt']
const toRoot = (key: Key): Json => ({ KeyId: key.id, GranteePrincipal: rootArn, Operations })
const Plaintext = Buffer.from('a')
const encrypt = (user: User, key: Key, EncryptionContext?: Record<string, string>) =>
  user.kms.send(new EncryptCommand({ KeyId: key.arn, Plaintext, EncryptionContext }))

describe('CreateGrant', () => {
  it('answers grant id and token', async () => {
    const { json } = await succeed('CreateGrant', toRoot(await createKey()))
    assert.deepEqual(Object.keys(json), ['GrantToken', 'GrantId'])
    assert.match(textOf(json, 'GrantId'), /^[0-9a-f]{64}$/)
    assert.match(textOf(json, 'GrantToken'), /^[A-Za-z0-9+/]+={0,2}$/)
  })

  it('lets the grantee do what it says at once, with and without token, and nothing else', async () => {
    const [user, key] = [await createUser(), await createKey()]
    await assert.rejects(encrypt(user, key), denied)
    const { token } = await grantTo(user, key, { Operations: ['Encrypt'] })
    const { CiphertextBlob } = await encrypt(user, key)
    await user.kms.send(new EncryptCommand({ KeyId: key.arn, Plaintext, GrantTokens: [token] }))
    await assert.rejects(user.kms.send(new DecryptCommand({ CiphertextBlob })), denied)
    await assert.rejects(encrypt(user, await createKey()), denied)
    await assert.rejects(encrypt(await createUser(), key), denied)
  })

  it('holds the grantee to the encryption context', async () => {
    const [user, key] = [await createUser(), await createKey()]
    const Constraints = { EncryptionContextSubset: { app: 'x' } }
    await grantTo(user, key, { Operations: ['Encrypt', 'DescribeKey'], Constraints })
    await encrypt(user, key, { app: 'x', more: 'y' })
    for (const context of [undefined, { app: 'y' }, { App: 'x' }])
      await assert.rejects(encrypt(user, key, context), denied)
    await user.kms.send(new DescribeKeyCommand({ KeyId: key.arn }))
  })

  it('does not override a Deny', async () => {
    const [user, key] = [await createUser(), await createKey()]
    await grantTo(user, key, { Operations: ['Encrypt'] })
    await encrypt(user, key)
    await putPolicy(user, 'Deny', 'kms:Encrypt')
    await assert.rejects(encrypt(user, key), denied)
  })

  it('made by a grantee gives no more than the grant that permits it', async () => {
    const [user, other, key] = [await createUser(), await createUser(), await createKey()]
    const Constraints = { EncryptionContextSubset: { app: 'x' } }
    await grantTo(user, key, { Operations: ['Encrypt', 'CreateGrant'], Constraints })
    const child = (operations: ('Encrypt' | 'Decrypt')[], constraints?: typeof Constraints) =>
      user.kms.send(
        new CreateGrantCommand({
          KeyId: key.arn,
          GranteePrincipal: other.arn,
          Operations: operations,
          Constraints: constraints,
        }),
      )
    await assert.rejects(child(['Decrypt'], Constraints), denied)
    await assert.rejects(child(['Encrypt']), denied)
    await child(['Encrypt'], { EncryptionContextSubset: { app: 'x', more: 'y' } as { app: string } })
    await encrypt(other, key, { app: 'x', more: 'y' })
    await assert.rejects(encrypt(other, key, { app: 'x' }), denied)
  })

  it('makes no second grant of the same name and parameters, and a new token', async () => {
    const key = await createKey()
    const input = { ...toRoot(key), Name: 'n' }
    const first = (await succeed('CreateGrant', input)).json
    const again = (await succeed('CreateGrant', { ...input, Operations: [...Operations].reverse() })).json
    assert.equal(again['GrantId'], first['GrantId'])
    assert.notEqual(again['GrantToken'], first['GrantToken'])
    for (const other of [{ Name: 'm' }, { Operations: ['Decrypt'] }, { RetiringPrincipal: rootArn }]) {
      assert.notEqual((await succeed('CreateGrant', { ...input, ...other })).json['GrantId'], first['GrantId'])
    }
    const [one, two] = [await succeed('CreateGrant', toRoot(key)), await succeed('CreateGrant', toRoot(key))]
    assert.notEqual(one.json['GrantId'], two.json['GrantId'])
  })

  it('refuses a principal that does not exist', async () => {
    const key = await createKey()
    for (const name of [`${rootArn.replace('root', 'user')}/nobody`, 'arn:aws:iam::111122223333:group/g']) {
      const message = `ARN does not refer to a valid principal: ${name}`
      // unverified wording
      await refuse('CreateGrant', { ...toRoot(key), GranteePrincipal: name }, 'InvalidArnException', message)
      await refuse('CreateGrant', { ...toRoot(key), RetiringPrincipal: name }, 'InvalidArnException', message)
    }
  })

  it('refuses an operation that the key cannot do', async () => {
    const key = await createKey()
    // unverified wording
    await refuse(
      'CreateGrant',
      { ...toRoot(key), Operations: ['Sign'] },
      'ValidationException',
      'Grant operation Sign is not valid for a key with KeySpec SYMMETRIC_DEFAULT and KeyUsage ENCRYPT_DECRYPT.',
    )
  })

  it('records the grant, and no token', async () => {
    const key = await createKey()
    const answered = await succeed('CreateGrant', {
      ...toRoot(key),
      Name: 'recorded',
      Constraints: { EncryptionContextEquals: { a: 'b' } },
    })
    await expectRecord(answered, {
      eventName: 'CreateGrant',
      readOnly: false,
      requestParameters: {
        keyId: key.id,
        granteePrincipal: rootArn,
        operations: Operations,
        constraints: { encryptionContextEquals: { a: 'b' } },
        name: 'recorded',
      },
      responseElements: { keyId: key.arn, grantId: textOf(answered.json, 'GrantId') },
      resources: [key.arn],
    })
  })

  it('refuses grant tokens that are none, and takes those of other keys', async () => {
    const [user, key, other] = [await createUser(), await createKey(), await createKey()]
    const { token } = await grantTo(user, other)
    await succeed('CreateGrant', { ...toRoot(key), GrantTokens: [token] })
    for (const GrantTokens of [['token'], [token, base64(token)], [token.slice(1)]]) {
      const input = { KeyId: key.id, Plaintext: base64('a'), GrantTokens }
      // unverified wording
      await refuse('Encrypt', input, 'InvalidGrantTokenException', 'The specified grant token is not valid.')
    }
  })

  requiredTest('CreateGrant', { KeyId: 'k', GranteePrincipal: rootArn }, 'Operations')
  enabledOnlyTests('CreateGrant', toRoot)
  dryRunTests('CreateGrant', toRoot)
  identifierTests({
    operation: 'CreateGrant',
    member: 'KeyId',
    rest: () => ({ GranteePrincipal: rootArn, Operations }),
    aliases: false,
    knowsInvalidArn: true,
  })
})
