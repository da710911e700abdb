import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import {
  AddUserToGroupCommand,
  AttachUserPolicyCommand,
  CreateGroupCommand,
  GetContextKeysForCustomPolicyCommand,
  GetContextKeysForPrincipalPolicyCommand,
  PutGroupPolicyCommand,
  PutRolePolicyCommand,
  PutUserPermissionsBoundaryCommand,
  SimulateCustomPolicyCommand,
  SimulatePrincipalPolicyCommand,
  TagUserCommand,
  type SimulateCustomPolicyCommandInput,
  type SimulatePolicyResponse,
  type SimulatePrincipalPolicyCommandInput,
} from '@aws-sdk/client-iam'
import {
  CreateKeyCommand,
  DescribeKeyCommand,
  GetKeyPolicyCommand,
  KMSClient,
  TagResourceCommand,
} from '@aws-sdk/client-kms'
import { allow, clientWith, iamServer, makeRole, makeUser, newName, policy, refused, refusalOf } from './service.ts'

const fixture = await iamServer()
const { root, server } = fixture
const { account } = server
const userArn = (name: string): string => `arn:aws:iam::${account}:user/${name}`
const roleArn = (name: string): string => `arn:aws:iam::${account}:role/${name}`
const key = `arn:aws:kms:us-east-1:${account}:key/1234abcd-12ab-34cd-56ef-1234567890ab`
const deny = (action: string) => ({ Effect: 'Deny', Action: action, Resource: '*' })

const custom = (input: Partial<SimulateCustomPolicyCommandInput>) =>
  root.send(new SimulateCustomPolicyCommand({ PolicyInputList: [], ActionNames: ['kms:Decrypt'], ...input }))
const principal = (PolicySourceArn: string, input: Partial<SimulatePrincipalPolicyCommandInput> = {}) =>
  root.send(new SimulatePrincipalPolicyCommand({ PolicySourceArn, ActionNames: ['kms:Decrypt'], ...input }))
const decisions = ({ EvaluationResults }: SimulatePolicyResponse): readonly unknown[] =>
  (EvaluationResults ?? []).map(({ EvalDecision }) => EvalDecision)

