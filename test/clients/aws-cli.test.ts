/** The AWS CLI, any version, against a running server. */
import assert from 'node:assert/strict'
import { createPublicKey, verify } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { allRecords } from '../support/audit.ts'
import { awsEnvironment, run, runForJson, skipReason } from '../support/programs.ts'
import { account, startServer, temporaryDirectory } from '../support/server.ts'

const skip = skipReason('The AWS CLI', ['aws', '--version'], 'apt-get install awscli')

describe('the AWS CLI', { skip }, async () => {
  if (skip !== false) return
  const server = await startServer({ regions: ['us-east-1', 'eu-west-1'] })
  const directory = temporaryDirectory()
  const env = awsEnvironment(server)
  const aws = (...args: string[]) => ['aws', '--endpoint-url', server.url, '--output', 'json', ...args]
  const kms = (...args: string[]): Promise<Readonly<Record<string, unknown>>> => runForJson(aws('kms', ...args), env)
  const file = (name: string, content: string | Buffer): string => {
    const path = join(directory, name)
    writeFileSync(path, content)
    return `fileb://${path}`
  }
  const blob = (value: unknown): Buffer => Buffer.from(String(value), 'base64')
  const keyOf = (created: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> => {
    const metadata = created['KeyMetadata']
    assert.ok(typeof metadata === 'object' && metadata !== null)
    return { ...metadata }
  }

  it('walks through the life of a key', async () => {
    const created = await kms('create-key', '--description', 'made by the CLI', '--tags', 'TagKey=Team,TagValue=blue')
    const { KeyId, Arn, KeyState, AWSAccountId } = keyOf(created)
    assert.deepEqual([KeyState, AWSAccountId], ['Enabled', account])
    assert.equal(Arn, `arn:aws:kms:us-east-1:${account}:key/${String(KeyId)}`)

    await kms('create-alias', '--alias-name', 'alias/cli', '--target-key-id', String(KeyId))
    const plaintext = file('plaintext', 'from the CLI')
    const context = ['--encryption-context', 'Tenant=north']
    const encrypted = await kms('encrypt', '--key-id', 'alias/cli', '--plaintext', plaintext, ...context)
    assert.equal(encrypted['KeyId'], Arn)

    const ciphertext = file('ciphertext', blob(encrypted['CiphertextBlob']))
    const decrypted = await kms('decrypt', '--ciphertext-blob', ciphertext, ...context)
    assert.equal(decrypted['KeyId'], Arn)
    assert.equal(blob(decrypted['Plaintext']).toString('utf8'), 'from the CLI')

    const dataKey = await kms('generate-data-key', '--key-id', 'alias/cli', '--key-spec', 'AES_256')
    assert.equal(blob(dataKey['Plaintext']).length, 32)

    const other = String(keyOf(await kms('create-key'))['Arn'])
    const moved = await kms(
      ...['re-encrypt', '--ciphertext-blob', ciphertext, '--source-encryption-context', 'Tenant=north'],
      ...['--destination-key-id', other],
    )
    assert.deepEqual([moved['SourceKeyId'], moved['KeyId']], [Arn, other])

    const scheduled = await kms('schedule-key-deletion', '--key-id', other, '--pending-window-in-days', '7')
    assert.deepEqual([scheduled['KeyId'], scheduled['KeyState']], [other, 'PendingDeletion'])
  })

  it('walks through what key pairs and HMAC keys do', async () => {
    const made = async (spec: string, usage: string): Promise<string> =>
      String(keyOf(await kms('create-key', '--key-spec', spec, '--key-usage', usage))['KeyId'])
    const message = file('message', 'from the CLI')

    const signing = await made('ECC_NIST_P384', 'SIGN_VERIFY')
    const ecdsa = ['--key-id', signing, '--message', message, '--signing-algorithm', 'ECDSA_SHA_384']
    const { Signature } = await kms('sign', ...ecdsa)
    const { SignatureValid } = await kms('verify', ...ecdsa, '--signature', file('signature', blob(Signature)))
    assert.equal(SignatureValid, true)
    const { PublicKey } = await kms('get-public-key', '--key-id', signing)
    const publicKey = createPublicKey({ key: blob(PublicKey), format: 'der', type: 'spki' })
    assert.ok(verify('sha384', Buffer.from('from the CLI'), publicKey, blob(Signature)))

    const rsa = ['--key-id', await made('RSA_2048', 'ENCRYPT_DECRYPT'), '--encryption-algorithm', 'RSAES_OAEP_SHA_256']
    const { CiphertextBlob } = await kms('encrypt', ...rsa, '--plaintext', message)
    const opened = await kms('decrypt', ...rsa, '--ciphertext-blob', file('rsa', blob(CiphertextBlob)))
    assert.equal(blob(opened['Plaintext']).toString('utf8'), 'from the CLI')

    const hmac = ['--key-id', await made('HMAC_512', 'GENERATE_VERIFY_MAC'), '--mac-algorithm', 'HMAC_SHA_512']
    const { Mac } = await kms('generate-mac', ...hmac, '--message', message)
    const verified = await kms('verify-mac', ...hmac, '--message', message, '--mac', file('mac', blob(Mac)))
    assert.equal(verified['MacValid'], true)

    const symmetric = String(keyOf(await kms('create-key'))['KeyId'])
    const pair = await kms('generate-data-key-pair', '--key-id', symmetric, '--key-pair-spec', 'ECC_NIST_P256')
    const sealed = file('sealed', blob(pair['PrivateKeyCiphertextBlob']))
    const { Plaintext } = await kms('decrypt', '--ciphertext-blob', sealed)
    assert.equal(Plaintext, pair['PrivateKeyPlaintext'])
  })

  it('walks through the life of a multi-Region key', async () => {
    const key = String(keyOf(await kms('create-key', '--multi-region'))['KeyId'])
    await kms('replicate-key', '--key-id', key, '--replica-region', 'eu-west-1')
    const encrypted = await kms('encrypt', '--key-id', key, '--plaintext', file('shared', 'shared'))
    const ciphertext = file('shared.encrypted', blob(encrypted['CiphertextBlob']))
    const there = ['--region', 'eu-west-1']
    const decrypted = await kms('decrypt', '--ciphertext-blob', ciphertext, ...there)
    assert.equal(blob(decrypted['Plaintext']).toString('utf8'), 'shared')
    const update = ['update-primary-region', '--key-id', key, '--primary-region', 'eu-west-1']
    const { code, stdout, stderr } = await run(aws('kms', ...update), env)
    assert.deepEqual([code, stdout], [0, ''], stderr)
    const { MultiRegionConfiguration } = keyOf(await kms('describe-key', '--key-id', key))
    assert.ok(typeof MultiRegionConfiguration === 'object' && MultiRegionConfiguration !== null)
    assert.deepEqual(MultiRegionConfiguration, {
      MultiRegionKeyType: 'REPLICA',
      PrimaryKey: { Arn: `arn:aws:kms:eu-west-1:${account}:key/${key}`, Region: 'eu-west-1' },
      ReplicaKeys: [{ Arn: `arn:aws:kms:us-east-1:${account}:key/${key}`, Region: 'us-east-1' }],
    })
  })

  it('lists keys page by page', async () => {
    for (let made = 0; made < 2; made += 1) await kms('create-key')
    const before = allRecords(server.directory).length
    const { Keys } = await kms('list-keys', '--page-size', '1')
    assert.ok(Array.isArray(Keys) && Keys.length >= 2)
    const pages = allRecords(server.directory)
      .slice(before)
      .filter((record) => record.includes('"eventName":"ListKeys"') && record.includes('"limit":1'))
    assert.equal(pages.length, Keys.length)
  })

  it('tells who calls', async () => {
    const identity = await runForJson(aws('sts', 'get-caller-identity'), env)
    assert.deepEqual(identity, { UserId: account, Account: account, Arn: `arn:aws:iam::${account}:root` })
  })

  it('shows a refusal by its name and its message', async () => {
    const { code, stderr } = await run(aws('kms', 'describe-key', '--key-id', 'alias/nobody'), env)
    assert.notEqual(code, 0)
    const message = `Alias arn:aws:kms:us-east-1:${account}:alias/nobody is not found.`
    assert.ok(stderr.includes(`(NotFoundException) when calling the DescribeKey operation: ${message}`), stderr)
  })
})
