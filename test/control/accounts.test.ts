import assert from 'node:assert/strict'
import { readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it, test } from 'node:test'
import { CreateKeyCommand, DescribeKeyCommand, EncryptCommand, KMSClient, ListKeysCommand } from '@aws-sdk/client-kms'
import { GetCallerIdentityCommand, GetSessionTokenCommand, STSClient } from '@aws-sdk/client-sts'
import { trent, type Ended } from '../cli/trent-process.ts'
import { startServer, temporaryDirectory, type TestServer } from '../support/server.ts'
import type { Credentials } from '../support/signed-request.ts'

const other = '444455556666'

/** `trent account ARGS` on the server's directory. */
const account = ({ directory }: { readonly directory: string }, ...args: readonly string[]): Promise<Ended> =>
  trent(['account', ...args, '--data-dir', directory])

function credentialsIn(text: string): Credentials {
  const found = /^\[default\]\naws_access_key_id = (AKIA[A-Z0-9]{16})\naws_secret_access_key = (\S{40})\n/.exec(text)
  assert.ok(found !== null, text)
  return { accessKeyId: found[1] ?? '', secretAccessKey: found[2] ?? '' }
}

const settings = ({ url }: TestServer, credentials: Credentials) =>
  ({ endpoint: url, region: 'us-east-1', credentials, maxAttempts: 1 }) as const
const kmsOf = (server: TestServer, credentials: Credentials): KMSClient => new KMSClient(settings(server, credentials))
const callerOf = async (server: TestServer, credentials: Credentials): Promise<string | undefined> =>
  (await new STSClient(settings(server, credentials)).send(new GetCallerIdentityCommand())).Arn