describe('SimulateCustomPolicy', () => {
  it('decides each action on each resource', async () => {
    const other = key.replace('1234abcd', '5678abcd')
    const answer = await custom({
      PolicyInputList: [policy(allow('kms:Decrypt', key)), policy(deny('kms:Encrypt'))],
      ActionNames: ['kms:Decrypt', 'kms:Encrypt'],
      ResourceArns: [key, other],
    })
    assert.deepEqual(
      answer.EvaluationResults?.map((each) => [each.EvalActionName, each.EvalResourceName, each.EvalDecision]),
      [
        ['kms:Decrypt', key, 'allowed'],
        ['kms:Decrypt', other, 'implicitDeny'],
        ['kms:Encrypt', key, 'explicitDeny'],
        ['kms:Encrypt', other, 'explicitDeny'],
      ],
    )
    const [first] = answer.EvaluationResults ?? []
    assert.deepEqual(first?.ResourceSpecificResults?.[0]?.EvalResourceDecision, 'allowed')
    assert.equal(answer.IsTruncated, false)
  })

  it('shows where the statement that decided stands', async () => {
    const text =
      '{\n  "Version": "2012-10-17",\n  "Statement": [\n' +
      '    {"Effect": "Allow", "Action": "kms:List*", "Resource": "*"},\n' +
      '    {\n      "Effect": "Allow", "Action": "kms:Decrypt", "Resource": "*"\n    }\n  ]\n}'
    const answer = await custom({ PolicyInputList: [policy(allow('s3:*')), text] })
    assert.deepEqual(answer.EvaluationResults?.[0]?.MatchedStatements, [
      {
        SourcePolicyId: 'PolicyInputList.2',
        SourcePolicyType: 'none',
        StartPosition: { Line: 5, Column: 5 },
        EndPosition: { Line: 7, Column: 6 },
      },
    ])
  })

  it('takes context keys and names those that are missing', async () => {
    const condition = { StringEquals: { 'kms:EncryptionContext:App': 'a' }, Bool: { 'aws:SecureTransport': 'true' } }
    const input = { PolicyInputList: [policy(allow('kms:Decrypt', '*', condition))] }
    const without = await custom(input)
    assert.deepEqual(decisions(without), ['implicitDeny'])
    assert.deepEqual(without.EvaluationResults?.[0]?.MissingContextValues, [
      'kms:EncryptionContext:App',
      'aws:SecureTransport',
    ])
    const answer = await custom({
      ...input,
      ContextEntries: [
        { ContextKeyName: 'kms:encryptioncontext:app', ContextKeyValues: ['a'], ContextKeyType: 'string' },
        { ContextKeyName: 'aws:SecureTransport', ContextKeyValues: ['true'], ContextKeyType: 'boolean' },
      ],
    })
    assert.deepEqual(decisions(answer), ['allowed'])
    assert.deepEqual(answer.EvaluationResults?.[0]?.MissingContextValues, [])
  })

  it('takes multivalued keys', async () => {
    const condition = { 'ForAllValues:StringEquals': { 'aws:TagKeys': ['a', 'b'] } }
    const PolicyInputList = [policy(allow('kms:TagResource', '*', condition))]
    const of = async (...values: string[]) =>
      decisions(
        await custom({
          PolicyInputList,
          ActionNames: ['kms:TagResource'],
          ContextEntries: [{ ContextKeyName: 'aws:TagKeys', ContextKeyValues: values, ContextKeyType: 'stringList' }],
        }),
      )
    assert.deepEqual([await of('a'), await of('a', 'c')], [['allowed'], ['implicitDeny']])
  })

  it('limits by a boundary and by policies of an organization', async () => {
    const everything = policy(allow('*'))
    const limited = await custom({
      PolicyInputList: [everything],
      PermissionsBoundaryPolicyInputList: [policy(allow('s3:*'))],
    })
    const [boundary] = limited.EvaluationResults ?? []
    assert.equal(boundary?.EvalDecision, 'implicitDeny')
    assert.deepEqual(boundary.PermissionsBoundaryDecisionDetail, { AllowedByPermissionsBoundary: false })
    const organized = await custom({
      PolicyInputList: [everything],
      OrderedOrganizationPolicyInputList: [
        { ServiceControlPolicyInputList: [everything] },
        { ServiceControlPolicyInputList: [policy(allow('s3:*'))] },
      ],
    })
    const [organization] = organized.EvaluationResults ?? []
    assert.equal(organization?.EvalDecision, 'implicitDeny')
    assert.deepEqual(organization.OrganizationsDecisionDetail, { AllowedByOrganizations: false })
  })

  it('lets a resource policy decide for a caller', async () => {
    const caller = await makeUser(fixture)
    const resourcePolicy = (name: string): string =>
      policy({ Effect: 'Allow', Principal: { AWS: name }, Action: 'kms:Decrypt', Resource: '*' })
    const input = { ResourceArns: [key], CallerArn: userArn(caller) }
    const answer = await custom({ ...input, ResourcePolicy: resourcePolicy(userArn(caller)) })
    assert.deepEqual(decisions(answer), ['allowed'])
    const [statement] = answer.EvaluationResults?.[0]?.MatchedStatements ?? []
    assert.deepEqual([statement?.SourcePolicyId, statement?.SourcePolicyType], ['ResourcePolicy', 'resource'])
    // The account alone leaves it to the policies of the caller, of which there are none here.
    const delegated = await custom({ ...input, ResourcePolicy: resourcePolicy(account) })
    assert.deepEqual(decisions(delegated), ['implicitDeny'])
    const both = { ...input, PolicyInputList: [policy(allow('kms:Decrypt'))], ResourcePolicy: resourcePolicy(account) }
    assert.deepEqual(decisions(await custom(both)), ['allowed'])
    const foreign = { ...both, ResourceArns: [key.replace(account, '999988887777')] }
    assert.deepEqual(decisions(await custom(foreign)), ['allowed'])
    assert.deepEqual(decisions(await custom({ ...foreign, ResourcePolicy: resourcePolicy('*') })), ['allowed'])
    assert.deepEqual(
      decisions(await custom({ ...foreign, PolicyInputList: [], ResourcePolicy: resourcePolicy('*') })),
      ['implicitDeny'],
    )
  })

  it('answers page by page', async () => {
    const input = {
      PolicyInputList: [policy(allow('kms:B'))],
      ActionNames: ['kms:A', 'kms:B', 'kms:C'],
      MaxItems: 2,
    }
    const first = await custom(input)
    const second = await custom({ ...input, Marker: first.Marker })
    assert.deepEqual([decisions(first), first.IsTruncated], [['implicitDeny', 'allowed'], true])
    assert.deepEqual([decisions(second), second.IsTruncated], [['implicitDeny'], false])
    // unverified wording
    const other = custom({ ...input, ActionNames: ['kms:A', 'kms:B', 'kms:D'], Marker: first.Marker })
    await refused(other, 'ValidationError', 'Invalid Marker.', 400)
  })

  it('refuses what it cannot simulate', async () => {
    const good = [policy(allow('kms:*'))]
    // unverified wordings
    const wrong: readonly (readonly [Partial<SimulateCustomPolicyCommandInput>, string])[] = [
      [{ PolicyInputList: ['{'] }, 'PolicyInputList.1: Syntax errors in policy.'],
      [{ PolicyInputList: good, ActionNames: ['kms:*'] }, 'kms:* is not the name of an action.'],
      [{ PolicyInputList: good, ResourceArns: ['key'] }, 'key is not an ARN.'],
      [{ PolicyInputList: good, ResourceOwner: 'me' }, 'me names no account.'],
      [{ PolicyInputList: good, CallerArn: 'alice' }, 'alice is not the ARN of a user or role.'],
      [
        { PolicyInputList: good, PermissionsBoundaryPolicyInputList: [...good, ...good] },
        'Only one permissions boundary can be simulated.',
      ],
      [
        { PolicyInputList: good, ResourcePolicy: policy({ ...allow('kms:*'), Principal: '*' }) },
        'CallerArn is required with ResourcePolicy, unless the policies are those of a user or role.',
      ],
    ]
    for (const [input, message] of wrong) await refused(custom(input), 'InvalidInputException', message, 400)
    const scenario = custom({ PolicyInputList: good, ResourceHandlingOption: 'EC2-VPC-InstanceStore' })
    assert.match((await refusalOf(scenario))[1], /ResourceHandlingOption is not supported/)
  })
})

