/** Faults that an operator injects into the requests of a started server, as clients and the trail see them. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import {
  CreateKeyCommand,
  DescribeKeyCommand,
  DisableKeyCommand,
  EncryptCommand,
  KMSClient,
  KMSInternalException,
  KMSServiceException,
  ListKeysCommand,
  paginateListKeys,
} from '@aws-sdk/client-kms'
import { GetCallerIdentityCommand } from '@aws-sdk/client-sts'
import { callControl } from '#control/client.ts'
import { account, cleanEnvironment, startServer, type TestServer } from '../support/server.ts'
import { recordOf } from '../support/audit.ts'
import { run, type Run } from '../support/programs.ts'

const program = fileURLToPath(new URL('../../bin/trent', import.meta.url))
const Plaintext = Buffer.from('in')

const trent = (server: TestServer, ...args: readonly string[]): Promise<Run> =>
  run([process.execPath, program, ...args, '--data-dir', server.directory], cleanEnvironment())

async function fault(server: TestServer, ...words: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await trent(server, 'fault', ...words)
  assert.equal(code, 0, stderr)
  return stdout
}

async function newKey(kms: KMSClient): Promise<string> {
  const { KeyMetadata } = await kms.send(new CreateKeyCommand({}))
  assert.ok(KeyMetadata?.KeyId !== undefined)
  return KeyMetadata.KeyId
}

/** What the client meets. */
async function failure(of: Promise<unknown>): Promise<KMSServiceException> {
  const error = await of.then(
    () => assert.fail('the request succeeded'),
    (reason: unknown) => reason,
  )
  assert.ok(error instanceof KMSServiceException, String(error))
  return error
}

