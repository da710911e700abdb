/** When a key was last used, asked of a server with several workers, before and after it was ended in one way or another. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import {
  CreateKeyCommand,
  DisableKeyCommand,
  EncryptCommand,
  GetKeyLastUsageCommand,
  PutKeyPolicyCommand,
  ReEncryptCommand,
  ScheduleKeyDeletionCommand,
  type KeyLastUsageData,
  type KMSClient,
} from '@aws-sdk/client-kms'
import { run } from '../support/programs.ts'
import { account, cleanEnvironment, startServer, temporaryDirectory, type TestServer } from '../support/server.ts'

const program = fileURLToPath(new URL('../../bin/trent', import.meta.url))
const workers = 3

async function createKey(kms: KMSClient): Promise<string> {
  return (await kms.send(new CreateKeyCommand({}))).KeyMetadata?.KeyId ?? ''
}

/** Uses the key and answers the request's id. */
async function encrypt(kms: KMSClient, KeyId: string): Promise<string | undefined> {
  const { $metadata } = await kms.send(new EncryptCommand({ KeyId, Plaintext: Buffer.from('secret') }))
  return $metadata.requestId
}

async function lastUse(kms: KMSClient, KeyId: string): Promise<KeyLastUsageData | undefined> {
  return (await kms.send(new GetKeyLastUsageCommand({ KeyId }))).KeyLastUsage
}

/** A client to each worker: the kernel chooses who takes a connection, so they are opened until all are there. */
async function oneOfEach(server: TestServer): Promise<readonly KMSClient[]> {
  const found = new Map<string, KMSClient>()
  for (let attempt = 0; attempt < 500 && found.size < workers; attempt += 1) {
    const kms = server.kms()
    let worker = ''
    kms.middlewareStack.add(
      (next) => async (args) => {
        const result = await next(args)
        const { headers } = result.response as { readonly headers: Readonly<Record<string, string>> }
        worker = headers['x-trent-worker'] ?? ''
        return result
      },
      { step: 'deserialize', priority: 'low' },
    )
    await createKey(kms)
    assert.notEqual(worker, '', 'an answer that does not name its worker')
    if (!found.has(worker)) found.set(worker, kms)
  }
  assert.equal(found.size, workers)
  return [...found.values()]
}

