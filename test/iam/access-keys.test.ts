import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import {
  CreateAccessKeyCommand,
  DeleteAccessKeyCommand,
  GetAccessKeyLastUsedCommand,
  GetUserCommand,
  ListAccessKeysCommand,
  UpdateAccessKeyCommand,
} from '@aws-sdk/client-iam'
import { allRecords, recordOf } from '../support/audit.ts'
import { allow, clientWith, iamServer, makeKey, makeUser, refusalOf, refused } from './service.ts'

const fixture = await iamServer()
const { root, server } = fixture

describe('access keys', () => {
  it('are created with a secret that is shown once, and work at once', async () => {
    const UserName = await makeUser(fixture)
    const { AccessKey, $metadata } = await root.send(new CreateAccessKeyCommand({ UserName }))
    assert.match(AccessKey?.AccessKeyId ?? '', /^AKIA[A-Z2-7]{16}$/)
    assert.match(AccessKey?.SecretAccessKey ?? '', /^[A-Za-z0-9+/]{40}$/)
    assert.deepEqual([AccessKey?.UserName, AccessKey?.Status], [UserName, 'Active'])
    const { AccessKeyMetadata } = await root.send(new ListAccessKeysCommand({ UserName }))
    assert.deepEqual(AccessKeyMetadata, [
      { UserName, AccessKeyId: AccessKey?.AccessKeyId, Status: 'Active', CreateDate: AccessKey?.CreateDate },
    ])
    // The caller is known, but may do nothing.
    const { accessKeyId, secretAccessKey } = {
      accessKeyId: AccessKey?.AccessKeyId ?? '',
      secretAccessKey: AccessKey?.SecretAccessKey ?? '',
    }
    const [name] = await refusalOf(fixture.clientOf({ accessKeyId, secretAccessKey }).send(new GetUserCommand({})))
    assert.equal(name, 'AccessDenied')
    const record = await recordOf(server.directory, $metadata.requestId ?? '')
    const shown: unknown = Reflect.get(record['responseElements'] ?? {}, 'accessKey')
    assert.ok(typeof shown === 'object' && shown !== null)
    assert.deepEqual(Object.keys(shown).sort(), ['accessKeyId', 'createDate', 'status', 'userName'])
    assert.ok(!allRecords(server.directory).some((text) => text.includes(secretAccessKey)))
    assert.ok(!server.stderr().includes(secretAccessKey))
  })

  it('are at most two of a user', async () => {
    const UserName = await makeUser(fixture)
    await makeKey(fixture, UserName)
    const { accessKeyId: AccessKeyId } = await makeKey(fixture, UserName)
    await refused(
      root.send(new CreateAccessKeyCommand({ UserName })),
      'LimitExceededException',
      'Cannot exceed quota for AccessKeysPerUser: 2',
      409,
    )
    await root.send(new DeleteAccessKeyCommand({ UserName, AccessKeyId }))
    await makeKey(fixture, UserName)
  })

  it('are at most two of a user, whoever asks at the same time', async () => {
    const UserName = await makeUser(fixture)
    const created = await Promise.allSettled(
      Array.from({ length: 6 }, () => root.send(new CreateAccessKeyCommand({ UserName }))),
    )
    assert.equal(created.filter(({ status }) => status === 'fulfilled').length, 2)
    const { AccessKeyMetadata } = await root.send(new ListAccessKeysCommand({ UserName }))
    assert.equal(AccessKeyMetadata?.length, 2)
  })

  it('are turned off and on', async () => {
    const { user: UserName, iam, credentials } = await clientWith(fixture, allow('iam:GetUser'))
    const set = (Status: 'Active' | 'Inactive' | 'Expired') =>
      root.send(new UpdateAccessKeyCommand({ UserName, AccessKeyId: credentials.accessKeyId, Status }))
    await iam.send(new GetUserCommand({}))
    await set('Inactive')
    const [name, , status] = await refusalOf(iam.send(new GetUserCommand({})))
    assert.deepEqual([name, status], ['InvalidClientTokenId', 403])
    await set('Active')
    await iam.send(new GetUserCommand({}))
    // unverified wording
    await refused(
      set('Expired'),
      'InvalidInputException',
      'The status of an access key must be Active or Inactive.',
      400,
    )
  })

  it('are gone once they are deleted', async () => {
    const { user: UserName, iam, credentials } = await clientWith(fixture, allow('iam:GetUser'))
    const AccessKeyId = credentials.accessKeyId
    await root.send(new DeleteAccessKeyCommand({ UserName, AccessKeyId }))
    const [name, , status] = await refusalOf(iam.send(new GetUserCommand({})))
    assert.deepEqual([name, status], ['InvalidClientTokenId', 403])
    await refused(
      root.send(new DeleteAccessKeyCommand({ UserName, AccessKeyId })),
      'NoSuchEntityException',
      `The Access Key with id ${AccessKeyId} cannot be found.`,
      404,
    )
  })

  it('of other users are not found', async () => {
    const UserName = await makeUser(fixture)
    const { accessKeyId: AccessKeyId } = await makeKey(fixture, await makeUser(fixture))
    const message = `The Access Key with id ${AccessKeyId} cannot be found.`
    const all = [
      root.send(new DeleteAccessKeyCommand({ UserName, AccessKeyId })),
      root.send(new UpdateAccessKeyCommand({ UserName, AccessKeyId, Status: 'Inactive' })),
    ].map((sent) => refused(sent, 'NoSuchEntityException', message, 404))
    await Promise.all(all)
  })

  it('without a user name are the caller’s own', async () => {
    const { user, iam, credentials } = await clientWith(
      fixture,
      allow('iam:*', `arn:aws:iam::${server.account}:user/*`),
    )
    const { AccessKeyMetadata } = await iam.send(new ListAccessKeysCommand({}))
    assert.deepEqual(
      AccessKeyMetadata?.map(({ UserName, AccessKeyId }) => [UserName, AccessKeyId]),
      [[user, credentials.accessKeyId]],
    )
    const ofRoot = await root.send(new ListAccessKeysCommand({}))
    assert.deepEqual(
      ofRoot.AccessKeyMetadata?.map(({ UserName, AccessKeyId }) => [UserName, AccessKeyId]),
      [[undefined, server.credentials.accessKeyId]],
    )
  })

  it('are listed page by page', async () => {
    const UserName = await makeUser(fixture)
    const keys = [await makeKey(fixture, UserName), await makeKey(fixture, UserName)].map((key) => key.accessKeyId)
    const first = await root.send(new ListAccessKeysCommand({ UserName, MaxItems: 1 }))
    assert.ok(first.Marker !== undefined)
    const second = await root.send(new ListAccessKeysCommand({ UserName, MaxItems: 1, Marker: first.Marker }))
    assert.equal(second.IsTruncated, false)
    const listed = [...(first.AccessKeyMetadata ?? []), ...(second.AccessKeyMetadata ?? [])]
    assert.deepEqual(listed.map(({ AccessKeyId }) => AccessKeyId).sort(), keys.sort())
  })

  it('tell whose they are, but not to other accounts', async () => {
    const UserName = await makeUser(fixture)
    const { accessKeyId: AccessKeyId } = await makeKey(fixture, UserName)
    const found = await root.send(new GetAccessKeyLastUsedCommand({ AccessKeyId }))
    assert.deepEqual([found.UserName, found.AccessKeyLastUsed], [UserName, { ServiceName: 'N/A', Region: 'N/A' }])
    const unknown = 'AKIAAAAAAAAAAAAAAAAA'
    await refused(
      root.send(new GetAccessKeyLastUsedCommand({ AccessKeyId: unknown })),
      'AccessDenied',
      `User: arn:aws:iam::${server.account}:root is not authorized to perform: iam:GetAccessKeyLastUsed on resource: ` +
        `access key ${unknown}`,
      403,
    )
  })
})
