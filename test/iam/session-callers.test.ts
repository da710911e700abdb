/** Whom IAM does not serve, whatever policies say. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import {
  AttachUserPolicyCommand,
  CreateAccessKeyCommand,
  CreateUserCommand,
  ListUsersCommand,
} from '@aws-sdk/client-iam'
import { GetFederationTokenCommand, GetSessionTokenCommand, STSClient } from '@aws-sdk/client-sts'
import { iamServer } from './service.ts'

const everything = '{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}'

describe('IAM', async () => {
  const fixture = await iamServer()
  const { server, root } = fixture
  await root.send(new CreateUserCommand({ UserName: 'admin' }))
  const PolicyArn = 'arn:aws:iam::aws:policy/AdministratorAccess'
  await root.send(new AttachUserPolicyCommand({ UserName: 'admin', PolicyArn }))
  const { AccessKey } = await root.send(new CreateAccessKeyCommand({ UserName: 'admin' }))
  const admin = {
    accessKeyId: AccessKey?.AccessKeyId ?? '',
    secretAccessKey: AccessKey?.SecretAccessKey ?? '',
  }
  const sts = new STSClient({ endpoint: server.url, region: server.region, credentials: admin, maxAttempts: 1 })
  const keyOf = (credentials: {
    AccessKeyId: string | undefined
    SecretAccessKey: string | undefined
    SessionToken: string | undefined
  }) => ({
    accessKeyId: credentials.AccessKeyId ?? '',
    secretAccessKey: credentials.SecretAccessKey ?? '',
    sessionToken: credentials.SessionToken ?? '',
  })
  const refused = { name: 'InvalidClientTokenId', message: 'The security token included in the request is invalid.' }

  it('serves an administrator', async () => {
    await fixture.clientOf(admin).send(new ListUsersCommand({}))
  })

  it('is not for sessions of a user: one that leaks could make itself an access key for ever', async () => {
    const { Credentials } = await sts.send(new GetSessionTokenCommand({}))
    assert.ok(Credentials !== undefined)
    const session = fixture.clientOf(keyOf(Credentials))
    await assert.rejects(session.send(new CreateAccessKeyCommand({ UserName: 'admin' })), refused)
    await assert.rejects(session.send(new ListUsersCommand({})), refused)
  })

  it('is not for federated users', async () => {
    const { Credentials } = await sts.send(new GetFederationTokenCommand({ Name: 'guest', Policy: everything }))
    assert.ok(Credentials !== undefined)
    await assert.rejects(
      fixture.clientOf(keyOf(Credentials)).send(new CreateUserCommand({ UserName: 'mine' })),
      refused,
    )
  })
})
