import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { validateTrustPolicy } from '#policy/validate-trust-policy.ts'

const root = 'arn:aws:iam::111122223333:root'
const known = new Set(['*', root, '111122223333', 'arn:aws:iam::111122223333:user/alice'])
const good = { Sid: 'Trust', Effect: 'Allow', Principal: { AWS: root }, Action: 'sts:AssumeRole' }
const textOf = (...statements: readonly object[]): string =>
  JSON.stringify({ Version: '2012-10-17', Statement: statements })
const judge = (...statements: readonly object[]): string | undefined => {
  const fault = validateTrustPolicy(textOf(...statements), known)
  if (fault !== undefined) assert.equal(fault.code, 'MalformedPolicyDocumentException')
  return fault?.message
}
const provider = (issuer: string): string => `arn:aws:iam::111122223333:oidc-provider/${issuer}`
const web = (issuer: string, Condition?: object): object => ({
  Effect: 'Allow',
  Principal: { Federated: provider(issuer) },
  Action: 'sts:AssumeRoleWithWebIdentity',
  ...(Condition === undefined ? {} : { Condition }),
})

describe('a trust policy', () => {
  it('is accepted with every kind of principal', () => {
    const principals = [
      { AWS: ['111122223333', 'arn:aws:iam::111122223333:user/alice'] },
      { AWS: '*' },
      { Service: 'ec2.amazonaws.com' },
      { Federated: provider('login.example.com/tenant') },
      { Federated: 'arn:aws:iam::111122223333:saml-provider/corp' },
      { Federated: 'accounts.google.com' },
    ]
    for (const Principal of principals)
      assert.equal(judge({ ...good, Principal }), undefined, JSON.stringify(Principal))
  })

  it('is accepted in version 2008-10-17, and with every action of STS', () => {
    const text = textOf(good).replace('2012', '2008')
    assert.equal(validateTrustPolicy(text, known), undefined)
    const Action = ['sts:TagSession', 'STS:SetSourceIdentity', 'sts:AssumeRole*', 'sts:*']
    assert.equal(judge({ ...good, Action }, { ...good, Sid: 'more', Effect: 'Deny', Action }), undefined)
    assert.equal(judge({ ...good, Effect: 'Deny', Action: undefined, NotAction: 'sts:TagSession' }), undefined)
  })

  it('must be the JSON of a policy', () => {
    for (const text of ['', '{', "{'Version':'2012-10-17'}"]) {
      assert.equal(validateTrustPolicy(text, known)?.message, 'This policy contains invalid Json')
    }
    for (const text of ['[]', '{}', textOf({ ...good, Extra: 1 }), textOf(good).replace('"Sid"', '"Effect"')]) {
      assert.equal(validateTrustPolicy(text, known)?.message, 'Syntax errors in policy.')
    }
    assert.equal(judge(), 'Could not parse the policy: Statement is empty!')
  })

  it('must have each statement id once', () => {
    assert.equal(judge(good, good), 'The Statement Ids in the policy are not unique')
  })

  it('must say who, by kind', () => {
    const { Principal, ...rest } = good
    assert.equal(judge(rest), 'Missing required field Principal')
    assert.equal(judge({ ...rest, Principal: { AWS: [] } }), 'Missing required field Principal cannot be empty!')
    const star = 'AssumeRolepolicy contained an invalid principal: "STAR":"*".'
    assert.equal(judge({ ...good, Principal: '*' }), star)
    assert.equal(judge({ ...rest, NotPrincipal: Principal }), 'Allow with NotPrincipal is not allowed.')
    assert.equal(
      judge({ ...rest, Effect: 'Deny', NotPrincipal: Principal }),
      'AssumeRole policy must not contain NotPrincipal field.',
    )
  })

  it('must name principals that exist', () => {
    const gone = 'arn:aws:iam::111122223333:role/gone'
    assert.equal(
      judge({ ...good, Principal: { AWS: [root, gone] } }),
      'Invalid principal in policy: "AWS":"arn:aws:iam::111122223333:role/gone"',
    )
    assert.equal(
      judge({ ...good, Principal: { AWS: 'arn:aws:iam::*:root' } }),
      'Invalid principal in policy: "AWS":"arn:aws:iam::*:root"',
    )
    assert.equal(
      judge({ ...good, Principal: { Service: 'ec2.example.com' } }),
      'Invalid principal in policy: "SERVICE":"ec2.example.com"',
    )
    for (const Federated of ['*', 'https://login.example.com', 'arn:aws:iam//111122223333:oidc-provider/x', 'local']) {
      assert.equal(
        judge({ ...good, Principal: { Federated } }),
        'Federated principals must be valid domain names or SAML metadata ARNs',
        Federated,
      )
    }
  })

  it('must speak of actions of STS only, and of no resources', () => {
    assert.equal(judge({ ...good, Action: undefined }), 'Missing required field Action')
    for (const Action of ['*', 'kms:Decrypt', ['sts:AssumeRole', 's3:*'], 's*:AssumeRole', '\u017Fts:AssumeRole']) {
      assert.equal(judge({ ...good, Action }), 'AssumeRole policy may only specify STS AssumeRole actions.')
    }
    assert.equal(judge({ ...good, Resource: '*' }), 'Has prohibited field Resource')
    assert.equal(judge({ ...good, NotResource: '*' }), 'AssumeRole policy must not contain resources.')
  })
})

