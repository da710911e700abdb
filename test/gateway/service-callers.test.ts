/** Keys that services use for their callers: through the service for everybody who may use it, and for nobody else. */
import assert from 'node:assert/strict'
import { after, describe, it } from 'node:test'
import { CreateAliasCommand, DescribeKeyCommand, EncryptCommand, GetKeyPolicyCommand } from '@aws-sdk/client-kms'
import { DisableKeyRotationCommand, EnableKeyRotationCommand, RotateKeyOnDemandCommand } from '@aws-sdk/client-kms'
import { GetKeyRotationStatusCommand, ListKeyRotationsCommand } from '@aws-sdk/client-kms'
import { CreateGrantCommand, DisableKeyCommand, PutKeyPolicyCommand, TagResourceCommand } from '@aws-sdk/client-kms'
import { DeleteAliasCommand, ScheduleKeyDeletionCommand, UpdateAliasCommand } from '@aws-sdk/client-kms'
import { parseAccessKeyId, parseAccountId, parseRegion } from '#base/brand.ts'
import { RevisionSlots, allocateSlots } from '#cache/revision-slots.ts'
import { loadSettings } from '#config/load-settings.ts'
import type { Forwarded } from '#gateway/bound-service.ts'
import type { Answer } from '#gateway/request.ts'
import { createServiceKeys } from '#kms/managed/service-keys.ts'
import { keyUsingServices, viaService } from '#kms/managed/service-policy.ts'
import { openInstallation } from '#server/installation.ts'
import { createLog } from '#server/log.ts'
import { bindServices } from '#server/services.ts'
import { createWorkerPorts } from '#server/worker-ports.ts'
import { allocateClockOffset, systemClock, systemRandom, systemKeyPairs } from '../../src/system.ts'
import { kmsRequest, send, sign } from '../support/signed-request.ts'
import { startServer, temporaryDirectory } from '../support/server.ts'

function known<T>(value: T | undefined): T {
  assert.ok(value !== undefined)
  return value
}

const s3 = known(keyUsingServices.find(({ name }) => name === 's3'))
const region = known(parseRegion('us-east-1'))
const context = { bucket: 'arn:aws:s3:::b' }

