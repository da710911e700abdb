import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { userIdentityText, type CallerIdentity } from '#cloudtrail/user-identity.ts'

const caller: CallerIdentity = {
  type: 'IAMUser',
  principalId: 'AIDAUSERUSERUSERUSER1',
  arn: 'arn:aws:iam::111122223333:user/Alice',
  account: '111122223333',
  accessKeyId: 'AKIAIOSFODNN7EXAMPLE',
  userName: 'Alice',
  session: undefined,
}
const session = {
  issuer: undefined,
  issuedAt: Date.UTC(2026, 10, 21, 9, 0, 0, 999),
  sourceIdentity: undefined,
  webIdentity: undefined,
}

describe('userIdentity', () => {
  it('names a user', () => {
    assert.equal(
      userIdentityText(caller),
      '{"type":"IAMUser","principalId":"AIDAUSERUSERUSERUSER1","arn":"arn:aws:iam::111122223333:user/Alice",' +
        '"accountId":"111122223333","accessKeyId":"AKIAIOSFODNN7EXAMPLE","userName":"Alice"}',
    )
  })

  it('names the root user, without a user name', () => {
    const arn = 'arn:aws:iam::111122223333:root'
    assert.equal(
      userIdentityText({ ...caller, type: 'Root', principalId: '111122223333', arn, userName: undefined }),
      '{"type":"Root","principalId":"111122223333","arn":"arn:aws:iam::111122223333:root",' +
        '"accountId":"111122223333","accessKeyId":"AKIAIOSFODNN7EXAMPLE"}',
    )
  })

  it('says of GetSessionToken only when', () => {
    assert.match(
      userIdentityText({ ...caller, session }),
      /,"userName":"Alice","sessionContext":\{"attributes":\{"creationDate":"2026-11-21T09:00:00Z","mfaAuthenticated":"false"\}\}\}$/,
    )
  })

  it('names the role behind a session, and who an identity provider says it is', () => {
    const text = userIdentityText({
      type: 'AssumedRole',
      principalId: 'AROAROLEROLEROLEROLE1:build-7',
      arn: 'arn:aws:sts::111122223333:assumed-role/Deploy/build-7',
      account: '111122223333',
      accessKeyId: 'ASIAIOSFODNN7EXAMPLE',
      userName: undefined,
      session: {
        ...session,
        issuer: {
          type: 'Role',
          principalId: 'AROAROLEROLEROLEROLE1',
          arn: 'arn:aws:iam::111122223333:role/ci/Deploy',
          account: '111122223333',
          userName: 'Deploy',
        },
        sourceIdentity: 'carol',
        webIdentity: {
          provider: 'arn:aws:iam::111122223333:oidc-provider/idp.example.com',
          attributes: { 'idp.example.com:sub': 'repo:trent\n', 'idp.example.com:amr': ['pwd', 'otp'] },
        },
      },
    })
    assert.ok(!text.includes('\n'))
    assert.deepEqual(JSON.parse(text), {
      type: 'AssumedRole',
      principalId: 'AROAROLEROLEROLEROLE1:build-7',
      arn: 'arn:aws:sts::111122223333:assumed-role/Deploy/build-7',
      accountId: '111122223333',
      accessKeyId: 'ASIAIOSFODNN7EXAMPLE',
      sessionContext: {
        sessionIssuer: {
          type: 'Role',
          principalId: 'AROAROLEROLEROLEROLE1',
          arn: 'arn:aws:iam::111122223333:role/ci/Deploy',
          accountId: '111122223333',
          userName: 'Deploy',
        },
        webIdFederationData: {
          federatedProvider: 'arn:aws:iam::111122223333:oidc-provider/idp.example.com',
          attributes: { 'idp.example.com:sub': 'repo:trent\n', 'idp.example.com:amr': 'pwd,otp' },
        },
        attributes: { creationDate: '2026-11-21T09:00:00Z', mfaAuthenticated: 'false' },
        sourceIdentity: 'carol',
      },
    })
  })

  it('names a service that acts as itself', () => {
    assert.equal(
      userIdentityText({ type: 'AWSService', service: 's3.amazonaws.com' }),
      '{"type":"AWSService","invokedBy":"s3.amazonaws.com"}',
    )
  })
})
