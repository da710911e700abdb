/** The AWS CLI, any version, against a running server. */
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { allRecords } from '../support/audit.ts'
import { awsEnvironment, run, runForJson, skipReason } from '../support/programs.ts'
import { account, startServer, temporaryDirectory } from '../support/server.ts'

const skip = skipReason('The AWS CLI', ['aws', '--version'], 'apt-get install awscli')

describe('the AWS CLI', { skip }, async () => {
  if (skip !== false) return
  const server = await startServer()
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
