import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { IntegrityError } from '#base/integrity-error.ts'
import type { Credential } from '#ports/identities.ts'
import type { UserRecord } from '#records/iam.ts'
import {
  account,
  accountRecord,
  document,
  group,
  managed,
  MemoryIdentities,
  otherAccount,
  role,
  roleSession,
  user,
  verdict,
} from './memory-identities.ts'

const alice = 'AIDAUSERUSERUSERUSER1'
const key = 'AKIAIOSFODNN7EXAMPLE'
const limits = 'arn:aws:iam::111122223333:policy/Limits'
const administrator = 'arn:aws:iam::aws:policy/AdministratorAccess'

/** Alice with `overrides` beside what `prepare` stores. */
async function aliceWith(
  overrides: Partial<UserRecord>,
  prepare: (memory: MemoryIdentities) => void = () => undefined,
): Promise<{ memory: MemoryIdentities; credential: Credential | undefined }> {
  const memory = new MemoryIdentities()
  memory.add(user(overrides))
  memory.accessKey(key, alice)
  prepare(memory)
  return { memory, credential: await memory.longTerm(key) }
}

describe('the policies of a user', () => {
  it('are its own, inline and attached, and those of its groups', async () => {
    const { credential } = await aliceWith(
      {
        inline: [{ name: 'own', document: document('Allow', 'kms:ListKeys') }],
        attached: [limits],
        groups: ['AGPAGROUPGROUPGROUP12'],
      },
      (memory) =>
        memory.add(
          managed(document('Allow', 'kms:ListAliases')),
          group({
            inline: [{ name: 'team', document: document('Allow', 'kms:CreateKey') }],
            attached: ['arn:aws:iam::aws:policy/SecurityAudit'],
          }),
        ),
    )
    for (const action of ['kms:ListKeys', 'kms:ListAliases', 'kms:CreateKey', 'iam:GetUser']) {
      assert.equal(verdict(credential, action), 'allowed', action)
    }
    assert.equal(verdict(credential, 'kms:GenerateRandom'), 'missing allow: identity policy')
    assert.deepEqual(
      credential?.caller.subject.identity.map(({ name }) => name),
      [
        'inline policy own of user Alice',
        'arn:aws:iam::111122223333:policy/Limits',
        'inline policy team of group Operators',
        'arn:aws:iam::aws:policy/SecurityAudit',
      ],
    )
  })

  it('change for its credentials as soon as a group or a policy changes', async () => {
    const { memory } = await aliceWith({ groups: ['AGPAGROUPGROUPGROUP12'], attached: [limits] }, (before) =>
      before.add(group(), managed(document('Allow', 'kms:ListKeys'))),
    )
    assert.equal(verdict(await memory.longTerm(key), 'kms:ListKeys'), 'allowed')
    memory.add(group({ inline: [{ name: 'team', document: document('Deny', 'kms:*') }] }))
    assert.equal(verdict(await memory.longTerm(key), 'kms:ListKeys'), 'explicit deny: identity policy')
  })

  it('are limited by its permissions boundary and by the service control policies of each level', async () => {
    const { memory, credential } = await aliceWith({ attached: [administrator], boundary: limits }, (before) =>
      before.add(managed(document('Allow', 'kms:ListKeys', 'kms:CreateKey'))),
    )
    assert.equal(verdict(credential, 'kms:ListKeys'), 'allowed')
    assert.equal(verdict(credential, 'kms:ListAliases'), 'missing allow: permissions boundary')
    const serviceControl = [[document('Allow', '*')], [document('Allow', 'kms:ListKeys'), document('Allow', 'iam:*')]]
    memory.put({ kind: 'account changed', account: accountRecord({ serviceControl }) })
    const limited = await memory.longTerm(key)
    assert.equal(verdict(limited, 'kms:ListKeys'), 'allowed')
    assert.equal(verdict(limited, 'kms:CreateKey'), 'missing allow: service control policy')
  })

  it('deny everything when one of them is missing or is no policy', async () => {
    const allow = { name: 'own', document: document('Allow', '*') }
    const cases: readonly Partial<UserRecord>[] = [
      { inline: [allow, { name: 'bad', document: '{"Statement":' }] },
      { inline: [allow], attached: [limits] },
      { inline: [allow], attached: ['arn:aws:iam::aws:policy/PowerUserAccess'] },
      { inline: [allow], attached: ['arn:aws-cn:iam::aws:policy/AdministratorAccess'] },
      { inline: [allow], groups: ['AGPAGROUPGROUPGROUP12'] },
    ]
    for (const overrides of cases) {
      const { credential } = await aliceWith(overrides)
      assert.equal(verdict(credential, 'kms:ListKeys'), 'error: identity policy', JSON.stringify(overrides))
    }
    const bound = await aliceWith({ inline: [allow], boundary: limits })
    assert.equal(verdict(bound.credential, 'kms:ListKeys'), 'error: permissions boundary')
  })

  it('are not those of a managed policy with another path, account or default version', async () => {
    const text = document('Allow', '*')
    for (const overrides of [{ path: '/a/' }, { account: otherAccount }, { defaultVersion: 'v9' }]) {
      const { credential } = await aliceWith({ attached: [limits] }, (memory) => memory.add(managed(text, overrides)))
      assert.equal(verdict(credential, 'kms:ListKeys'), 'error: identity policy', JSON.stringify(overrides))
    }
  })
})