describe('SimulatePrincipalPolicy', () => {
  it('takes the policies of a user and its groups', async () => {
    const { user } = await clientWith(fixture, allow('kms:Encrypt'))
    const GroupName = newName('group')
    await root.send(new CreateGroupCommand({ GroupName }))
    await root.send(new AddUserToGroupCommand({ GroupName, UserName: user }))
    const PolicyDocument = policy(allow('kms:Decrypt'))
    await root.send(new PutGroupPolicyCommand({ GroupName, PolicyName: 'ours', PolicyDocument }))
    const PolicyArn = 'arn:aws:iam::aws:policy/ReadOnlyAccess'
    await root.send(new AttachUserPolicyCommand({ UserName: user, PolicyArn }))
    const answer = await principal(userArn(user), {
      ActionNames: ['kms:Encrypt', 'kms:Decrypt', 'kms:ListKeys', 'kms:CreateKey'],
    })
    assert.deepEqual(
      answer.EvaluationResults?.map(({ EvalDecision, MatchedStatements }) => [
        EvalDecision,
        MatchedStatements?.[0]?.SourcePolicyId,
        MatchedStatements?.[0]?.SourcePolicyType,
      ]),
      [
        ['allowed', `user_${user}_given`, 'user'],
        ['allowed', `group_${GroupName}_ours`, 'group'],
        ['allowed', 'ReadOnlyAccess', 'aws-managed'],
        ['implicitDeny', undefined, undefined],
      ],
    )
    assert.deepEqual(decisions(await principal(`arn:aws:iam::${account}:group/${GroupName}`)), ['allowed'])
  })

  it('takes the boundary of the user, or another in its place', async () => {
    const { user } = await clientWith(fixture, allow('kms:*'))
    const PermissionsBoundary = 'arn:aws:iam::aws:policy/ReadOnlyAccess'
    await root.send(new PutUserPermissionsBoundaryCommand({ UserName: user, PermissionsBoundary }))
    const own = await principal(userArn(user))
    assert.deepEqual(decisions(own), ['implicitDeny'])
    assert.deepEqual(own.EvaluationResults?.[0]?.PermissionsBoundaryDecisionDetail, {
      AllowedByPermissionsBoundary: false,
    })
    const other = await principal(userArn(user), { PermissionsBoundaryPolicyInputList: [policy(allow('kms:*'))] })
    assert.deepEqual(decisions(other), ['allowed'])
  })

  it('wants a source that exists', async () => {
    const message = 'The user with name nobody cannot be found.'
    await refused(principal(userArn('nobody')), 'NoSuchEntityException', message, 404)
    const arn = `arn:aws:iam::${account}:policy/p`
    // unverified wording
    const invalid = `Invalid Entity Arn: ${arn} does not clearly define entity type and name.`
    await refused(principal(arn), 'InvalidInputException', invalid, 400)
    const user = await makeUser(fixture)
    const elsewhere = principal(`arn:aws:iam::${account}:user/path/${user}`)
    assert.equal((await refusalOf(elsewhere))[0], 'NoSuchEntityException')
  })

  it('is for those who may', async () => {
    const { iam, user } = await clientWith(fixture, allow('kms:*'))
    const command = new SimulatePrincipalPolicyCommand({ PolicySourceArn: userArn(user), ActionNames: ['kms:Decrypt'] })
    assert.match(
      (await refusalOf(iam.send(command)))[1],
      /is not authorized to perform: iam:SimulatePrincipalPolicy on resource: arn:aws:iam::/,
    )
  })

  it('decides as real requests are decided', async () => {
    const kms = server.kms()
    const { KeyMetadata } = await kms.send(new CreateKeyCommand({}))
    const { Arn: keyArn = '', KeyId = '' } = KeyMetadata ?? {}
    const { Policy: ResourcePolicy = '' } = await kms.send(new GetKeyPolicyCommand({ KeyId }))
    const owned = { StringEquals: { 'aws:PrincipalTag/team': 'a', 'aws:ResourceAccount': account } }
    const named = { StringLike: { 'aws:username': 'caller*' } }
    const variants = [
      [],
      [allow('kms:DescribeKey')],
      [allow('kms:*', keyArn), deny('kms:DescribeKey')],
      [allow('kms:*', keyArn), deny('kms:TagResource')],
      [allow('kms:Describe*', `arn:aws:kms:*:*:key/*`, named)],
      [allow('kms:TagResource', keyArn, owned)],
      [allow('kms:*', keyArn.replace(/.$/, 'x'))],
      [{ Effect: 'Allow', NotAction: 'kms:Describe*', Resource: '*' }],
    ]
    for (const statements of variants) {
      const { user, credentials } = await clientWith(fixture, ...statements)
      await root.send(new TagUserCommand({ UserName: user, Tags: [{ Key: 'team', Value: 'a' }] }))
      const client = new KMSClient({ endpoint: server.url, region: server.region, credentials, maxAttempts: 1 })
      const outcome = (sent: Promise<unknown>) =>
        sent.then(
          () => true,
          (error: unknown) => {
            assert.match(String(error), /AccessDenied/)
            return false
          },
        )
      const real = [
        await outcome(client.send(new DescribeKeyCommand({ KeyId }))),
        await outcome(client.send(new TagResourceCommand({ KeyId, Tags: [{ TagKey: 'a', TagValue: 'b' }] }))),
      ]
      client.destroy()
      const simulated = await principal(userArn(user), {
        ActionNames: ['kms:DescribeKey', 'kms:TagResource'],
        ResourceArns: [keyArn],
        ResourcePolicy,
      })
      assert.deepEqual(
        decisions(simulated).map((decision) => decision === 'allowed'),
        real,
        JSON.stringify(statements),
      )
    }
  })

  it('simulates a session of a role', async () => {
    const RoleName = await makeRole(fixture)
    const PolicyDocument = policy(allow('kms:Decrypt', '*', { ArnLike: { 'aws:PrincipalArn': roleArn(RoleName) } }))
    await root.send(new PutRolePolicyCommand({ RoleName, PolicyName: 'p', PolicyDocument }))
    const ResourcePolicy = policy({ ...allow('kms:Encrypt'), Principal: { AWS: roleArn(RoleName) } })
    const answer = await principal(roleArn(RoleName), {
      ActionNames: ['kms:Decrypt', 'kms:Encrypt'],
      ResourceArns: [key],
      ResourcePolicy,
    })
    assert.deepEqual(decisions(answer), ['implicitDeny', 'allowed'])
    assert.deepEqual(decisions(await principal(roleArn(RoleName))), ['allowed'])
  })
})

