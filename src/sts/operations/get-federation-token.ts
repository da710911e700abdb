/**
 * GetFederationToken: credentials for somebody whom a user, or the root user, vouches for. They may do what both the user and
 * the session policies allow; without session policies, only what resources allow them by their own name (API Reference).
 */
import type { RequestFacts, Target } from '#aws/operation.ts'
import { integer, optional } from '#aws/shape.ts'
import { federatedUserArn, partitionOf } from '#base/arn.ts'
import type { AccountId } from '#base/brand.ts'
import { after } from '#base/maybe-async.ts'
import type { SessionPrincipal } from '#ports/sessions.ts'
import { issueCredentials, userSessionDuration } from '../credentials.ts'
import { CredentialsShape, DurationType, FederatedUserShape, MinimumSessionTokenSizeType } from '../members.ts'
import { PolicyArnList, SessionPolicyType, TagList, UserNameType } from '../members.ts'
import { readOperation, type StsPorts } from '../operation.ts'
import { tagCondition } from '../role-target.ts'
import { packedPolicySize, sessionPolicies } from '../session-policies.ts'
import { sessionTags, type TagRequest } from '../session-tags.ts'

interface FederatedUser {
  readonly arn: string
  readonly account: AccountId
}

type Input = TagRequest & { readonly Name: string }

function federatedUser(action: `sts:${string}`): Target<StsPorts, Input, FederatedUser, never> {
  return {
    action,
    crossAccount: false,
    resolve: ({ Name }, { region, account }) => ({
      arn: federatedUserArn(partitionOf(region), account, Name),
      account,
    }),
    describe: ({ arn, account }) => ({ arn, account, policy: undefined, awsManaged: false }),
    condition: (key, _user, { Tags = [] }) => tagCondition(key, Tags),
    admit: () => undefined,
    audited: () => undefined,
  }
}

export const GetFederationToken = readOperation({
  name: 'GetFederationToken',
  effect: 'read',
  input: {
    Name: UserNameType,
    Policy: optional(SessionPolicyType),
    PolicyArns: optional(PolicyArnList),
    DurationSeconds: optional(DurationType),
    Tags: optional(TagList),
    MinimumSessionTokenSize: optional(MinimumSessionTokenSizeType),
  },
  output: {
    Credentials: CredentialsShape,
    FederatedUser: FederatedUserShape,
    PackedPolicySize: optional(integer()),
  },
  targets: {
    user: federatedUser('sts:GetFederationToken'),
    tags: { ...federatedUser('sts:TagSession'), applies: ({ Tags = [] }: TagRequest) => Tags.length > 0 },
  },
  refuses: ['MinimumSessionTokenSize'],
  conditions: ['aws:RequestTag', 'aws:TagKeys'],
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
    request: ['Name', 'Policy', 'PolicyArns', 'DurationSeconds', 'Tags'],
    response: ['Credentials', 'FederatedUser', 'PackedPolicySize'],
  },
  handle({ facts, targets, ports, fail }, input) {
    const { Name: name } = input
    const { account, region } = facts
    const principal =
      principalOf(facts, name) ??
      fail('AccessDeniedException', 'Cannot call GetFederationToken with session credentials')
    const tags = sessionTags(input, undefined, fail)
    return after(sessionPolicies(input, { account, region }, ports, fail), (policies) => {
      const session = { account, principal, policies, ...tags, sourceIdentity: undefined, claims: {} }
      const seconds = userSessionDuration(input.DurationSeconds, facts.caller.subject.kind === 'root')
      return {
        PackedPolicySize: packedPolicySize(session, fail),
        Credentials: issueCredentials(session, seconds, ports),
        FederatedUser: { FederatedUserId: `${account}:${name}`, Arn: targets.user.arn },
      }
    })
  },
})

function principalOf({ caller }: RequestFacts, name: string): SessionPrincipal | undefined {
  if (caller.session !== undefined) return undefined
  if (caller.subject.kind === 'root') return { kind: 'federated', userId: undefined, name }
  return caller.subject.kind === 'user' ? { kind: 'federated', userId: caller.userId, name } : undefined
}
