/**
 * AssumeRole: credentials of a role for whom its trust policy admits. Tags and source identity that the calling session hands
 * on need the same permissions as those of the request ("Monitor and control actions taken with assumed roles").
 */
import { accessDenied } from '#aws/denial.ts'
import { integer, optional, string } from '#aws/shape.ts'
import { partitionOf, roleSessionArn } from '#base/arn.ts'
import { after } from '#base/maybe-async.ts'
import { issueCredentials, roleSessionDuration } from '../credentials.ts'
import { AssumedRoleUserShape, CredentialsShape, ExternalIdType, PolicyArnList, RoleArnType } from '../members.ts'
import { MinimumSessionTokenSizeType, ProvidedContextList, SerialNumberType, TokenCodeType } from '../members.ts'
import { RoleDurationType, RoleSessionNameType, SessionPolicyType, SourceIdentityType } from '../members.ts'
import { TagKeyList, TagList } from '../members.ts'
import { readOperation } from '../operation.ts'
import { roleDenial, roleTarget, type RoleRequest, type RoleRule } from '../role-target.ts'
import { packedPolicySize, sessionPolicies } from '../session-policies.ts'
import { broughtTags, sessionTags } from '../session-tags.ts'

const rule = (action: `sts:${string}`): RoleRule<RoleRequest> => ({
  action,
  crossAccount: true,
  denial: roleDenial(action),
  refuse: (facts, arn) => {
    const { kind } = facts.caller.subject
    if (kind === 'root') return accessDenied('Roles may not be assumed by root accounts.')
    // GetFederationToken, API Reference: of STS its credentials may call GetCallerIdentity alone.
    if (kind === 'federated user') return roleDenial(action)(facts, arn)
    return undefined
  },
})

export const AssumeRole = readOperation({
  name: 'AssumeRole',
  effect: 'read',
  input: {
    RoleArn: RoleArnType,
    RoleSessionName: RoleSessionNameType,
    PolicyArns: optional(PolicyArnList),
    Policy: optional(SessionPolicyType),
    DurationSeconds: optional(RoleDurationType),
    Tags: optional(TagList),
    TransitiveTagKeys: optional(TagKeyList),
    ExternalId: optional(ExternalIdType),
    SerialNumber: optional(SerialNumberType),
    TokenCode: optional(TokenCodeType),
    SourceIdentity: optional(SourceIdentityType),
    ProvidedContexts: optional(ProvidedContextList),
    MinimumSessionTokenSize: optional(MinimumSessionTokenSizeType),
  },
  output: {
    Credentials: CredentialsShape,
    AssumedRoleUser: AssumedRoleUserShape,
    PackedPolicySize: optional(integer()),
    SourceIdentity: optional(string()),
  },
  targets: {
    role: roleTarget(rule('sts:AssumeRole')),
    tags: roleTarget({
      ...rule('sts:TagSession'),
      applies: (input, { caller }) => broughtTags(input, caller.session).length > 0,
    }),
    sourceIdentity: roleTarget({
      ...rule('sts:SetSourceIdentity'),
      applies: ({ SourceIdentity }, { caller }) => (SourceIdentity ?? caller.session?.sourceIdentity) !== undefined,
    }),
  },
  refuses: ['SerialNumber', 'TokenCode', 'ProvidedContexts', 'MinimumSessionTokenSize'],
  conditions: [
    'aws:RequestTag',
    'aws:TagKeys',
    'sts:ExternalId',
    'sts:RoleSessionName',
    'sts:SourceIdentity',
    'sts:TransitiveTagKeys',
  ],
  grantable: [],
  dryRun: false,
  quota: 'sts',
  errors: [
    'AccessDeniedException',
    'InvalidParameterValueException',
    'MalformedPolicyDocumentException',
    'PackedPolicyTooLargeException',
  ],
  audit: {
    readOnly: true,
    request: [
      ...(['RoleArn', 'RoleSessionName', 'PolicyArns', 'Policy', 'DurationSeconds', 'Tags'] as const),
      ...(['TransitiveTagKeys', 'ExternalId', 'SourceIdentity'] as const),
    ],
    response: ['Credentials', 'AssumedRoleUser', 'PackedPolicySize', 'SourceIdentity'],
  },
  handle({ facts, targets, ports, fail }, input) {
    const { role } = targets.role
    const calling = facts.caller.session
    const { SourceIdentity = calling?.sourceIdentity, RoleSessionName: sessionName } = input
    if (calling?.sourceIdentity !== undefined && SourceIdentity !== calling.sourceIdentity) {
      fail('AccessDeniedException', "The source identity is already set by the calling session and can't be changed.")
    }
    const chained = facts.caller.subject.kind === 'role session'
    const seconds = roleSessionDuration(input.DurationSeconds, role.maxSessionDuration, chained, fail)
    const tags = sessionTags(input, calling, fail)
    return after(sessionPolicies(input, { account: role.account, region: facts.region }, ports, fail), (policies) => {
      const session = {
        account: role.account,
        principal: { kind: 'role', roleId: role.id, sessionName },
        policies,
        ...tags,
        sourceIdentity: SourceIdentity,
        claims: {},
      } as const
      return {
        PackedPolicySize: packedPolicySize(session, fail),
        Credentials: issueCredentials(session, seconds, ports),
        AssumedRoleUser: {
          AssumedRoleId: `${role.id}:${sessionName}`,
          Arn: roleSessionArn(partitionOf(facts.region), role.account, role.name, sessionName),
        },
        SourceIdentity,
      }
    })
  },
})
