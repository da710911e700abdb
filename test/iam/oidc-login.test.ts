/** A provider and a role as they are made by IAM, and a login with a token of the issuer. */
import assert from 'node:assert/strict'
import { after, describe, it } from 'node:test'
import {
  AddClientIDToOpenIDConnectProviderCommand,
  CreateOpenIDConnectProviderCommand,
  DeleteOpenIDConnectProviderCommand,
  ListUsersCommand,
  PutRolePolicyCommand,
} from '@aws-sdk/client-iam'
import { AssumeRoleWithWebIdentityCommand } from '@aws-sdk/client-sts'
import { signingKey, startIssuer, token } from '../oidc/issuer.ts'
import { allow, iamServer, makeRole, policy, refusalOf } from './service.ts'

const fixture = await iamServer()
const { root, server } = fixture
const key = await signingKey('one')
const issuer = await startIssuer([key.jwk])
after(() => issuer.stop())
const name = issuer.url.replace('http://', '')

const login = async (role: string, claims: object = {}) => {
  const now = Math.floor(Date.now() / 1000)
  const WebIdentityToken = await token(key, {
    ...{ iss: issuer.url, sub: 'ci', aud: 'trent', iat: now, exp: now + 600 },
    ...claims,
  })
  const RoleArn = `arn:aws:iam::${server.account}:role/${role}`
  const command = new AssumeRoleWithWebIdentityCommand({ RoleArn, RoleSessionName: 'work', WebIdentityToken })
  return server.sts().send(command)
}

describe('a login with a token', () => {
  it('works for as long as the provider, the client id and the trust policy are there', async () => {
    const { OpenIDConnectProviderArn: arn = '' } = await root.send(
      new CreateOpenIDConnectProviderCommand({ Url: issuer.url, ClientIDList: ['other'] }),
    )
    assert.equal(arn, `arn:aws:iam::${server.account}:oidc-provider/${name}`)
    const role = await makeRole(
      fixture,
      policy({
        Effect: 'Allow',
        Principal: { Federated: arn },
        Action: 'sts:AssumeRoleWithWebIdentity',
        Condition: { StringEquals: { [`${name}:sub`]: 'ci' } },
      }),
    )
    const PolicyDocument = policy(allow('iam:ListUsers'))
    await root.send(new PutRolePolicyCommand({ RoleName: role, PolicyName: 'given', PolicyDocument }))
    assert.equal((await refusalOf(login(role)))[0], 'InvalidIdentityTokenException')
    const ClientID = 'trent'
    await root.send(new AddClientIDToOpenIDConnectProviderCommand({ OpenIDConnectProviderArn: arn, ClientID }))
    assert.equal((await refusalOf(login(role, { sub: 'somebody' })))[0], 'AccessDenied')
    const { Credentials: given } = await login(role)
    const session = fixture.clientOf({
      accessKeyId: given?.AccessKeyId ?? '',
      secretAccessKey: given?.SecretAccessKey ?? '',
      sessionToken: given?.SessionToken ?? '',
    })
    assert.ok((await session.send(new ListUsersCommand({}))).Users !== undefined)
    await root.send(new DeleteOpenIDConnectProviderCommand({ OpenIDConnectProviderArn: arn }))
    assert.equal((await refusalOf(login(role)))[0], 'InvalidIdentityTokenException')
  })
})