describe('the AWS managed key of a service', async () => {
  const directory = temporaryDirectory()
  const first = await startServer({ directory })
  const account = known(parseAccountId(first.account))
  await first.stop()

  // What a service of this process does: it has the ports, and a caller whom it has authenticated.
  const settings = await loadSettings({ 'data-dir': directory }, {})
  const random = systemRandom()
  const clock = systemClock(allocateClockOffset())
  const installation = await openInstallation(settings, clock, random, createLog('error', {}))
  const ports = createWorkerPorts({
    settings,
    oidc: { ca: undefined, keys: [] },
    attestationRoots: [],
    hierarchy: installation.hierarchy,
    storage: installation.reader,
    slots: new RevisionSlots(allocateSlots()),
    clock,
    random,
    keyPairs: systemKeyPairs,
    pooledPairs: systemKeyPairs,
    keyUsage: { lastUse: () => ({ use: undefined, trackedSince: 0 }) },
    issuerFailed: () => assert.fail('no issuer is asked'),
  })
  const records: string[] = []
  const committer = {
    commit: (commit: Parameters<typeof installation.storage.commitAll>[0][number]) => {
      const [outcome] = installation.storage.commitAll([commit])
      assert.ok(outcome !== undefined && !(outcome instanceof Error))
      const head = installation.storage.head()
      installation.anchor.write({ ...installation.anchor.state, revision: head.revision, headDigest: head.digest })
      return Promise.resolve(outcome)
    },
  }
  const [kms] = bindServices(
    ports.services,
    {
      identities: ports.identities,
      audit: {
        append: (record, _at, done) => {
          records.push(record)
          done(undefined)
        },
      },
      committer,
      quota: { take: () => true },
      strangers: { take: () => true },
      clock,
      random,
      securityLog: { refused: () => undefined },
      failures: {
        failed: (_where, error) => assert.fail(String(error)),
        undecided: (_where, error) => assert.fail(String(error)),
      },
    },
    { regions: new Set([region]), home: region, skewSeconds: 900 },
  )
  const keys = createServiceKeys({ ...ports.services.kms, committer, clock, random })
  const place = { region, account }
  const managed = await keys.managed(s3, place)
  const owned = await keys.owned(s3, region)
  const keyArn: string = managed.arn
  const accessKeyId = known(parseAccessKeyId(first.credentials.accessKeyId))
  const credential = known(await ports.identities.credential(accessKeyId, undefined))

  /** A call as S3 makes it for its caller. */
  function forwarded(operation: string, input: object, via = viaService(s3, place)): Promise<Answer> {
    const forward: Forwarded = { credential, region, viaService: via }
    const receivedMs = Date.now()
    const request = {
      requestId: random.requestId(receivedMs),
      receivedMs,
      method: 'POST',
      path: '/',
      query: '',
      rawHeaders: [],
      body: Buffer.from(JSON.stringify(input)),
      sourceIp: s3.name,
      endpoint: undefined,
      client: ',"sourceIPAddress":"s3.amazonaws.com"',
      tlsDetails: undefined,
    }
    return new Promise((resolve) => known(kms).runForwarded(operation, request, forward, resolve))
  }

  // AWS: resource control policies have no effect on AWS managed keys.
  const denial = JSON.stringify({
    Version: '2012-10-17',
    Statement: [{ Effect: 'Deny', Principal: '*', Action: 'kms:*', Resource: '*' }],
  })
  const { rev, ...record } = known(installation.reader.account(account))
  const limited = await committer.commit({
    changes: [{ kind: 'account changed', account: { ...record, resourceControl: [[denial]] } }],
    expectations: [{ kind: 'account', account, rev }],
    record: '{}',
  })
  assert.equal(limited, 'committed')

  const through = await forwarded('GenerateDataKey', { KeyId: keyArn, KeySpec: 'AES_256', EncryptionContext: context })
  const throughAnother = await forwarded(
    'GenerateDataKey',
    { KeyId: keyArn, KeySpec: 'AES_256' },
    'ssm.us-east-1.amazonaws.com',
  )
  installation.close()

  const server = await startServer({ directory })
  after(() => server.stop())
  const client = server.kms()
  const denied = { name: 'AccessDeniedException' }

  it('works for its caller through the service, whatever resource control policies say, and through no other', () => {
    assert.equal(through.status, 200, through.body.toString())
    assert.equal(throughAnother.status, 400)
    assert.match(throughAnother.body.toString(), /AccessDeniedException/)
    assert.ok(records.some((record) => record.includes('"eventName":"GenerateDataKey"')))
  })

  it('is seen by its account', async () => {
    const { KeyMetadata } = await client.send(new DescribeKeyCommand({ KeyId: 'alias/aws/s3' }))
    assert.deepEqual([KeyMetadata?.KeyManager, KeyMetadata?.Arn], ['AWS', keyArn])
    const { Policy } = await client.send(new GetKeyPolicyCommand({ KeyId: keyArn }))
    assert.match(Policy ?? '', /kms:ViaService/)
    const status = await client.send(new GetKeyRotationStatusCommand({ KeyId: keyArn }))
    assert.deepEqual([status.KeyRotationEnabled, status.RotationPeriodInDays, status.KeyId], [true, 365, keyArn])
    const { Rotations } = await client.send(new ListKeyRotationsCommand({ KeyId: keyArn }))
    assert.deepEqual(Rotations, [])
  })

  it('is used directly by nobody, not even the root user', async () => {
    for (const KeyId of ['alias/aws/s3', keyArn]) {
      await assert.rejects(client.send(new EncryptCommand({ KeyId, Plaintext: Buffer.from('x') })), denied)
    }
  })

  it('is managed by nobody', async () => {
    const attempts = [
      client.send(new DisableKeyCommand({ KeyId: keyArn })),
      client.send(new EnableKeyRotationCommand({ KeyId: keyArn, RotationPeriodInDays: 2560 })),
      client.send(new DisableKeyRotationCommand({ KeyId: keyArn })),
      client.send(new RotateKeyOnDemandCommand({ KeyId: keyArn })),
      client.send(new ScheduleKeyDeletionCommand({ KeyId: keyArn })),
      client.send(new TagResourceCommand({ KeyId: keyArn, Tags: [{ TagKey: 'a', TagValue: 'b' }] })),
      client.send(new PutKeyPolicyCommand({ KeyId: keyArn, Policy: '{"Version":"2012-10-17","Statement":[]}' })),
      client.send(
        new CreateGrantCommand({
          KeyId: keyArn,
          GranteePrincipal: `arn:aws:iam::${server.account}:root`,
          Operations: ['Decrypt'],
        }),
      ),
      client.send(new CreateAliasCommand({ AliasName: 'alias/mine', TargetKeyId: keyArn })),
    ]
    await Promise.all(attempts.map((attempt) => assert.rejects(attempt)))
  })

  it('has an alias that nobody else can make, move or remove', async () => {
    const attempts = [
      client.send(new CreateAliasCommand({ AliasName: 'alias/aws/mine', TargetKeyId: keyArn })),
      client.send(new UpdateAliasCommand({ AliasName: 'alias/aws/s3', TargetKeyId: keyArn })),
      client.send(new DeleteAliasCommand({ AliasName: 'alias/aws/s3' })),
    ]
    await Promise.all(attempts.map((attempt) => assert.rejects(attempt)))
    const { KeyMetadata } = await client.send(new DescribeKeyCommand({ KeyId: 'alias/aws/s3' }))
    assert.equal(KeyMetadata?.Arn, keyArn)
  })

  it('takes nobody from outside for the service, whatever headers say', async () => {
    const claims = {
      'x-amz-via-service': viaService(s3, place),
      'kms-viaservice': viaService(s3, place),
      'x-amz-source-arn': 'arn:aws:s3:::b',
      'x-amz-source-account': server.account,
      'x-amz-principal': 's3.amazonaws.com',
      'user-agent': 's3.amazonaws.com',
      'x-forwarded-for': 's3.amazonaws.com',
    }
    const bare = kmsRequest('GenerateDataKey', { KeyId: keyArn, KeySpec: 'AES_256' })
    const signed = sign({ ...bare, headers: { ...bare.headers, ...claims } }, server.url, server.credentials, {
      region: 'us-east-1',
      service: 'kms',
    })
    const answer = await send(server.url, signed)
    assert.equal(answer.status, 400)
    assert.match(answer.text, /AccessDeniedException/)
  })

  it('leaves the keys that services have for themselves out of reach', async () => {
    const { keyId } = owned.record
    for (const KeyId of [owned.arn, keyId, `arn:aws:kms:us-east-1:${server.account}:key/${keyId}`]) {
      await assert.rejects(client.send(new DescribeKeyCommand({ KeyId })), (error: Error) => {
        assert.match(error.name, /^(?:NotFoundException|InvalidArnException|AccessDeniedException)$/)
        return true
      })
    }
  })
})