describe('the last use of a key', () => {
  const directory = temporaryDirectory()
  const options = { directory, workers, testProfile: true }

  it('is the operation that was answered last, whichever worker did it and whichever is asked', async () => {
    const server = await startServer(options)
    const clients = await oneOfEach(server)
    const [first] = clients
    assert.ok(first !== undefined)
    const key = await createKey(first)
    for (let round = 0; round < 30; round += 1) {
      for (const user of clients) {
        const requestId = await encrypt(user, key)
        for (const asker of clients) assert.equal((await lastUse(asker, key))?.KmsRequestId, requestId)
      }
    }
    await server.stop()
  })

  it('stays what it was when the server is stopped, and when it is killed', async () => {
    let server = await startServer(options)
    let kms = server.kms()
    const keys = await Promise.all([createKey(kms), createKey(kms), createKey(kms)])
    const [used, alsoUsed] = keys
    for (const how of ['stop', 'kill', 'kill'] as const) {
      await encrypt(kms, used)
      const { CiphertextBlob } = await kms.send(
        new EncryptCommand({ KeyId: used, Plaintext: Buffer.from('to be moved') }),
      )
      const moved = await kms.send(new ReEncryptCommand({ CiphertextBlob, DestinationKeyId: alsoUsed }))
      const before = await Promise.all(keys.map((key) => lastUse(kms, key)))
      for (const use of before.slice(0, 2)) {
        assert.equal(use?.Operation, 'ReEncrypt')
        assert.equal(use.KmsRequestId, moved.$metadata.requestId)
      }
      await server[how]()
      server = await startServer(options)
      kms = server.kms()
      const after = await Promise.all(keys.map((key) => lastUse(kms, key)))
      assert.deepEqual(after, before, `after ${how}`)
      assert.deepEqual(after[2], {})
    }
    await server.stop()
  })

  it('is known to the operation that was answered just before the server was killed', async () => {
    let server = await startServer(options)
    const key = await createKey(server.kms())
    const ids: (string | undefined)[] = []
    const clients = Array.from({ length: 4 }, () => server.kms())
    // Until the server is gone: the answers that arrived count, and one more of each client may.
    const using = clients.map(async (kms) => {
      const mine = ids.push(undefined) - 1
      try {
        for (;;) ids[mine] = await encrypt(kms, key)
      } catch {
        return
      }
    })
    await new Promise((resolve) => setTimeout(resolve, 500))
    await server.kill()
    await Promise.all(using)
    server = await startServer(options)
    const use = await lastUse(server.kms(), key)
    assert.ok(use?.KmsRequestId !== undefined)
    const { KmsRequestId } = use
    // Request ids begin with their time, and those in flight together differ by milliseconds.
    for (const id of ids) assert.ok(timeOf(id ?? '') <= timeOf(KmsRequestId) + 1000, `${String(id)} ${KmsRequestId}`)
    assert.ok(Math.max(...ids.map((id) => timeOf(id ?? ''))) <= timeOf(KmsRequestId) + 100)
    await server.stop()
  })

  it('goes with the key', async () => {
    const server = await startServer(options)
    const kms = server.kms()
    const KeyId = await createKey(kms)
    await encrypt(kms, KeyId)
    await kms.send(new ScheduleKeyDeletionCommand({ KeyId, PendingWindowInDays: 7 }))
    assert.equal((await lastUse(kms, KeyId))?.Operation, 'Encrypt')
    await advance(server, '8d')
    await assert.rejects(lastUse(kms, KeyId), { name: 'NotFoundException' })
    await server.stop()
  })

  it('follows the clock of a test profile, and decides where a policy asks for the days since then', async () => {
    const server = await startServer(options)
    const kms = server.kms()
    const KeyId = await createKey(kms)
    const root = `arn:aws:iam::${account}:root`
    const Policy = JSON.stringify({
      Version: '2012-10-17',
      Statement: [
        { Effect: 'Allow', Principal: { AWS: root }, Action: 'kms:*', Resource: '*' },
        {
          Effect: 'Deny',
          Principal: { AWS: root },
          Action: ['kms:ScheduleKeyDeletion', 'kms:DisableKey'],
          Resource: '*',
          Condition: { NumericLessThanEquals: { 'kms:TrailingDaysWithoutKeyUsage': '2' } },
        },
      ],
    })
    await kms.send(new PutKeyPolicyCommand({ KeyId, Policy }))
    const denied = { name: 'AccessDeniedException', message: /with an explicit deny in a resource-based policy/ }
    // Never used: it counts from its creation.
    await assert.rejects(kms.send(new DisableKeyCommand({ KeyId })), denied)
    await advance(server, '2d23h')
    await assert.rejects(kms.send(new DisableKeyCommand({ KeyId })), denied)
    await encrypt(kms, KeyId)
    const before = await lastUse(kms, KeyId)
    await advance(server, '2d')
    await assert.rejects(kms.send(new ScheduleKeyDeletionCommand({ KeyId })), denied)
    await advance(server, '1d')
    await encrypt(kms, await createKey(kms))
    await kms.send(new DisableKeyCommand({ KeyId }))
    assert.deepEqual(await lastUse(kms, KeyId), before)
    await kms.send(new ScheduleKeyDeletionCommand({ KeyId }))
    await server.stop()
  })
})

async function advance(server: TestServer, time: string): Promise<void> {
  const command = [process.execPath, program, 'clock', 'advance', time, '--data-dir', server.directory]
  const { code, stderr } = await run(command, cleanEnvironment())
  assert.equal(code, 0, stderr)
}

function timeOf(requestId: string): number {
  return Number.parseInt(requestId.slice(0, 8) + requestId.slice(9, 13), 16)
}
