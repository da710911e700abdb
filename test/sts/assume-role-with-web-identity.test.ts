import assert from 'node:assert/strict'
import { before, beforeEach, describe, it } from 'node:test'
import type { JWTPayload } from 'jose'
import { signingKey, token, type SigningKey } from '../oidc/issuer.ts'
import { MemorySts, now, statement, type Called } from './memory-sts.ts'

const url = 'https://oidc.example/Cluster-1'
const providerArn = 'arn:aws:iam::111122223333:oidc-provider/oidc.example/Cluster-1'
const roleArn = 'arn:aws:iam::111122223333:role/app'
const subject = 'system:serviceaccount:default:app'
const seconds = now / 1000

describe('AssumeRoleWithWebIdentity', () => {
  let sts: MemorySts
  let key: SigningKey

  before(async () => {
    key = await signingKey('one', 'ES256')
  })
  beforeEach(() => {
    sts = new MemorySts(new Map([[url, { keys: [key.jwk] }]]))
    sts.addProvider(url, ['sts.amazonaws.com'])
  })

  const trusting = (more: Readonly<Record<string, unknown>> = {}): string =>
    statement({ Principal: { Federated: providerArn }, Action: 'sts:AssumeRoleWithWebIdentity', ...more })

  const webToken = (more: JWTPayload = {}): Promise<string> =>
    token(key, { iss: url, sub: subject, aud: ['sts.amazonaws.com'], iat: seconds, exp: seconds + 600, ...more })

  async function assume(form: Readonly<Record<string, string>> = {}, claims: JWTPayload = {}): Promise<Called> {
    const WebIdentityToken = await webToken(claims)
    return sts.call('AssumeRoleWithWebIdentity', undefined, {
      RoleArn: roleArn,
      RoleSessionName: 'pod',
      WebIdentityToken,
      ...form,
    })
  }

  const refusalOf = ({ refused }: Called): string =>
    refused === undefined ? 'allowed' : `${refused.code}: ${refused.message ?? ''}`

  const notAuthorized = 'AccessDeniedException: Not authorized to perform sts:AssumeRoleWithWebIdentity'

  it('gives credentials of a role that trusts the provider, with what the token says', async () => {
    const role = sts.addRole('app', trusting())
    const called = await assume({ DurationSeconds: '7200' }, { amr: ['mfa'] })
    assert.equal(called.refused, undefined)
    assert.deepEqual(sts.sessionOf(called), {
      account: role.account,
      principal: { kind: 'role', roleId: role.id, sessionName: 'pod' },
      issuedAt: now,
      expiresAt: Date.UTC(2026, 10, 22, 12),
      policies: undefined,
      tags: [],
      transitiveTagKeys: [],
      sourceIdentity: undefined,
      claims: {
        'oidc.example/cluster-1:sub': subject,
        'oidc.example/cluster-1:aud': 'sts.amazonaws.com',
        'oidc.example/cluster-1:amr': ['mfa'],
        'aws:federatedprovider': providerArn,
      },
    })
    assert.equal(called.output['SubjectFromWebIdentityToken'], subject)
    assert.equal(called.output['Provider'], url)
    assert.equal(called.output['Audience'], 'sts.amazonaws.com')
    assert.deepEqual(called.output['AssumedRoleUser'], {
      AssumedRoleId: `${role.id}:pod`,
      Arn: 'arn:aws:sts::111122223333:assumed-role/app/pod',
    })
    assert.deepEqual(JSON.parse(called.userIdentity ?? ''), {
      type: 'WebIdentityUser',
      principalId: `${providerArn}:sts.amazonaws.com:${subject}`,
      userName: subject,
      identityProvider: providerArn,
    })
    const { context } = await sts.bearer(called)
    assert.equal(context.value('oidc.example/cluster-1:sub'), subject)
    assert.equal(context.value('aws:federatedprovider'), providerArn)
  })

  it('lets the trust policy ask for the subject and the audience', async () => {
    const condition = (sub: string): Readonly<Record<string, unknown>> => ({
      Condition: {
        StringEquals: { 'oidc.example/Cluster-1:aud': 'sts.amazonaws.com' },
        StringLike: { 'oidc.example/Cluster-1:sub': sub },
      },
    })
    sts.addRole('app', trusting(condition('system:serviceaccount:default:*')))
    sts.addRole('other', trusting(condition('system:serviceaccount:other:*')))
    assert.equal(refusalOf(await assume()), 'allowed')
    assert.equal(refusalOf(await assume({ RoleArn: 'arn:aws:iam::111122223333:role/other' })), notAuthorized)
  })

  it('answers the same for a role that is not there as for one that does not trust the provider', async () => {
    sts.addRole('app', statement({ Principal: { AWS: '*' }, Action: 'sts:*' }))
    sts.addRole('deny', statement({ Effect: 'Deny', Principal: '*', Action: 'sts:*' }))
    sts.addRole('service', statement({ Principal: { Service: 'x.amazonaws.com' }, Action: 'sts:*' }))
    sts.addRole('assume', trusting({ Action: 'sts:AssumeRole' }))
    for (const name of ['app', 'deny', 'service', 'assume', 'missing']) {
      assert.equal(refusalOf(await assume({ RoleArn: `arn:aws:iam::111122223333:role/${name}` })), notAuthorized, name)
    }
  })

  it('believes no provider of another account than the role is of', async () => {
    const answer = refusalOf(await assume({ RoleArn: 'arn:aws:iam::444455556666:role/app' }))
    assert.equal(
      answer,
      'InvalidIdentityTokenException: No OpenIDConnect provider found in your account for https://oidc.example/Cluster-1',
    )
  })

  it('refuses tokens that are none, of unknown issuers, or whose signature or claims do not hold', async () => {
    sts.addRole('app', trusting())
    assert.equal(
      refusalOf(await assume({ WebIdentityToken: 'not a token' })),
      'InvalidIdentityTokenException: The ID Token provided is not a valid JWT. (You may see this error if you sent an ' +
        'Access Token)',
    )
    assert.equal(
      refusalOf(await assume({}, { iss: 'https://unknown.example' })),
      'InvalidIdentityTokenException: No OpenIDConnect provider found in your account for https://unknown.example',
    )
    assert.equal(
      refusalOf(await assume({}, { iss: 'http://oidc.example/Cluster-1' })),
      'InvalidIdentityTokenException: Incorrect token issuer',
    )
    assert.equal(
      refusalOf(await assume({}, { aud: 'elsewhere' })),
      'InvalidIdentityTokenException: Incorrect token audience',
    )
    const forged = (await webToken()).replace(/[^.]{10}$/, 'AAAAAAAAAA')
    assert.equal(
      refusalOf(await assume({ WebIdentityToken: forged })),
      'InvalidIdentityTokenException: The signature of the token does not match.',
    )
    assert.match(
      refusalOf(await assume({}, { exp: seconds - 301 })),
      /^ExpiredIdentityTokenException: Token expired: current date\/time 1795341600 must be before the expiration/,
    )
    assert.equal(
      refusalOf(await assume({}, { nbf: seconds + 301 })),
      'IDPRejectedClaimException: The token is not yet valid',
    )
  })

  it('says when the keys of the provider cannot be had', async () => {
    sts.addProvider('https://down.example', ['sts.amazonaws.com'])
    assert.equal(
      refusalOf(await assume({}, { iss: 'https://down.example' })),
      "IDPCommunicationErrorException: Couldn't retrieve verification key from your identity provider.",
    )
  })

  it('refuses ARNs that are none of a role, and durations that the role does not allow', async () => {
    sts.addRole('app', trusting())
    assert.equal(
      refusalOf(await assume({ RoleArn: 'arn:aws:iam::111122223333:user/app' })),
      'ValidationException: Request ARN is invalid',
    )
    assert.equal(
      refusalOf(await assume({ DurationSeconds: '7201' })),
      'ValidationException: The requested DurationSeconds exceeds the MaxSessionDuration set for this role.',
    )
  })

  it('refuses providers by name, which are those of access tokens', async () => {
    assert.equal(
      refusalOf(await assume({ ProviderId: 'www.amazon.com' })),
      'UnsupportedOperationException: ProviderId is not supported by this version of Trent.',
    )
  })

  it('takes session policies', async () => {
    sts.addRole('app', trusting())
    const Policy = statement({ Action: 'kms:Decrypt', Resource: '*' })
    const called = await assume({ Policy })
    assert.deepEqual(sts.sessionOf(called).policies, { documents: [Policy], arns: [] })
  })
})
