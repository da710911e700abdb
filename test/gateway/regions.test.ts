/** Several Regions in one process: each is a service of its own, told apart by the scope of the signature. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import {
  CreateAliasCommand,
  CreateKeyCommand,
  DecryptCommand,
  DescribeKeyCommand,
  EncryptCommand,
  GetKeyPolicyCommand,
  ListAliasesCommand,
  ListKeysCommand,
} from '@aws-sdk/client-kms'
import { GetCallerIdentityCommand } from '@aws-sdk/client-sts'
import { recordOf } from '../support/audit.ts'
import { account, startServer } from '../support/server.ts'
import { kmsRequest, send, sign } from '../support/signed-request.ts'

describe('two Regions in one process', async () => {
  const server = await startServer({ regions: ['us-east-1', 'eu-west-1'], workers: 2 })
  const east = server.kms('us-east-1')
  const west = server.kms('eu-west-1')
  const create = async (client: typeof east): Promise<{ readonly KeyId: string; readonly Arn: string }> => {
    const { KeyMetadata } = await client.send(new CreateKeyCommand({}))
    assert.ok(KeyMetadata?.KeyId !== undefined && KeyMetadata.Arn !== undefined)
    return { KeyId: KeyMetadata.KeyId, Arn: KeyMetadata.Arn }
  }
  const refusal = (name: string, message: string) => ({ name, message })

  it('makes keys with the ARN of the Region that was called', async () => {
    const [here, there] = [await create(east), await create(west)]
    assert.equal(here.Arn, `arn:aws:kms:us-east-1:${account}:key/${here.KeyId}`)
    assert.equal(there.Arn, `arn:aws:kms:eu-west-1:${account}:key/${there.KeyId}`)
  })

  it('keeps keys and aliases apart', async () => {
    const [here, there] = [await create(east), await create(west)]
    for (const [client, { KeyId }] of [
      [east, here],
      [west, there],
    ] as const) {
      await client.send(new CreateAliasCommand({ AliasName: 'alias/same', TargetKeyId: KeyId }))
    }
    const described = await Promise.all(
      [east, west].map((client) => client.send(new DescribeKeyCommand({ KeyId: 'alias/same' }))),
    )
    assert.deepEqual(
      described.map(({ KeyMetadata }) => KeyMetadata?.Arn),
      [here.Arn, there.Arn],
    )
    const { Keys = [] } = await east.send(new ListKeysCommand({}))
    assert.equal(
      Keys.some(({ KeyId }) => KeyId === there.KeyId),
      false,
    )
    assert.ok(Keys.some(({ KeyId }) => KeyId === here.KeyId))
    const { Aliases = [] } = await west.send(new ListAliasesCommand({}))
    assert.deepEqual(
      Aliases.map(({ AliasArn }) => AliasArn),
      [`arn:aws:kms:eu-west-1:${account}:alias/same`],
    )
    await assert.rejects(
      west.send(new DescribeKeyCommand({ KeyId: here.KeyId })),
      refusal('NotFoundException', `Key 'arn:aws:kms:eu-west-1:${account}:key/${here.KeyId}' does not exist`),
    )
  })

  it('refuses the ARN of the other Region', async () => {
    const { Arn } = await create(east)
    await assert.rejects(
      west.send(new DescribeKeyCommand({ KeyId: Arn })),
      refusal('NotFoundException', 'Invalid arn us-east-1'),
    )
  })

  it('opens no ciphertext of the other Region', async () => {
    const { KeyId } = await create(east)
    const { CiphertextBlob } = await east.send(new EncryptCommand({ KeyId, Plaintext: Buffer.from('here') }))
    await assert.rejects(
      west.send(new DecryptCommand({ CiphertextBlob })),
      refusal(
        'AccessDeniedException',
        'The ciphertext refers to a customer master key that does not exist, does not exist in this region, or you are ' +
          'not allowed to access.',
      ),
    )
  })

  it('names the Region in its records', async () => {
    const { $metadata } = await west.send(new ListKeysCommand({}))
    const record = await recordOf(server.directory, $metadata.requestId ?? '')
    assert.equal(record['awsRegion'], 'eu-west-1')
  })

  it('refuses a signature for a Region that is not served', async () => {
    const signed = sign(kmsRequest('ListKeys', {}), server.url, server.credentials, {
      region: 'ap-south-1',
      service: 'kms',
    })
    const { status, text } = await send(server.url, signed)
    assert.equal(status, 400)
    assert.equal(
      text,
      '{"__type":"InvalidSignatureException","message":"Credential should be scoped to a valid region, not ' +
        "'ap-south-1'. \"}",
    )
  })

  it('identifies callers in both Regions', async () => {
    for (const region of ['us-east-1', 'eu-west-1']) {
      const { Account } = await server.sts(region).send(new GetCallerIdentityCommand({}))
      assert.equal(Account, account)
    }
  })
})

describe('a Region that is not of the standard partition', async () => {
  const server = await startServer({ regions: ['cn-north-1'] })

  it('has its partition in all ARNs and in policies', async () => {
    const kms = server.kms()
    const { KeyMetadata } = await kms.send(new CreateKeyCommand({}))
    assert.ok(KeyMetadata?.KeyId !== undefined)
    const { KeyId, Arn: keyArn } = KeyMetadata
    assert.equal(keyArn, `arn:aws-cn:kms:cn-north-1:${account}:key/${KeyId}`)
    const { Policy } = await kms.send(new GetKeyPolicyCommand({ KeyId }))
    assert.ok(Policy?.includes(`"arn:aws-cn:iam::${account}:root"`))
    const { Arn } = await server.sts().send(new GetCallerIdentityCommand({}))
    assert.equal(Arn, `arn:aws-cn:iam::${account}:root`)
    const { $metadata } = await kms.send(new DescribeKeyCommand({ KeyId: keyArn }))
    const { userIdentity } = await recordOf(server.directory, $metadata.requestId ?? '')
    assert.ok(JSON.stringify(userIdentity).includes(`"arn:aws-cn:iam::${account}:root"`))
  })

  it('takes no signature for the global endpoint of another partition', async () => {
    await assert.rejects(server.sts('us-east-1').send(new GetCallerIdentityCommand({})), {
      name: 'SignatureDoesNotMatch',
      message: "Credential should be scoped to a valid region, not 'us-east-1'. ",
    })
  })
})