describe('accounts of a running server', async () => {
  const server = await startServer({ workers: 2 })
  const created = await account(server, 'create', '--id', other, '--name', 'Team B')
  const made = credentialsIn(created.stdout)

  it('have a root access key from the moment they are made', async () => {
    assert.equal(await callerOf(server, made), `arn:aws:iam::${other}:root`)
  })

  it('are told as JSON too, and listed', async () => {
    const { stdout } = await account(server, 'create', '--id', '777788889999', '--json')
    const answer = JSON.parse(stdout) as Record<string, unknown>
    assert.deepEqual(Object.keys(answer).sort(), ['accessKeyId', 'account', 'name', 'replaced', 'secretAccessKey'])
    assert.partialDeepStrictEqual(answer, { account: '777788889999', name: '', replaced: [] })
    const listed = await account(server, 'list')
    assert.match(listed.stdout, /^111122223333 {2}\S+Z\n444455556666 {2}\S+Z {2}Team B\n777788889999 {2}\S+Z\n$/)
  })

  it('are made once, and with twelve digits', async () => {
    const twice = await account(server, 'create', '--id', other)
    assert.deepEqual(
      [twice.exit, twice.stdout, twice.stderr],
      [75, '', `trent: account ${other} exists already; see trent account list\n`],
    )
    const short = await account(server, 'create', '--id', '4444')
    assert.equal(short.exit, 64)
    assert.match(short.stderr, /An account id has twelve digits\./)
  })

  it('see nothing of each other', async () => {
    const { KeyMetadata } = await server.kms().send(new CreateKeyCommand({}))
    const stranger = kmsOf(server, made)
    assert.deepEqual((await stranger.send(new ListKeysCommand({}))).Keys, [])
    await assert.rejects(stranger.send(new DescribeKeyCommand({ KeyId: KeyMetadata?.Arn })), {
      name: 'AccessDeniedException',
    })
    await assert.rejects(stranger.send(new DescribeKeyCommand({ KeyId: KeyMetadata?.KeyId })), {
      name: 'NotFoundException',
    })
  })

  it('are limited by service control policies, the root user too, and by resource control policies, whoever asks', async () => {
    const directory = temporaryDirectory()
    const file = (name: string, content: unknown): string => {
      writeFileSync(join(directory, name), typeof content === 'string' ? content : JSON.stringify(content))
      return join(directory, name)
    }
    const kms = kmsOf(server, made)
    const { KeyMetadata } = await kms.send(new CreateKeyCommand({}))
    const encrypt = (): Promise<unknown> =>
      kms.send(new EncryptCommand({ KeyId: KeyMetadata?.KeyId, Plaintext: Buffer.from('x') }))
    await encrypt()
    const statement = (...statements: readonly object[]) => ({ Version: '2012-10-17', Statement: statements })
    const scp = file('scp.json', [
      statement({ Effect: 'Allow', Action: '*', Resource: '*' }),
      statement({ Effect: 'Deny', Action: 'kms:Encrypt', Resource: '*' }),
    ])
    const set = await account(server, 'policy', '--id', other, '--service-control', scp)
    assert.equal(set.exit, 0, set.stderr)
    await assert.rejects(encrypt(), /with an explicit deny in a service control policy/)
    assert.equal((await account(server, 'policy', '--id', other, '--no-service-control')).exit, 0)
    await encrypt()
    const rcp = file('rcp.json', statement({ Effect: 'Deny', Principal: '*', Action: 'kms:Encrypt', Resource: '*' }))
    assert.equal((await account(server, 'policy', '--id', other, '--resource-control', rcp)).exit, 0)
    await assert.rejects(encrypt(), /with an explicit deny in a resource control policy/)
    assert.match((await account(server, 'list')).stdout, /Team B {2}\(resource control policies at 1 levels\)/)
    assert.equal((await account(server, 'policy', '--id', other, '--no-resource-control')).exit, 0)
    await encrypt()

    const wrong: readonly [readonly string[], RegExp][] = [
      [['--service-control', join(directory, 'none')], /^trent: cannot read /],
      [['--service-control', file('a', '{')], /^trent: \S+ is not JSON\n$/],
      [['--service-control', file('b', { Statement: 1 })], /^trent: a policy can not be understood: /],
      [
        ['--resource-control', file('c', statement({ Effect: 'Allow', Principal: '*', Action: '*', Resource: '*' }))],
        /^trent: a resource control policy can only deny; one of its statements allows\n$/,
      ],
    ]
    for (const [args, message] of wrong) {
      const { exit, stderr } = await account(server, 'policy', '--id', other, ...args)
      assert.equal(exit, 64)
      assert.match(stderr, message)
    }
    const absent = await account(server, 'policy', '--id', '000000000000')
    assert.equal(absent.exit, 1)
    assert.match(absent.stderr, /^trent: there is no account 000000000000; there are 111122223333, 444455556666/)
  })

  it('lose the temporary credentials that are revoked, and no later ones', async () => {
    const session = async (): Promise<Credentials> => {
      const sts = new STSClient(settings(server, made))
      const { Credentials: issued } = await sts.send(new GetSessionTokenCommand({}))
      return {
        accessKeyId: issued?.AccessKeyId ?? '',
        secretAccessKey: issued?.SecretAccessKey ?? '',
        sessionToken: issued?.SessionToken ?? '',
      }
    }
    const early = await session()
    await callerOf(server, early)
    const revoked = await account(server, 'revoke-sessions', '--id', other)
    assert.match(revoked.stdout, /^Sessions of root issued before \S+Z are refused\.\n$/)
    for (let request = 0; request < 8; request += 1) await assert.rejects(callerOf(server, early))
    await callerOf(server, await session())
    const nobody = await account(server, 'revoke-sessions', '--id', other, '--user', 'Nobody')
    assert.deepEqual([nobody.exit, nobody.stderr], [1, `trent: account ${other} has no user named Nobody\n`])
  })

  it('get another root access key, and the old one is refused at once by every worker', async () => {
    const file = join(server.directory, 'credentials')
    const before = readFileSync(file, 'utf8')
    const rotated = await account(server, 'rotate-root-key', '--id', other)
    const fresh = credentialsIn(rotated.stdout)
    for (let request = 0; request < 8; request += 1) {
      await assert.rejects(callerOf(server, made), { name: 'InvalidClientTokenId' })
    }
    assert.equal(await callerOf(server, fresh), `arn:aws:iam::${other}:root`)
    assert.equal(readFileSync(file, 'utf8'), before)
  })

  it('have the new key in DIR/credentials where that had the old one', async () => {
    const rotated = await account(server, 'rotate-root-key', '--id', server.account)
    const fresh = credentialsIn(rotated.stdout)
    assert.match(rotated.stdout, /\n# The file credentials in the data directory has it too\.\n$/)
    const file = join(server.directory, 'credentials')
    assert.deepEqual(credentialsIn(readFileSync(file, 'utf8')), fresh)
    assert.equal(statSync(file).mode & 0o777, 0o600)
    await assert.rejects(callerOf(server, server.credentials), { name: 'InvalidClientTokenId' })
    assert.equal(await callerOf(server, fresh), `arn:aws:iam::${server.account}:root`)
  })
})

test('an account is made without a server too, and is there when one starts', async () => {
  const directory = temporaryDirectory()
  await (await startServer({ directory })).stop()
  const created = await account({ directory }, 'create', '--id', other)
  const credentials = credentialsIn(created.stdout)
  const server = await startServer({ directory })
  assert.equal(await callerOf(server, credentials), `arn:aws:iam::${other}:root`)
  const record = await trent(['audit', 'tail', '--event', 'CreateAccount', '--data-dir', directory, '--json'])
  assert.match(record.stdout, /"recipientAccountId":"444455556666"/)
  assert.ok(!record.stdout.includes(credentials.secretAccessKey))
})

test('a directory that holds no installation is told', async () => {
  const { exit, stderr } = await account({ directory: temporaryDirectory() }, 'create', '--id', other)
  assert.equal(exit, 64)
  assert.match(stderr, /holds no installation of trent; name its directory with --data-dir/)
})
