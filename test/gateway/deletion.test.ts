/** The end of a key's waiting period, on a server whose clock a test may move. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import {
  CancelKeyDeletionCommand,
  CreateAliasCommand,
  CreateKeyCommand,
  DecryptCommand,
  DeleteAliasCommand,
  DescribeKeyCommand,
  EnableKeyCommand,
  EnableKeyRotationCommand,
  EncryptCommand,
  GetKeyRotationStatusCommand,
  type KMSClient,
  ListAliasesCommand,
  ListKeyRotationsCommand,
  ListKeysCommand,
  ReplicateKeyCommand,
  ScheduleKeyDeletionCommand,
} from '@aws-sdk/client-kms'
import { allRecords } from '../support/audit.ts'
import { run } from '../support/programs.ts'
import { account, cleanEnvironment, startServer } from '../support/server.ts'

const program = fileURLToPath(new URL('../../bin/trent', import.meta.url))

describe('the waiting period', async () => {
  const server = await startServer({ testProfile: true, workers: 2 })
  const kms = server.kms()
  const advance = async (time: string): Promise<void> => {
    const command = [process.execPath, program, 'clock', 'advance', time, '--data-dir', server.directory]
    const { code, stderr } = await run(command, cleanEnvironment())
    assert.equal(code, 0, stderr)
  }

  it('ends with the key, its aliases and its ciphertext gone, and with a record', async () => {
    const { KeyMetadata } = await kms.send(new CreateKeyCommand({}))
    const { KeyId, Arn } = KeyMetadata ?? { KeyId: undefined }
    await kms.send(new CreateAliasCommand({ AliasName: 'alias/doomed', TargetKeyId: KeyId }))
    const { CiphertextBlob } = await kms.send(new EncryptCommand({ KeyId, Plaintext: Buffer.from('lost') }))
    await kms.send(new ScheduleKeyDeletionCommand({ KeyId, PendingWindowInDays: 7 }))

    await advance('6d23h')
    const waiting = await kms.send(new DescribeKeyCommand({ KeyId }))
    assert.equal(waiting.KeyMetadata?.KeyState, 'PendingDeletion')

    await advance('2h')
    const name = 'NotFoundException'
    await assert.rejects(kms.send(new DescribeKeyCommand({ KeyId })), {
      name,
      message: `Key '${String(Arn)}' does not exist`,
    })
    const alias = `arn:aws:kms:us-east-1:${account}:alias/doomed`
    const message = `Alias ${alias} is not found.`
    await assert.rejects(kms.send(new DescribeKeyCommand({ KeyId: 'alias/doomed' })), { name, message })
    await assert.rejects(kms.send(new DecryptCommand({ CiphertextBlob })), {
      name: 'AccessDeniedException',
      message:
        'The ciphertext refers to a customer master key that does not exist, does not exist in this region, or you are not ' +
        'allowed to access.',
    })
    assert.deepEqual((await kms.send(new ListKeysCommand({}))).Keys, [])
    assert.deepEqual((await kms.send(new ListAliasesCommand({}))).Aliases, [])

    const deleted = allRecords(server.directory).filter((record) => record.includes('"eventName":"DeleteKey"'))
    assert.equal(deleted.length, 1)
    const { eventTime, eventID, ...record } = JSON.parse(deleted[0] ?? '{}') as Record<string, unknown>
    assert.ok(Date.parse(String(eventTime)) > Date.now() + 6.9 * 86_400_000)
    assert.match(String(eventID), /^[0-9a-f-]{36}$/)
    assert.deepEqual(record, {
      eventVersion: '1.11',
      userIdentity: { accountId: account, invokedBy: 'AWS Internal' },
      eventSource: 'kms.amazonaws.com',
      eventName: 'DeleteKey',
      awsRegion: 'us-east-1',
      sourceIPAddress: 'AWS Internal',
      userAgent: 'AWS Internal',
      requestParameters: null,
      responseElements: null,
      readOnly: false,
      resources: [{ accountId: account, type: 'AWS::KMS::Key', ARN: Arn }],
      eventType: 'AwsServiceEvent',
      managementEvent: true,
      recipientAccountId: account,
      eventCategory: 'Management',
    })
  })

  it('ends the names of its aliases in every worker that had them cached', async () => {
    const ids: (string | undefined)[] = []
    for (let index = 0; index < 2; index += 1) ids.push((await kms.send(new CreateKeyCommand({}))).KeyMetadata?.KeyId)
    const [doomed, other] = ids
    const names = Array.from({ length: 8 }, (_, index) => `alias/again-${index}`)
    for (const AliasName of names) await kms.send(new CreateAliasCommand({ AliasName, TargetKeyId: doomed }))
    // The kernel spreads connections over the workers: of so many, each gets some.
    const everywhere = async (work: (client: KMSClient) => Promise<unknown>): Promise<void> => {
      const clients = Array.from({ length: 24 }, () => server.kms())
      for (const client of clients) await work(client)
    }
    await kms.send(new ScheduleKeyDeletionCommand({ KeyId: doomed, PendingWindowInDays: 7 }))
    await everywhere(async (client) => {
      for (const KeyId of names) await client.send(new DescribeKeyCommand({ KeyId }))
    })
    await advance('8d')
    let turn = 0
    await everywhere(async (client) => {
      const AliasName = names[turn % names.length]
      turn += 1
      await client.send(new CreateAliasCommand({ AliasName, TargetKeyId: other }))
      await client.send(new DeleteAliasCommand({ AliasName }))
    })
  })
})

describe('the waiting period of multi-Region keys', async () => {
  const regions = ['us-east-1', 'eu-west-1', 'ap-northeast-1']
  const server = await startServer({ testProfile: true, workers: 2, regions })
  const [here, there, elsewhere] = [server.kms(), server.kms('eu-west-1'), server.kms('ap-northeast-1')]
  const advance = async (time: string): Promise<void> => {
    const command = [process.execPath, program, 'clock', 'advance', time, '--data-dir', server.directory]
    const { code, stderr } = await run(command, cleanEnvironment())
    assert.equal(code, 0, stderr)
  }
  const describedBy = async (kms: KMSClient, KeyId: string | undefined) =>
    (await kms.send(new DescribeKeyCommand({ KeyId }))).KeyMetadata

  it('of a primary begins when its last replica is gone', async () => {
    const { KeyMetadata } = await here.send(new CreateKeyCommand({ MultiRegion: true }))
    const KeyId = KeyMetadata?.KeyId
    await here.send(new ReplicateKeyCommand({ KeyId, ReplicaRegion: 'eu-west-1' }))
    await here.send(new ScheduleKeyDeletionCommand({ KeyId, PendingWindowInDays: 10 }))
    await advance('40d')
    assert.equal((await describedBy(here, KeyId))?.KeyState, 'PendingReplicaDeletion')
    await there.send(new ScheduleKeyDeletionCommand({ KeyId, PendingWindowInDays: 7 }))
    await advance('8d')
    await assert.rejects(describedBy(there, KeyId), { name: 'NotFoundException' })
    const waiting = await describedBy(here, KeyId)
    assert.equal(waiting?.KeyState, 'PendingDeletion')
    assert.equal(waiting.PendingDeletionWindowInDays, undefined)
    assert.deepEqual(waiting.MultiRegionConfiguration?.ReplicaKeys, [])
    await advance('9d')
    assert.equal((await describedBy(here, KeyId))?.KeyState, 'PendingDeletion')
    await advance('2d')
    await assert.rejects(describedBy(here, KeyId), { name: 'NotFoundException' })
  })

  it('of a replica leaves the primary as it was, with a place for another replica', async () => {
    const { KeyMetadata } = await here.send(new CreateKeyCommand({ MultiRegion: true }))
    const KeyId = KeyMetadata?.KeyId
    await here.send(new ReplicateKeyCommand({ KeyId, ReplicaRegion: 'eu-west-1' }))
    const { CiphertextBlob } = await there.send(new EncryptCommand({ KeyId, Plaintext: Buffer.from('kept') }))
    await there.send(new ScheduleKeyDeletionCommand({ KeyId, PendingWindowInDays: 7 }))
    await advance('8d')
    const { Plaintext } = await here.send(new DecryptCommand({ CiphertextBlob }))
    assert.equal(Buffer.from(Plaintext ?? []).toString(), 'kept')
    assert.deepEqual((await describedBy(here, KeyId))?.MultiRegionConfiguration?.ReplicaKeys, [])
    await here.send(new ReplicateKeyCommand({ KeyId, ReplicaRegion: 'eu-west-1' }))
    const again = await there.send(new DecryptCommand({ CiphertextBlob }))
    assert.equal(Buffer.from(again.Plaintext ?? []).toString(), 'kept')
  })

  it('ends at once for all replicas whose time has come, and that of their primary begins', async () => {
    const { KeyMetadata } = await here.send(new CreateKeyCommand({ MultiRegion: true }))
    const KeyId = KeyMetadata?.KeyId
    for (const ReplicaRegion of regions.slice(1)) await here.send(new ReplicateKeyCommand({ KeyId, ReplicaRegion }))
    await here.send(new ScheduleKeyDeletionCommand({ KeyId, PendingWindowInDays: 7 }))
    for (const kms of [there, elsewhere])
      await kms.send(new ScheduleKeyDeletionCommand({ KeyId, PendingWindowInDays: 7 }))
    await advance('8d')
    for (const kms of [there, elsewhere]) await assert.rejects(describedBy(kms, KeyId), { name: 'NotFoundException' })
    assert.equal((await describedBy(here, KeyId))?.KeyState, 'PendingDeletion')
    await advance('8d')
    await assert.rejects(describedBy(here, KeyId), { name: 'NotFoundException' })
    assert.doesNotMatch(server.stdout() + server.stderr(), /could not be deleted/)
  })

  it('does not hold up the rotation that all of them share', async () => {
    const { KeyMetadata } = await here.send(new CreateKeyCommand({ MultiRegion: true }))
    const KeyId = KeyMetadata?.KeyId
    await here.send(new EnableKeyRotationCommand({ KeyId, RotationPeriodInDays: 90 }))
    await here.send(new ReplicateKeyCommand({ KeyId, ReplicaRegion: 'eu-west-1' }))
    await there.send(new ScheduleKeyDeletionCommand({ KeyId, PendingWindowInDays: 30 }))
    await advance('29d')
    await there.send(new CancelKeyDeletionCommand({ KeyId }))
    await there.send(new EnableKeyCommand({ KeyId }))
    await advance('62d')
    const [one, other] = [await describedBy(here, KeyId), await describedBy(there, KeyId)]
    assert.notEqual(one?.CurrentKeyMaterialId, KeyMetadata?.CurrentKeyMaterialId)
    assert.equal(other?.CurrentKeyMaterialId, one?.CurrentKeyMaterialId)
    const rotated = await there.send(new ListKeyRotationsCommand({ KeyId }))
    assert.deepEqual(
      rotated.Rotations?.map(({ RotationType }) => RotationType),
      ['AUTOMATIC'],
    )
    const { NextRotationDate } = await there.send(new GetKeyRotationStatusCommand({ KeyId }))
    assert.deepEqual(NextRotationDate, (await here.send(new GetKeyRotationStatusCommand({ KeyId }))).NextRotationDate)
  })
})