describe('injected faults', async () => {
  const server = await startServer({ testProfile: true, workers: 2, args: ['--fault', 'GetPublicKey throttle'] })
  const kms = server.kms()
  /** As an application has it: with the SDK's own retries. */
  const retrying = new KMSClient({
    endpoint: server.url,
    region: server.region,
    credentials: server.credentials,
    maxAttempts: 3,
  })

  it('are told at the start, and at each change', async () => {
    assert.match(server.stderr(), /"level":40.*the test profile is on: the clock can be moved, faults can be injected/)
    assert.match(server.stderr(), /"level":40.*"fault":"GetPublicKey throttle".*a fault is injected into requests/)
    assert.equal(await fault(server, 'list'), '   1  GetPublicKey throttle  (injected into 0 of 0)\n')
    assert.equal(await fault(server, 'clear'), '   1  GetPublicKey throttle  (injected into 0 of 0)\n')
    assert.match(server.stderr(), /"fault":"GetPublicKey throttle","injected":0.*a fault is no longer injected/)
    assert.equal(await fault(server, 'list', '--json'), '')
  })

  it("are survived by the SDK's own retries: two throttled requests, then an answer", async () => {
    const KeyId = await newKey(kms)
    const added: unknown = JSON.parse(await fault(server, 'add', 'Encrypt', 'throttle', 'next=2', '--json'))
    assert.deepEqual(added, { id: 2, fault: 'Encrypt throttle next=2', matched: 0, injected: 0, left: 2 })
    const { $metadata, CiphertextBlob } = await retrying.send(new EncryptCommand({ KeyId, Plaintext }))
    assert.equal($metadata.attempts, 3)
    assert.ok(CiphertextBlob !== undefined)
    assert.equal(await fault(server, 'list'), '   2  Encrypt throttle next=2  (injected into 2 of 3, 0 left)\n')
    await fault(server, 'clear', '2')
  })

  it("are answered in AWS's words and recorded as what they are", async () => {
    const KeyId = await newKey(kms)
    await fault(server, 'add', 'Encrypt', 'throttle', 'next=1')
    const throttled = await failure(kms.send(new EncryptCommand({ KeyId, Plaintext })))
    assert.equal(throttled.name, 'ThrottlingException')
    assert.equal(
      throttled.message,
      'You have exceeded the rate at which you may call KMS. Reduce the frequency of your calls.',
    )
    assert.equal(throttled.$metadata.httpStatusCode, 400)
    const record = await recordOf(server.directory, throttled.$metadata.requestId ?? '')
    assert.equal(record['errorCode'], 'ThrottlingException')
    const additional = record['additionalEventData']
    assert.ok(typeof additional === 'object' && additional !== null && 'injectedFaults' in additional)
    assert.deepEqual(additional.injectedFaults, [{ id: 3, effect: 'throttle' }])

    await fault(server, 'add', 'Encrypt', 'error=KMSInternalException', 'next=1')
    const internal = await failure(kms.send(new EncryptCommand({ KeyId, Plaintext })))
    assert.ok(internal instanceof KMSInternalException)
    assert.equal(internal.$metadata.httpStatusCode, 500)
    // In no operation's declaration.
    await fault(server, 'add', 'kms:*', 'error=ServiceUnavailable', 'next=1')
    assert.equal((await failure(kms.send(new ListKeysCommand({})))).$metadata.httpStatusCode, 503)
    await fault(server, 'clear')
  })

  it('reach every worker with its next request', async () => {
    const KeyId = await newKey(kms)
    const one = (): Promise<{ readonly worker: string; readonly failed: boolean }> => {
      // A connection of its own: the kernel chooses the worker.
      const client = server.kms()
      return new Promise((resolve) => {
        client.middlewareStack.add(
          (next) => async (args) => {
            const result = await next(args)
            const { response } = result
            assert.ok(typeof response === 'object' && response !== null && 'headers' in response)
            const { headers } = response
            assert.ok(typeof headers === 'object' && headers !== null && 'x-trent-worker' in headers)
            const worker = String(headers['x-trent-worker'])
            resolve({ worker, failed: 'statusCode' in response && response.statusCode !== 200 })
            return result
          },
          { step: 'deserialize', priority: 'low' },
        )
        client.send(new DescribeKeyCommand({ KeyId })).catch(() => undefined)
      })
    }
    for (const expected of [true, false, true]) {
      if (expected) await fault(server, 'add', 'DescribeKey', 'throttle')
      else await fault(server, 'clear')
      const seen = new Set<string>()
      for (let attempt = 0; attempt < 500 && seen.size < 2; attempt += 1) {
        const { worker, failed } = await one()
        assert.equal(failed, expected)
        seen.add(worker)
      }
      assert.deepEqual([...seen].sort(), ['0', '1'])
    }
    await fault(server, 'clear')
  })

  it('meet only the key and the caller that they name', async () => {
    const [one, other] = [await newKey(kms), await newKey(kms)]
    await fault(server, 'add', 'Encrypt', 'throttle', `key=${one}`)
    await fault(server, 'add', 'sts:*', 'throttle', 'caller=444455556666')
    assert.equal((await failure(kms.send(new EncryptCommand({ KeyId: one, Plaintext })))).name, 'ThrottlingException')
    await kms.send(new EncryptCommand({ KeyId: other, Plaintext }))
    const sts = server.sts()
    assert.equal((await sts.send(new GetCallerIdentityCommand({}))).Account, account)
    await fault(server, 'add', 'sts:*', 'throttle', `caller=${account}`)
    await assert.rejects(sts.send(new GetCallerIdentityCommand({})), { name: 'Throttling' })
    await fault(server, 'clear')
  })

  it('drop a connection before an operation has an effect, and the retry succeeds', async () => {
    const before = await countKeys(kms)
    await fault(server, 'add', 'CreateKey', 'drop=before', 'next=1')
    const { $metadata } = await retrying.send(new CreateKeyCommand({}))
    assert.equal($metadata.attempts, 2)
    assert.equal(await countKeys(kms), before + 1)
    await fault(server, 'clear')
    const { stdout } = await trent(server, 'audit', 'tail', '--event', 'CreateKey', '--error', 'ServiceUnavailable')
    assert.match(stdout, /ServiceUnavailable/)
  })

  it('drop a connection after the operation took effect: a retry of CreateKey makes another key', async () => {
    const before = await countKeys(kms)
    await fault(server, 'add', 'CreateKey', 'drop=after', 'next=1')
    const { $metadata } = await retrying.send(new CreateKeyCommand({}))
    assert.equal($metadata.attempts, 2)
    assert.equal(await countKeys(kms), before + 2)
    const KeyId = await newKey(kms)
    await fault(server, 'add', 'Encrypt', 'drop=after', 'next=1')
    await assert.rejects(kms.send(new EncryptCommand({ KeyId, Plaintext })), /socket hang up|ECONNRESET/)
    await fault(server, 'clear')
  })

  it('delay a request, which then acts on what is there by then', async () => {
    const KeyId = await newKey(kms)
    await fault(server, 'add', 'Encrypt', 'delay=1500ms', 'next=1')
    const began = performance.now()
    const delayed = failure(kms.send(new EncryptCommand({ KeyId, Plaintext })))
    // Once the fault was met the key had been found enabled.
    while (!(await fault(server, 'list')).includes('injected into 1'));
    await kms.send(new DisableKeyCommand({ KeyId }))
    assert.equal((await delayed).name, 'DisabledException')
    assert.ok(performance.now() - began >= 1500)
    await fault(server, 'clear')
  })

  it('come after authorization: who may not, learns that and nothing else', async () => {
    await fault(server, 'add', 'DescribeKey', 'throttle')
    const KeyId = '1234abcd-12ab-34cd-56ef-1234567890ab'
    assert.equal((await failure(kms.send(new DescribeKeyCommand({ KeyId })))).name, 'NotFoundException')
    await fault(server, 'clear')
  })

  it('that can not be are refused', async () => {
    const table: readonly (readonly [readonly string[], RegExp])[] = [
      [['add', 'Encrypt', 'trottle'], /^trent: "trottle" is not an effect \(did you mean throttle\?\)/],
      [
        ['add', 'ListKeys', 'error=DisabledException'],
        /^trent: ListKeys answers no DisabledException; write one of AccessDeniedException, DependencyTimeoutException, /,
      ],
      [['clear', '77'], /^trent: there is no fault 77; see trent fault list/],
      [['clear', 'all'], /Write the numbers that trent fault list shows/],
    ]
    for (const [args, expected] of table) {
      const { code, stderr } = await trent(server, 'fault', ...args)
      assert.equal(code, 64, stderr)
      assert.match(stderr, expected)
    }
    for (let count = 0; count < 64; count += 1) {
      const added = { fault: 'ListKeys throttle next=1' }
      await callControl(server.directory, 'fault add', added, { onItem: () => undefined })
    }
    const { code, stderr } = await trent(server, 'fault', 'add', 'ListKeys', 'throttle')
    assert.equal(code, 64)
    assert.match(stderr, /64 faults are the most at once/)
    await fault(server, 'clear')
    await kms.send(new ListKeysCommand({}))
    retrying.destroy()
  })
})