describe('the condition keys of a caller', () => {
  const tags = [
    { TagKey: 'Team', TagValue: 'red' },
    { TagKey: 'cost', TagValue: '7' },
  ]
  const keys = [
    ...['aws:principalarn', 'aws:principalaccount', 'aws:principaltype', 'aws:principalisawsservice', 'aws:userid'],
    ...['aws:username', 'aws:tokenissuetime', 'aws:sourceidentity', 'aws:federatedprovider', 'aws:principalorgid'],
    ...[
      'aws:multifactorauthpresent',
      'aws:principaltag/team',
      'aws:principaltag/cost',
      'idp.example.com:sub',
      'aws:sourceip',
    ],
  ]
  const values = (credential: Credential | undefined): unknown =>
    Object.fromEntries(
      keys
        .map((name) => [name, credential?.caller.context.value(name)] as const)
        .filter(([, value]) => value !== undefined),
    )

  it('are those of a user', async () => {
    const { credential } = await aliceWith({ path: '/eng/', tags })
    assert.deepEqual(values(credential), {
      'aws:principalarn': 'arn:aws:iam::111122223333:user/eng/Alice',
      'aws:principalaccount': '111122223333',
      'aws:principaltype': 'User',
      'aws:principalisawsservice': 'false',
      'aws:userid': alice,
      'aws:username': 'Alice',
      'aws:principaltag/team': 'red',
      'aws:principaltag/cost': '7',
    })
  })

  it('are those of the root user', async () => {
    const memory = new MemoryIdentities()
    memory.accessKey(key)
    assert.deepEqual(values(await memory.longTerm(key)), {
      'aws:principalarn': 'arn:aws:iam::111122223333:root',
      'aws:principalaccount': '111122223333',
      'aws:principaltype': 'Account',
      'aws:principalisawsservice': 'false',
      'aws:userid': '111122223333',
    })
  })

  it('are those of a session, whose tags override those of the role, and which cannot claim what is known', async () => {
    const memory = new MemoryIdentities()
    memory.add(role({ path: '/ci/', tags }))
    const issued = memory.issue(
      roleSession({
        tags: [{ TagKey: 'TEAM', TagValue: 'blue' }],
        transitiveTagKeys: ['team'],
        sourceIdentity: 'carol',
        claims: {
          'idp.example.com:sub': 'repo:trent',
          'aws:federatedprovider': 'arn:aws:iam::111122223333:oidc-provider/idp.example.com',
          'aws:principalarn': 'arn:aws:iam::111122223333:role/Admin',
          'aws:principaltag/cost': '8',
          'aws:sourceip': '192.0.2.1',
        },
      }),
    )
    const credential = await memory.temporary(issued)
    assert.deepEqual(values(credential), {
      'aws:principalarn': 'arn:aws:iam::111122223333:role/ci/Deploy',
      'aws:principalaccount': '111122223333',
      'aws:principaltype': 'AssumedRole',
      'aws:principalisawsservice': 'false',
      'aws:userid': 'AROAROLEROLEROLEROLE1:build-7',
      'aws:tokenissuetime': '2026-11-22T10:00:00Z',
      'aws:sourceidentity': 'carol',
      'aws:federatedprovider': 'arn:aws:iam::111122223333:oidc-provider/idp.example.com',
      'aws:multifactorauthpresent': 'false',
      'aws:principaltag/team': 'blue',
      'aws:principaltag/cost': '7',
      'idp.example.com:sub': 'repo:trent',
    })
    assert.deepEqual(credential?.caller.session, {
      transitiveTags: [{ key: 'TEAM', value: 'blue' }],
      sourceIdentity: 'carol',
    })
    assert.deepEqual(credential.caller.subject.names, {
      direct: ['AROAROLEROLEROLEROLE1:build-7'],
      entity: ['AROAROLEROLEROLEROLE1'],
      account: ['arn:aws:iam::111122223333:root', '111122223333'],
    })
  })

  it('are those of a federated user', async () => {
    const memory = new MemoryIdentities()
    memory.add(user({ tags }))
    const principal = { kind: 'federated', userId: alice, name: 'bob' } as const
    const issued = memory.issue(roleSession({ principal, tags: [{ TagKey: 'team', TagValue: 'blue' }] }))
    assert.deepEqual(values(await memory.temporary(issued)), {
      'aws:principalarn': 'arn:aws:sts::111122223333:federated-user/bob',
      'aws:principalaccount': '111122223333',
      'aws:principaltype': 'FederatedUser',
      'aws:principalisawsservice': 'false',
      'aws:userid': '111122223333:bob',
      'aws:tokenissuetime': '2026-11-22T10:00:00Z',
      'aws:multifactorauthpresent': 'false',
      'aws:principaltag/team': 'blue',
      'aws:principaltag/cost': '7',
    })
  })
})

describe('the resource control policies of an account', () => {
  it('are read once, and anew when the account changes', async () => {
    const memory = new MemoryIdentities()
    assert.deepEqual(await memory.identities.resourceControl(account), [])
    const { reads } = memory
    assert.deepEqual(await memory.identities.resourceControl(account), [])
    assert.equal(memory.reads, reads)
    const text = document('Deny', 'kms:*')
    memory.put({ kind: 'account changed', account: accountRecord({ resourceControl: [[text], []] }) })
    const levels = await memory.identities.resourceControl(account)
    assert.deepEqual(
      levels.map((level) => level.map(({ name, policy }) => [name, policy.text])),
      [[['resource control policy 1 of level 1', text]], []],
    )
  })

  it('are not taken to be none when the account is missing', async () => {
    const memory = new MemoryIdentities()
    await assert.rejects(async () => await memory.identities.resourceControl(otherAccount), IntegrityError)
  })
})
