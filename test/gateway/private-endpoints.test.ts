/** Listeners that policies know by name, and proxies that tell the source address. */
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { CreateKeyCommand, EncryptCommand, KMSClient, ListKeysCommand, PutKeyPolicyCommand } from '@aws-sdk/client-kms'
import { recordOf } from '../support/audit.ts'
import { kmsRequest, send, sign } from '../support/signed-request.ts'
import { startServer, temporaryDirectory, type TestServer } from '../support/server.ts'

function policyFile(directory: string, document: object): string {
  const path = join(directory, 'endpoint-policy.json')
  writeFileSync(path, JSON.stringify(document))
  return path
}

/** Where the server says that it serves a private endpoint. */
function urlOf(server: TestServer, id: string): string {
  for (const line of server.stderr().split('\n')) {
    if (!line.includes('a private endpoint is served')) continue
    const said: unknown = JSON.parse(line)
    if (typeof said === 'object' && said !== null && 'id' in said && said.id === id && 'url' in said)
      return String(said.url)
  }
  assert.fail(`no private endpoint ${id} is served: ${server.stderr()}`)
}

describe('a private endpoint', async () => {
  const files = temporaryDirectory()
  const policy = policyFile(files, {
    Version: '2012-10-17',
    Statement: [{ Effect: 'Allow', Principal: '*', Action: ['kms:Encrypt', 'kms:CreateKey'], Resource: '*' }],
  })
  const server = await startServer({
    args: [
      ...['--private-endpoint', 'vpce-apps=127.0.0.1:0,vpce-plain=127.0.0.1:0'],
      ...['--private-endpoint-vpc', 'vpce-apps=vpc-production'],
      ...['--private-endpoint-policy', `vpce-apps=${policy}`],
    ],
  })
  const at = (id: string): KMSClient =>
    new KMSClient({
      endpoint: urlOf(server, id),
      region: server.region,
      credentials: server.credentials,
      maxAttempts: 1,
    })
  const main = server.kms()
  const apps = at('vpce-apps')
  const plain = at('vpce-plain')
  const denied = (message: RegExp) => ({ name: 'AccessDeniedException', message })

  it('limits what requests through it may do to what its policy allows', async () => {
    const { KeyMetadata } = await apps.send(new CreateKeyCommand({}))
    assert.ok(KeyMetadata !== undefined)
    await assert.rejects(
      apps.send(new ListKeysCommand({})),
      denied(/no VPC endpoint policy allows the kms:ListKeys action/),
    )
    await plain.send(new ListKeysCommand({}))
    await main.send(new ListKeysCommand({}))
  })

  it('is known to conditions as aws:SourceVpce and aws:SourceVpc, and hides the source address', async () => {
    const { KeyMetadata } = await main.send(new CreateKeyCommand({}))
    const root = { AWS: `arn:aws:iam::${server.account}:root` }
    const document = {
      Version: '2012-10-17',
      Statement: [
        { Effect: 'Allow', Principal: root, Action: 'kms:*', Resource: '*' },
        {
          Effect: 'Deny',
          Principal: '*',
          Action: 'kms:Encrypt',
          Resource: '*',
          Condition: { StringNotEquals: { 'aws:SourceVpce': 'vpce-apps', 'aws:SourceVpc': 'vpc-production' } },
        },
        {
          Effect: 'Deny',
          Principal: '*',
          Action: 'kms:Encrypt',
          Resource: '*',
          Condition: { Null: { 'aws:SourceIp': 'false' } },
        },
      ],
    }
    const KeyId = KeyMetadata?.KeyId
    await main.send(new PutKeyPolicyCommand({ KeyId, Policy: JSON.stringify(document) }))
    const encrypt = () => new EncryptCommand({ KeyId, Plaintext: Buffer.from('x') })
    await apps.send(encrypt())
    await assert.rejects(plain.send(encrypt()), denied(/explicit deny in a resource-based policy/))
    await assert.rejects(main.send(encrypt()), denied(/explicit deny in a resource-based policy/))
  })

  it('can not be claimed by a header', async () => {
    const bare = kmsRequest('ListKeys', {})
    const headers = { ...bare.headers, 'x-amz-source-vpce': 'vpce-plain', 'x-amzn-vpce-id': 'vpce-plain' }
    const signed = sign({ ...bare, headers }, urlOf(server, 'vpce-apps'), server.credentials, {
      region: server.region,
      service: 'kms',
    })
    assert.equal((await send(urlOf(server, 'vpce-apps'), signed)).status, 400)
  })
})

describe('a trusted proxy', async () => {
  const server = await startServer({ args: ['--trusted-proxy', '127.0.0.1'] })

  async function sourceOf(forwardedFor: string | undefined): Promise<unknown> {
    const bare = kmsRequest('ListKeys', {})
    const more = forwardedFor === undefined ? {} : { 'x-forwarded-for': forwardedFor }
    const signed = sign({ ...bare, headers: { ...bare.headers, ...more } }, server.url, server.credentials, {
      region: server.region,
      service: 'kms',
    })
    const answer = await send(server.url, signed)
    assert.equal(answer.status, 200, answer.text)
    const record = await recordOf(server.directory, answer.headers['x-amzn-requestid'] ?? '')
    return record['sourceIPAddress']
  }

  it('tells the source address of each request, which a client can not', async () => {
    assert.equal(await sourceOf('203.0.113.7'), '203.0.113.7')
    assert.equal(await sourceOf('198.51.100.1, 203.0.113.8'), '203.0.113.8')
    assert.equal(await sourceOf(undefined), '127.0.0.1')
  })
})

describe('a server without trusted proxies', async () => {
  const server = await startServer()

  it('believes no X-Forwarded-For', async () => {
    const bare = kmsRequest('ListKeys', {})
    const signed = sign(
      { ...bare, headers: { ...bare.headers, 'x-forwarded-for': '203.0.113.7' } },
      server.url,
      server.credentials,
      { region: server.region, service: 'kms' },
    )
    const answer = await send(server.url, signed)
    const record = await recordOf(server.directory, answer.headers['x-amzn-requestid'] ?? '')
    assert.equal(record['sourceIPAddress'], '127.0.0.1')
  })
})