async function countKeys(client: KMSClient): Promise<number> {
  let count = 0
  for await (const { Keys = [] } of paginateListKeys({ client }, {})) count += Keys.length
  return count
}

describe('a server without the test profile', () => {
  it('injects no faults, whoever asks', async () => {
    const server = await startServer()
    for (const args of [['add', 'Encrypt', 'throttle'], ['list'], ['clear']]) {
      const { code, stderr } = await trent(server, 'fault', ...args)
      assert.equal(code, 64)
      assert.match(stderr, /only one that was started with --test-profile can have them/)
    }
    const refused = await run(
      [process.execPath, program, 'serve', '--data-dir', server.directory, '--fault', 'Encrypt throttle'],
      cleanEnvironment(),
    )
    assert.equal(refused.code, 64)
    assert.match(refused.stderr, /--fault: this is for tests only; add --test-profile, or leave it out/)
  })

  it('with the profile refuses to start with a fault that can not be', async () => {
    const { code, stderr } = await run(
      [
        process.execPath,
        program,
        'serve',
        '--data-dir',
        '/nonexistent/trent',
        '--test-profile',
        '--fault',
        'Encript throttle',
      ],
      cleanEnvironment(),
    )
    assert.equal(code, 64)
    assert.match(stderr, /--fault: there is no operation "Encript" \(did you mean Encrypt\?\)/)
  })
})