describe('the context keys of policies', () => {
  const document = policy(
    allow('kms:Decrypt', 'arn:aws:kms:*:*:key/${aws:PrincipalTag/team}', { Bool: { 'aws:SecureTransport': 'true' } }),
    allow('kms:Encrypt', '*', { StringEquals: { 'aws:securetransport': 'a', 'kms:ViaService': 'b' } }),
  )

  it('are named once each', async () => {
    const command = new GetContextKeysForCustomPolicyCommand({ PolicyInputList: [document] })
    const { ContextKeyNames } = await root.send(command)
    assert.deepEqual(ContextKeyNames, ['aws:SecureTransport', 'kms:ViaService', 'aws:principaltag/team'])
  })

  it('are those of an entity and of further policies', async () => {
    const { user } = await clientWith(fixture, allow('kms:*', '*', { Null: { 'kms:GrantOperations': 'true' } }))
    const command = { PolicySourceArn: userArn(user), PolicyInputList: [document] }
    const { ContextKeyNames } = await root.send(new GetContextKeysForPrincipalPolicyCommand(command))
    assert.deepEqual(ContextKeyNames, [
      'kms:GrantOperations',
      'aws:SecureTransport',
      'kms:ViaService',
      'aws:principaltag/team',
    ])
    const missing = new GetContextKeysForPrincipalPolicyCommand({ PolicySourceArn: userArn('nobody') })
    const message = 'The user with name nobody cannot be found.'
    await refused(root.send(missing), 'NoSuchEntityException', message, 404)
  })
})
