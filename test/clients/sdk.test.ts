/** The AWS SDK for JavaScript against a running server. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import {
  CancelKeyDeletionCommand,
  CreateAliasCommand,
  CreateKeyCommand,
  DecryptCommand,
  DeleteAliasCommand,
  DescribeKeyCommand,
  DisabledException,
  DisableKeyCommand,
  DryRunOperationException,
  EnableKeyCommand,
  EncryptCommand,
  GenerateDataKeyCommand,
  GenerateDataKeyWithoutPlaintextCommand,
  GenerateRandomCommand,
  GetKeyPolicyCommand,
  InvalidCiphertextException,
  KMSClient,
  KMSServiceException,
  ListAliasesCommand,
  ListKeyPoliciesCommand,
  ListResourceTagsCommand,
  NotFoundException,
  paginateListKeys,
  ReEncryptCommand,
  ScheduleKeyDeletionCommand,
  TagResourceCommand,
  UntagResourceCommand,
  UpdateAliasCommand,
  UpdateKeyDescriptionCommand,
} from '@aws-sdk/client-kms'
import { GetCallerIdentityCommand } from '@aws-sdk/client-sts'
import { account, startServer } from '../support/server.ts'

describe('the AWS SDK for JavaScript', async () => {
  const server = await startServer({ workers: 2 })
  const kms = server.kms()
  const bytes = (text: string): Uint8Array => Buffer.from(text, 'utf8')
  const createKey = async (): Promise<{ readonly KeyId: string; readonly Arn: string }> => {
    const { KeyMetadata } = await kms.send(new CreateKeyCommand({}))
    assert.ok(KeyMetadata?.KeyId !== undefined && KeyMetadata.Arn !== undefined)
    return { KeyId: KeyMetadata.KeyId, Arn: KeyMetadata.Arn }
  }

  it('walks through the life of a key', async () => {
    const created = await kms.send(
      new CreateKeyCommand({ Description: 'made by the SDK', Tags: [{ TagKey: 'Team', TagValue: 'blue' }] }),
    )
    const { KeyId, Arn, CreationDate } = created.KeyMetadata ?? { KeyId: undefined }
    assert.ok(KeyId !== undefined && Arn !== undefined && CreationDate !== undefined)
    assert.ok(Math.abs(CreationDate.getTime() - Date.now()) < 60_000)
    const other = await createKey()

    await kms.send(new CreateAliasCommand({ AliasName: 'alias/sdk', TargetKeyId: KeyId }))
    const EncryptionContext = { Tenant: 'north' }
    const encrypted = await kms.send(
      new EncryptCommand({ KeyId: 'alias/sdk', Plaintext: bytes('from the SDK'), EncryptionContext }),
    )
    assert.equal(encrypted.KeyId, Arn)
    const { CiphertextBlob } = encrypted
    const decrypted = await kms.send(new DecryptCommand({ CiphertextBlob, EncryptionContext }))
    assert.equal(Buffer.from(decrypted.Plaintext ?? []).toString('utf8'), 'from the SDK')

    const dataKey = await kms.send(new GenerateDataKeyCommand({ KeyId, KeySpec: 'AES_256' }))
    const opened = await kms.send(new DecryptCommand({ CiphertextBlob: dataKey.CiphertextBlob }))
    assert.deepEqual(opened.Plaintext, dataKey.Plaintext)
    const sealed = await kms.send(new GenerateDataKeyWithoutPlaintextCommand({ KeyId, NumberOfBytes: 16 }))
    assert.equal('Plaintext' in sealed, false)
    const { Plaintext: random } = await kms.send(new GenerateRandomCommand({ NumberOfBytes: 40 }))
    assert.equal(random?.length, 40)

    const moved = await kms.send(
      new ReEncryptCommand({
        CiphertextBlob,
        SourceEncryptionContext: EncryptionContext,
        DestinationKeyId: other.KeyId,
      }),
    )
    assert.deepEqual([moved.SourceKeyId, moved.KeyId], [Arn, other.Arn])

    await kms.send(new UpdateKeyDescriptionCommand({ KeyId, Description: 'new' }))
    await kms.send(new TagResourceCommand({ KeyId, Tags: [{ TagKey: 'Stage', TagValue: 'test' }] }))
    await kms.send(new UntagResourceCommand({ KeyId, TagKeys: ['Team'] }))
    const { Tags } = await kms.send(new ListResourceTagsCommand({ KeyId }))
    assert.deepEqual(Tags, [{ TagKey: 'Stage', TagValue: 'test' }])
    const { PolicyNames } = await kms.send(new ListKeyPoliciesCommand({ KeyId }))
    const { Policy } = await kms.send(new GetKeyPolicyCommand({ KeyId, PolicyName: PolicyNames?.[0] }))
    assert.ok(Policy?.includes(`arn:aws:iam::${account}:root`))

    await kms.send(new UpdateAliasCommand({ AliasName: 'alias/sdk', TargetKeyId: other.KeyId }))
    const { Aliases } = await kms.send(new ListAliasesCommand({ KeyId: other.KeyId }))
    assert.deepEqual(
      Aliases?.map(({ AliasName, TargetKeyId }) => [AliasName, TargetKeyId]),
      [['alias/sdk', other.KeyId]],
    )
    await kms.send(new DeleteAliasCommand({ AliasName: 'alias/sdk' }))

    await kms.send(new DisableKeyCommand({ KeyId }))
    await kms.send(new EnableKeyCommand({ KeyId }))
    const scheduled = await kms.send(new ScheduleKeyDeletionCommand({ KeyId, PendingWindowInDays: 7 }))
    assert.ok(Math.abs((scheduled.DeletionDate?.getTime() ?? 0) - Date.now() - 7 * 86_400_000) < 60_000)
    await kms.send(new CancelKeyDeletionCommand({ KeyId }))
    const described = await kms.send(new DescribeKeyCommand({ KeyId: Arn }))
    assert.equal(described.KeyMetadata?.KeyState, 'Disabled')
    assert.equal(described.KeyMetadata.Description, 'new')
  })

  it('lists keys page by page', async () => {
    await Promise.all(Array.from({ length: 5 }, createKey))
    const found: (string | undefined)[] = []
    for await (const { Keys = [] } of paginateListKeys({ client: kms, pageSize: 2 }, {})) {
      assert.ok(Keys.length <= 2)
      found.push(...Keys.map(({ KeyId }) => KeyId))
    }
    assert.ok(found.length >= 5)
    assert.equal(new Set(found).size, found.length)
  })

  it('tells who calls', async () => {
    const { Account, Arn, UserId } = await server.sts().send(new GetCallerIdentityCommand({}))
    assert.deepEqual(
      { Account, Arn, UserId },
      { Account: account, Arn: `arn:aws:iam::${account}:root`, UserId: account },
    )
  })

  it('throws the errors of its model, with message, status and request id', async () => {
    const { KeyId, Arn } = await createKey()
    const Plaintext = bytes('a')
    const failing = async (promise: Promise<unknown>): Promise<KMSServiceException> => {
      const error: unknown = await promise.then(
        () => undefined,
        (reason: unknown) => reason,
      )
      assert.ok(error instanceof KMSServiceException)
      assert.equal(error.$metadata.httpStatusCode, 400)
      assert.match(error.$metadata.requestId ?? '', /^[0-9a-f-]{36}$/)
      assert.equal(error.$fault, 'client')
      return error
    }
    const dryRun = await failing(kms.send(new EncryptCommand({ KeyId, Plaintext, DryRun: true })))
    assert.ok(dryRun instanceof DryRunOperationException)
    await kms.send(new DisableKeyCommand({ KeyId }))
    const disabled = await failing(kms.send(new EncryptCommand({ KeyId, Plaintext })))
    assert.ok(disabled instanceof DisabledException)
    assert.equal(disabled.message, `${Arn} is disabled.`)
    const unknown = await failing(kms.send(new DescribeKeyCommand({ KeyId: 'nonsense' })))
    assert.ok(unknown instanceof NotFoundException)
    assert.equal(unknown.message, "Invalid keyId 'nonsense'")
    const damaged = await failing(kms.send(new DecryptCommand({ CiphertextBlob: bytes('junk') })))
    assert.ok(damaged instanceof InvalidCiphertextException)
    const foreign = 'arn:aws:kms:us-east-1:444455556666:alias/theirs'
    const denied = await failing(kms.send(new DescribeKeyCommand({ KeyId: foreign })))
    assert.equal(denied.name, 'AccessDeniedException')
    assert.match(
      denied.message,
      /^User: arn:aws:iam::111122223333:root is not authorized to perform: kms:DescribeKey on this resource/,
    )
  })

  it('corrects a clock that is wrong by the Date of the refusal', async () => {
    const { url: endpoint, region, credentials } = server
    const client = new KMSClient({ endpoint, region, credentials, systemClockOffset: -3_600_000, maxAttempts: 2 })
    const { $metadata } = await client.send(new GenerateRandomCommand({ NumberOfBytes: 1 }))
    assert.equal($metadata.attempts, 2)
    client.destroy()
  })

  it('works from many connections at once', async () => {
    const { KeyId } = await createKey()
    const texts = Array.from({ length: 200 }, (_, index) => `message ${index}`)
    const opened = texts.map(async (text) => {
      const { CiphertextBlob } = await kms.send(new EncryptCommand({ KeyId, Plaintext: bytes(text) }))
      const { Plaintext } = await kms.send(new DecryptCommand({ CiphertextBlob }))
      return Buffer.from(Plaintext ?? []).toString('utf8')
    })
    assert.deepEqual(await Promise.all(opened), texts)
  })
})