describe('trust in an identity provider whose issuer many share', () => {
  const github = 'token.actions.githubusercontent.com'
  const sub = `${github}:sub`
  const message = `The trust policy must restrict ${sub} in a condition: the provider ${github} is shared by many.`

  it('needs a condition on the subject', () => {
    const aud = { [`${github}:aud`]: 'sts.amazonaws.com' }
    assert.equal(judge(web(github)), message)
    assert.equal(judge(web(github, { StringEquals: aud })), message)
    assert.equal(
      judge(web(github, { StringEquals: { ...aud, [sub]: 'repo:acme/app:ref:refs/heads/main' } })),
      undefined,
    )
    assert.equal(judge(web(github, { StringLike: { [sub]: ['repo:acme/*', 'repo:other/*'] } })), undefined)
    assert.equal(judge(web(github, { 'ForAnyValue:StringLike': { [sub.toUpperCase()]: 'repo:acme/*' } })), undefined)
  })

  it('is not satisfied by a condition that holds for everybody', () => {
    const conditions = [
      { StringLike: { [sub]: '*' } },
      { StringLike: { [sub]: ['repo:acme/*', '**'] } },
      { StringLike: { [sub]: '?*' } },
      { StringLike: { [sub]: [] } },
      { StringEquals: { [sub]: '' } },
      { StringNotEquals: { [sub]: 'repo:evil/x' } },
      { StringNotLike: { [sub]: 'repo:evil/*' } },
      { StringEqualsIfExists: { [sub]: 'repo:acme/app' } },
      { 'ForAllValues:StringLike': { [sub]: 'repo:acme/*' } },
      { Null: { [sub]: 'false' } },
      { StringLike: { [`${github}:subject`]: 'repo:acme/*' } },
    ]
    for (const condition of conditions) assert.equal(judge(web(github, condition)), message, JSON.stringify(condition))
  })

  it('looks at every statement and at every provider in it', () => {
    const fine = web(github, { StringLike: { [sub]: 'repo:acme/*' } })
    assert.equal(judge(fine, web(github)), message)
    const both = { ...fine, Principal: { Federated: [provider(github), provider('gitlab.com')] } }
    assert.equal(
      judge(both),
      'The trust policy must restrict gitlab.com:sub in a condition: the provider gitlab.com is shared by many.',
    )
    assert.equal(judge(fine, { ...web(github), Effect: 'Deny' }), undefined)
  })

  it('knows the provider in whatever case, and those with other claims', () => {
    assert.equal(judge(web(github.toUpperCase())), message)
    const key = 'oidc.vercel.com:aud'
    assert.equal(judge(web('oidc.vercel.com', { StringEquals: { [key]: 'https://vercel.com/acme' } })), undefined)
    assert.equal(
      judge(web('oidc.vercel.com', { StringEquals: { 'oidc.vercel.com:sub': 'x' } })),
      'The trust policy must restrict oidc.vercel.com:aud in a condition: the provider oidc.vercel.com is shared by many.',
    )
  })

  it('asks nothing of providers that one organization has for itself', () => {
    assert.equal(judge(web('gitlab.example.com')), undefined)
    assert.equal(judge(web(`${github}/acme`)), undefined)
  })
})
