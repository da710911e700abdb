/**
 * AssumeRoleWithWebIdentity: credentials of a role for the bearer of a token from an OpenID Connect provider that the role
 * trusts. Nothing is signed: the token tells who calls (web-identity-caller.ts).
 */
import { accessDenied } from '#aws/denial.ts'
import { integer, optional, string } from '#aws/shape.ts'
import { partitionOf, roleSessionArn } from '#base/arn.ts'
import { after } from '#base/maybe-async.ts'
import { issueCredentials, roleSessionDuration } from '../credentials.ts'
import { AssumedRoleUserShape, ClientTokenType, CredentialsShape, PolicyArnList, ProviderIdType } from '../members.ts'
import { MinimumSessionTokenSizeType, RoleArnType, RoleDurationType, RoleSessionNameType } from '../members.ts'
import { SessionPolicyType } from '../members.ts'
import { readOperation } from '../operation.ts'
import { roleTarget } from '../role-target.ts'
import { packedPolicySize, sessionPolicies } from '../session-policies.ts'
import { identifyBearer, WebIdentityContext } from '../web-identity-caller.ts'

const denied = accessDenied('Not authorized to perform sts:AssumeRoleWithWebIdentity')

export const AssumeRoleWithWebIdentity = readOperation({
  name: 'AssumeRoleWithWebIdentity',
  effect: 'read',
  input: {
    RoleArn: RoleArnType,
    RoleSessionName: RoleSessionNameType,
    WebIdentityToken: ClientTokenType,
    ProviderId: optional(ProviderIdType),
    PolicyArns: optional(PolicyArnList),
    Policy: optional(SessionPolicyType),
    DurationSeconds: optional(RoleDurationType),
    MinimumSessionTokenSize: optional(MinimumSessionTokenSizeType),
  },
  output: {
    Credentials: CredentialsShape,
    SubjectFromWebIdentityToken: string(),
    AssumedRoleUser: AssumedRoleUserShape,
    PackedPolicySize: optional(integer()),
    Provider: string(),
    Audience: string(),
  },
  identify: identifyBearer,
  targets: {
    role: roleTarget({
      action: 'sts:AssumeRoleWithWebIdentity',
      crossAccount: false,
      denial: () => denied,
    }),
  },
  // Providers by name are those of OAuth 2.0 access tokens, which are not verified here.
  refuses: ['ProviderId', 'MinimumSessionTokenSize'],
  conditions: ['sts:RoleSessionName'],
  grantable: [],
  dryRun: false,
  quota: 'sts',
  errors: [
    'AccessDeniedException',
    'ExpiredIdentityTokenException',
    'IDPCommunicationErrorException',
    'IDPRejectedClaimException',
    'InvalidIdentityTokenException',
    'MalformedPolicyDocumentException',
    'PackedPolicyTooLargeException',
  ],
  audit: {
    readOnly: true,
    request: ['RoleArn', 'RoleSessionName', 'PolicyArns', 'Policy', 'DurationSeconds'],
    response: [
      ...(['Credentials', 'SubjectFromWebIdentityToken', 'AssumedRoleUser', 'PackedPolicySize'] as const),
      ...(['Provider', 'Audience'] as const),
    ],
  },
  handle({ facts, targets, ports, fail }, input) {
    const { role } = targets.role
    const { context } = facts.caller
    if (!(context instanceof WebIdentityContext)) throw new TypeError('the caller was not identified by a token')
    const { claims, values } = context
    const { RoleSessionName: sessionName } = input
    const seconds = roleSessionDuration(input.DurationSeconds, role.maxSessionDuration, false, fail)
    return after(sessionPolicies(input, { account: role.account, region: facts.region }, ports, fail), (policies) => {
      const session = {
        account: role.account,
        principal: { kind: 'role', roleId: role.id, sessionName },
        policies,
        tags: [],
        transitiveTagKeys: [],
        sourceIdentity: undefined,
        claims: values,
      } as const
      return {
        PackedPolicySize: packedPolicySize(session, fail),
        Credentials: issueCredentials(session, seconds, ports),
        SubjectFromWebIdentityToken: claims.subject,
        AssumedRoleUser: {
          AssumedRoleId: `${role.id}:${sessionName}`,
          Arn: roleSessionArn(partitionOf(facts.region), role.account, role.name, sessionName),
        },
        Provider: claims.issuer,
        Audience: claims.audience,
      }
    })
  },
})
