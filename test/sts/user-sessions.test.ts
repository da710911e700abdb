import assert from 'node:assert/strict'
import { beforeEach, describe, it } from 'node:test'
import type { Caller } from '#policy/principal.ts'
import type { OperationName } from '#sts/service.ts'
import { MemorySts, now, statement, trusts } from './memory-sts.ts'

const hours = (count: number): number => Date.UTC(2026, 10, 22, 10 + count)

describe('credentials of users', () => {
  let sts: MemorySts

  beforeEach(() => {
    sts = new MemorySts()
  })

  async function refusal(
    name: OperationName,
    caller: Caller,
    form: Readonly<Record<string, string>> = {},
  ): Promise<string> {
    const { refused } = await sts.call(name, caller, form)
    return refused === undefined ? 'allowed' : `${refused.code}: ${refused.message ?? ''}`
  }

  it('are given by GetSessionToken without any permission, for twelve hours', async () => {
    const alice = sts.addUser('alice', [statement({ Effect: 'Deny', Action: '*', Resource: '*' })])
    const called = await sts.call('GetSessionToken', await sts.user(alice), {})
    assert.equal(called.refused, undefined)
    assert.deepEqual(sts.sessionOf(called), {
      account: alice.account,
      principal: { kind: 'user', userId: alice.id },
      issuedAt: now,
      expiresAt: hours(12),
      policies: undefined,
      tags: [],
      transitiveTagKeys: [],
      sourceIdentity: undefined,
      claims: {},
    })
    const bearer = await sts.bearer(called)
    assert.equal(bearer.arn, 'arn:aws:iam::111122223333:user/alice')
    assert.match(called.xml, /^<GetSessionTokenResponse xmlns="[^"]+"><GetSessionTokenResult><Credentials>/)
  })

  it('last as long as was asked for, up to 36 hours', async () => {
    const alice = await sts.user(sts.addUser('alice'))
    const called = await sts.call('GetSessionToken', alice, { DurationSeconds: '129600' })
    assert.equal(sts.sessionOf(called).expiresAt, hours(36))
    assert.match(await refusal('GetSessionToken', alice, { DurationSeconds: '129601' }), /^ValidationException: /)
  })

  it('last an hour at most for the root user', async () => {
    const root = await sts.root()
    for (const form of [{}, { DurationSeconds: '129600' }] as const) {
      const called = await sts.call('GetSessionToken', root, form)
      assert.equal(sts.sessionOf(called).expiresAt, hours(1))
      assert.deepEqual(sts.sessionOf(called).principal, { kind: 'root' })
    }
    const short = await sts.call('GetFederationToken', root, { Name: 'guest', DurationSeconds: '900' })
    assert.equal(sts.sessionOf(short).expiresAt, now - 500 + 900_000)
  })

  it('are not given for temporary credentials', async () => {
    const alice = sts.addUser('alice', [statement({ Action: '*', Resource: '*' })])
    sts.addRole('target', trusts(alice.id))
    const user = await sts.user(alice)
    const form = { RoleArn: 'arn:aws:iam::111122223333:role/target', RoleSessionName: 'work' }
    const sessions = [
      await sts.call('GetSessionToken', user, {}),
      await sts.call('GetSessionToken', await sts.root(), {}),
      await sts.call('AssumeRole', user, form),
      await sts.call('GetFederationToken', user, { Name: 'guest' }),
    ]
    for (const called of sessions) {
      assert.equal(
        await refusal('GetSessionToken', await sts.bearer(called)),
        'AccessDeniedException: Cannot call GetSessionToken with session credentials',
      )
    }
    for (const called of sessions.slice(0, 2)) {
      assert.equal(
        await refusal('GetFederationToken', await sts.bearer(called), { Name: 'guest' }),
        'AccessDeniedException: Cannot call GetFederationToken with session credentials',
      )
    }
  })

  it('are given by GetFederationToken to whom may, with the session policies', async () => {
    const resource = 'arn:aws:sts::111122223333:federated-user/guest'
    const alice = sts.addUser('alice', [statement({ Action: 'sts:GetFederationToken', Resource: resource })])
    const caller = await sts.user(alice)
    const Policy = statement({ Action: 'kms:Decrypt', Resource: '*' })
    const called = await sts.call('GetFederationToken', caller, { Name: 'guest', Policy })
    assert.equal(called.refused, undefined)
    assert.deepEqual(sts.sessionOf(called).principal, { kind: 'federated', userId: alice.id, name: 'guest' })
    assert.deepEqual(sts.sessionOf(called).policies, { documents: [Policy], arns: [] })
    assert.deepEqual(called.output['FederatedUser'], { FederatedUserId: '111122223333:guest', Arn: resource })
    assert.match(await refusal('GetFederationToken', caller, { Name: 'other' }), /^AccessDeniedException: /)
    const bob = await sts.user(sts.addUser('bob'))
    assert.match(await refusal('GetFederationToken', bob, { Name: 'guest' }), /^AccessDeniedException: /)
  })

  it('need sts:TagSession for tags', async () => {
    const tags = { Name: 'guest', 'Tags.member.1.Key': 'Team', 'Tags.member.1.Value': 'keys' }
    const Condition = { StringEquals: { 'aws:RequestTag/Team': 'keys' } }
    const get = statement({ Action: 'sts:GetFederationToken', Resource: '*' })
    const tag = statement({ Action: 'sts:TagSession', Resource: '*', Condition })
    const alice = await sts.user(sts.addUser('alice', [get]))
    assert.equal(await refusal('GetFederationToken', alice, { Name: 'guest' }), 'allowed')
    assert.match(await refusal('GetFederationToken', alice, tags), /^AccessDeniedException: /)
    const bob = await sts.user(sts.addUser('bob', [get, tag]))
    const called = await sts.call('GetFederationToken', bob, tags)
    assert.equal((await sts.bearer(called)).context.value('aws:principaltag/team'), 'keys')
    const other = { ...tags, 'Tags.member.1.Value': 'other' }
    assert.match(await refusal('GetFederationToken', bob, other), /^AccessDeniedException: /)
  })

  it('are refused names that no session can have', async () => {
    const root = await sts.root()
    for (const Name of ['', 'a', 'a b', 'x'.repeat(33)]) {
      assert.match(await refusal('GetFederationToken', root, { Name }), /^ValidationException: /)
    }
  })
})
