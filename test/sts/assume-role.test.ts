import assert from 'node:assert/strict'
import { beforeEach, describe, it } from 'node:test'
import type { Caller } from '#policy/principal.ts'
import type { RoleRecord, UserRecord } from '#records/iam.ts'
import { MemorySts, now, otherAccount, statement, trusts, type Called } from './memory-sts.ts'

const roleArn = 'arn:aws:iam::111122223333:role/target'
const accountArn = 'arn:aws:iam::111122223333:root'
const mayAssume = statement({ Action: ['sts:AssumeRole', 'sts:TagSession', 'sts:SetSourceIdentity'], Resource: '*' })
const trustingAll = (principal: string): string =>
  trusts(principal, { Action: ['sts:AssumeRole', 'sts:TagSession', 'sts:SetSourceIdentity'] })

describe('AssumeRole', () => {
  let sts: MemorySts
  let alice: UserRecord

  beforeEach(() => {
    sts = new MemorySts()
    alice = sts.addUser('alice')
  })

  const assume = (caller: Caller, form: Readonly<Record<string, string>> = {}): Promise<Called> =>
    sts.call('AssumeRole', caller, { RoleArn: roleArn, RoleSessionName: 'work', ...form })

  /** The code and text of a refusal. */
  async function refusal(caller: Caller, form: Readonly<Record<string, string>> = {}): Promise<string> {
    const { refused } = await assume(caller, form)
    return refused === undefined ? 'allowed' : `${refused.code}: ${refused.message ?? ''}`
  }

  const denied = (action: string, arn = roleArn, who = 'arn:aws:iam::111122223333:user/alice'): string =>
    `AccessDeniedException: User: ${who} is not authorized to perform: ${action} on resource: ${arn}`

  it('gives credentials of the role to whom the trust policy names', async () => {
    const role = sts.addRole('target', trusts(alice.id))
    const called = await assume(await sts.user(alice))
    assert.equal(called.refused, undefined)
    assert.deepEqual(sts.sessionOf(called), {
      account: role.account,
      principal: { kind: 'role', roleId: role.id, sessionName: 'work' },
      issuedAt: now,
      expiresAt: Date.UTC(2026, 10, 22, 11),
      policies: undefined,
      tags: [],
      transitiveTagKeys: [],
      sourceIdentity: undefined,
      claims: {},
    })
    assert.match(
      called.xml,
      /<AssumeRoleResult><Credentials><AccessKeyId>ASIA0{16}<\/AccessKeyId><SecretAccessKey>s{40}<\/SecretAccessKey><SessionToken>token<\/SessionToken><Expiration>2026-11-22T11:00:00Z<\/Expiration><\/Credentials><AssumedRoleUser><AssumedRoleId>AROATARGETXXXXXXXXXXX:work<\/AssumedRoleId><Arn>arn:aws:sts::111122223333:assumed-role\/target\/work<\/Arn><\/AssumedRoleUser><\/AssumeRoleResult>/,
    )
    assert.deepEqual(called.targets, ['role'])
    const bearer = await sts.bearer(called)
    assert.equal(bearer.arn, 'arn:aws:sts::111122223333:assumed-role/target/work')
  })

  it('needs the permission of the own account as well when the trust policy names the account', async () => {
    sts.addRole('target', trusts(accountArn))
    assert.equal(await refusal(await sts.user(alice)), denied('sts:AssumeRole'))
    const bob = sts.addUser('bob', [mayAssume])
    assert.equal(await refusal(await sts.user(bob)), 'allowed')
  })

  it('needs both sides when the role is of another account', async () => {
    const stranger = sts.addUser('stranger', [], otherAccount)
    const friend = sts.addUser('friend', [mayAssume], otherAccount)
    sts.addRole('target', trusts([stranger.id, friend.id]))
    const who = 'arn:aws:iam::444455556666:user/stranger'
    assert.equal(await refusal(await sts.user(stranger)), denied('sts:AssumeRole', roleArn, who))
    assert.equal(await refusal(await sts.user(friend)), 'allowed')
  })

  it('answers the same for a role that is not there as for one that does not trust the caller', async () => {
    sts.addRole('target', trusts('AIDAELSEXXXXXXXXXXXXX'))
    const bob = await sts.user(sts.addUser('bob', [mayAssume]))
    const who = 'arn:aws:iam::111122223333:user/bob'
    assert.equal(await refusal(bob), denied('sts:AssumeRole', roleArn, who))
    const others = [
      'arn:aws:iam::111122223333:role/missing',
      'arn:aws:iam::999999999999:role/target',
      'arn:aws:iam::111122223333:role/path/target',
      'arn:aws:iam::111122223333:role/TARGET',
      'arn:aws-cn:iam::111122223333:role/target',
    ]
    for (const arn of others) {
      assert.equal(await refusal(bob, { RoleArn: arn }), denied('sts:AssumeRole', arn, who))
    }
  })

  it('refuses ARNs that are none of a role', async () => {
    for (const arn of [
      'arn:aws:iam::111122223333:user/alice',
      'arn:aws:iam::1:role/target',
      'no ARN but long enough',
    ]) {
      assert.equal(
        await refusal(await sts.user(alice), { RoleArn: arn }),
        'ValidationException: Request ARN is invalid',
      )
    }
  })

  it('refuses root users, and whom somebody vouched for', async () => {
    sts.addRole('target', trusts('*'))
    assert.equal(await refusal(await sts.root()), 'AccessDeniedException: Roles may not be assumed by root accounts.')
    const all = statement({ Action: '*', Resource: '*' })
    const token = await sts.call('GetFederationToken', await sts.root(), { Name: 'guest', Policy: all })
    const who = 'arn:aws:sts::111122223333:federated-user/guest'
    assert.equal(await refusal(await sts.bearer(token)), denied('sts:AssumeRole', roleArn, who))
  })

  it('lets conditions ask for the external id, the session name and tags of the role', async () => {
    const conditions = {
      'sts:ExternalId': '42',
      'sts:RoleSessionName': '${aws:username}',
      'aws:ResourceTag/Stage': 'test',
    }
    const tags = [{ TagKey: 'stage', TagValue: 'test' }]
    sts.addRole('target', trusts(alice.id, { Condition: { StringEquals: conditions } }), { tags })
    const caller = await sts.user(alice)
    assert.equal(await refusal(caller, { ExternalId: '42', RoleSessionName: 'alice' }), 'allowed')
    assert.equal(await refusal(caller, { ExternalId: '43', RoleSessionName: 'alice' }), denied('sts:AssumeRole'))
    assert.equal(await refusal(caller, { RoleSessionName: 'alice' }), denied('sts:AssumeRole'))
    assert.equal(await refusal(caller, { ExternalId: '42' }), denied('sts:AssumeRole'))
  })

  it('refuses what it cannot do by name', async () => {
    sts.addRole('target', trusts(alice.id))
    const caller = await sts.user(alice)
    assert.equal(
      await refusal(caller, { SerialNumber: 'arn:aws:iam::111122223333:mfa/x', TokenCode: '123456' }),
      'UnsupportedOperationException: SerialNumber is not supported by this version of Trent.',
    )
  })

  it('lasts an hour, or as long as was asked for and the role allows', async () => {
    sts.addRole('target', trusts(alice.id))
    const caller = await sts.user(alice)
    const called = await assume(caller, { DurationSeconds: '7200' })
    assert.equal(sts.sessionOf(called).expiresAt, Date.UTC(2026, 10, 22, 12))
    assert.equal(
      await refusal(caller, { DurationSeconds: '7201' }),
      'ValidationException: The requested DurationSeconds exceeds the MaxSessionDuration set for this role.',
    )
    assert.match(await refusal(caller, { DurationSeconds: '899' }), /^ValidationException: .*durationSeconds/)
  })

  describe('with the credentials of a role', () => {
    let first: RoleRecord

    beforeEach(() => {
      first = sts.addRole('first', trustingAll(alice.id))
      sts.addRole('target', trustingAll(first.id))
    })

    const firstSession = async (form: Readonly<Record<string, string>> = {}): Promise<Caller> => {
      const called = await assume(await sts.user(alice), { RoleArn: 'arn:aws:iam::111122223333:role/first', ...form })
      assert.equal(called.refused, undefined)
      return sts.bearer(called)
    }

    it('lasts an hour at most', async () => {
      const caller = await firstSession()
      assert.equal(await refusal(caller, { DurationSeconds: '3600' }), 'allowed')
      assert.equal(
        await refusal(caller, { DurationSeconds: '3601' }),
        'ValidationException: The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role ' +
          'chaining.',
      )
    })

    it('hands on transitive tags, and they cannot be overridden', async () => {
      const caller = await firstSession({
        'Tags.member.1.Key': 'Team',
        'Tags.member.1.Value': 'keys',
        'Tags.member.2.Key': 'Stage',
        'Tags.member.2.Value': 'test',
        'TransitiveTagKeys.member.1': 'team',
      })
      const called = await assume(caller, { 'Tags.member.1.Key': 'Other', 'Tags.member.1.Value': 'x' })
      assert.deepEqual(sts.sessionOf(called).tags, [
        { TagKey: 'Team', TagValue: 'keys' },
        { TagKey: 'Other', TagValue: 'x' },
      ])
      assert.deepEqual(sts.sessionOf(called).transitiveTagKeys, ['Team'])
      assert.equal((await sts.bearer(called)).context.value('aws:principaltag/team'), 'keys')
      assert.equal(
        await refusal(caller, { 'Tags.member.1.Key': 'TEAM', 'Tags.member.1.Value': 'x' }),
        "InvalidParameterValueException: One of the specified transitive tag keys can't be set because it conflicts " +
          'with a transitive tag key from the calling session.',
      )
    })

    it('needs sts:TagSession also for tags that it only hands on', async () => {
      sts.addRole('plain', trusts(first.id))
      const plain = { RoleArn: 'arn:aws:iam::111122223333:role/plain' }
      assert.equal(await refusal(await firstSession(), plain), 'allowed')
      const tagged = await firstSession({
        'Tags.member.1.Key': 'Team',
        'Tags.member.1.Value': 'keys',
        'TransitiveTagKeys.member.1': 'Team',
      })
      const who = 'arn:aws:sts::111122223333:assumed-role/first/work'
      assert.equal(await refusal(tagged, plain), denied('sts:TagSession', plain.RoleArn, who))
    })

    it('keeps the source identity, and needs sts:SetSourceIdentity for it', async () => {
      const caller = await firstSession({ SourceIdentity: 'alice' })
      assert.equal(caller.context.value('aws:sourceidentity'), 'alice')
      const called = await assume(caller)
      assert.equal(sts.sessionOf(called).sourceIdentity, 'alice')
      assert.equal(called.output['SourceIdentity'], 'alice')
      assert.equal(await refusal(caller, { SourceIdentity: 'alice' }), 'allowed')
      assert.equal(
        await refusal(caller, { SourceIdentity: 'mallory' }),
        "AccessDeniedException: The source identity is already set by the calling session and can't be changed.",
      )
      sts.addRole('plain', trusts(first.id))
      const arn = 'arn:aws:iam::111122223333:role/plain'
      const who = 'arn:aws:sts::111122223333:assumed-role/first/work'
      assert.equal(await refusal(caller, { RoleArn: arn }), denied('sts:SetSourceIdentity', arn, who))
    })
  })

  it('needs sts:TagSession for tags, on both sides where both decide', async () => {
    const tags = { 'Tags.member.1.Key': 'Team', 'Tags.member.1.Value': 'keys' }
    sts.addRole('target', trusts(alice.id))
    assert.equal(await refusal(await sts.user(alice), tags), denied('sts:TagSession'))
    sts.addRole('open', trustingAll(accountArn))
    const bob = sts.addUser('bob', [statement({ Action: 'sts:AssumeRole', Resource: '*' })])
    const arn = 'arn:aws:iam::111122223333:role/open'
    const who = 'arn:aws:iam::111122223333:user/bob'
    assert.equal(await refusal(await sts.user(bob), { RoleArn: arn }), 'allowed')
    assert.equal(await refusal(await sts.user(bob), { RoleArn: arn, ...tags }), denied('sts:TagSession', arn, who))
  })

  it('lets conditions ask for the tags of the request', async () => {
    const Condition = {
      StringEquals: { 'aws:RequestTag/team': ['keys'] },
      'ForAllValues:StringEquals': { 'aws:TagKeys': ['Team', 'Stage'], 'sts:TransitiveTagKeys': ['Team'] },
    }
    sts.addRole('target', trusts(alice.id, { Action: ['sts:AssumeRole', 'sts:TagSession'], Condition }))
    const caller = await sts.user(alice)
    const team = { 'Tags.member.1.Key': 'Team', 'Tags.member.1.Value': 'keys' }
    assert.equal(await refusal(caller, team), 'allowed')
    assert.equal(await refusal(caller, { ...team, 'TransitiveTagKeys.member.1': 'Team' }), 'allowed')
    assert.equal(
      await refusal(caller, { ...team, 'Tags.member.2.Key': 'Other', 'Tags.member.2.Value': '' }),
      denied('sts:AssumeRole'),
    )
    assert.equal(await refusal(caller), denied('sts:AssumeRole'))
  })

  it('refuses tags that stand there twice, and transitive keys without a tag', async () => {
    sts.addRole('target', trustingAll(alice.id))
    const caller = await sts.user(alice)
    assert.equal(
      await refusal(caller, {
        'Tags.member.1.Key': 'team',
        'Tags.member.1.Value': 'a',
        'Tags.member.2.Key': 'Team',
        'Tags.member.2.Value': 'a',
      }),
      'InvalidParameterValueException: Duplicate tag keys found. Please note that Tag keys are case insensitive.',
    )
    assert.equal(
      await refusal(caller, { 'TransitiveTagKeys.member.1': 'team' }),
      'InvalidParameterValueException: The specified transitive tag key must be included in the requested tags.',
    )
  })

  it('takes session policies, and says how much of the room they take', async () => {
    sts.addRole('target', trustingAll(alice.id))
    sts.addPolicy('Reader', statement({ Action: 'kms:Decrypt', Resource: '*' }))
    const Policy = statement({ Action: 'kms:Encrypt', Resource: '*' })
    const arns = ['arn:aws:iam::111122223333:policy/team/Reader', 'arn:aws:iam::aws:policy/ReadOnlyAccess']
    const called = await assume(await sts.user(alice), {
      Policy,
      'PolicyArns.member.1.arn': arns[0] ?? '',
      'PolicyArns.member.2.arn': arns[1] ?? '',
    })
    assert.deepEqual(sts.sessionOf(called).policies, { documents: [Policy], arns })
    // 205 bytes of 4,096.
    assert.equal(called.output['PackedPolicySize'], 6)
    assert.equal((await sts.bearer(called)).subject.session?.length, 3)
  })

  it('refuses session policies that are none, too many, or of others', async () => {
    sts.addRole('target', trustingAll(alice.id))
    sts.addPolicy('Theirs', statement({ Action: '*', Resource: '*' }), otherAccount)
    const caller = await sts.user(alice)
    assert.equal(await refusal(caller, { Policy: '{}' }), 'MalformedPolicyDocumentException: Syntax errors in policy.')
    for (const arn of [
      'arn:aws:iam::444455556666:policy/team/Theirs',
      'arn:aws:iam::111122223333:policy/Missing',
      'arn:aws:iam::aws:policy/Missing',
    ]) {
      assert.equal(
        await refusal(caller, { 'PolicyArns.member.1.arn': arn }),
        `ValidationException: Policy ${arn} does not exist or is not attachable.`,
      )
    }
    const eleven = Object.fromEntries(
      Array.from({ length: 11 }, (_, index) => [
        `PolicyArns.member.${index + 1}.arn`,
        `arn:aws:iam::aws:policy/P${index}`,
      ]),
    )
    assert.match(await refusal(caller, eleven), /^ValidationException: .*length less than or equal to 10/)
    assert.match(
      await refusal(caller, { Policy: ' '.repeat(2049) }),
      /^ValidationException: .*less than or equal to 2048/,
    )
  })

  it('refuses tags that take more room than there is', async () => {
    sts.addRole('target', trustingAll(alice.id))
    const tags = Object.fromEntries(
      Array.from({ length: 20 }).flatMap((_, index) => [
        [`Tags.member.${index + 1}.Key`, `key-${index}`] as const,
        [`Tags.member.${index + 1}.Value`, 'x'.repeat(256)] as const,
      ]),
    )
    assert.equal(
      await refusal(await sts.user(alice), tags),
      'PackedPolicyTooLargeException: Packed size of session tags consumes 131% of allotted space.',
    )
  })
})
