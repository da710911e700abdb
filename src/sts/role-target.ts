/**
 * Roles as targets. Their trust policies decide like key policies: who is named directly needs nothing else, an account that
 * is named leaves it to its own policies ("Policies and accounts", "IAM roles", IAM User Guide). Whether a role exists is
 * told to nobody who may not assume it.
 */
import { iamArn, partitionOf } from '#base/arn.ts'
import { accessDenied } from '#aws/denial.ts'
import { refusal, type Refusal } from '#aws/errors.ts'
import type { RequestFacts, Target } from '#aws/operation.ts'
import { after } from '#base/maybe-async.ts'
import type { ContextValue } from '#policy/context.ts'
import { foldCase } from '#policy/fold.ts'
import type { RoleRecord } from '#records/iam.ts'
import { parseRoleArn } from './role-arn.ts'
import type { StsPorts } from './operation.ts'
import { broughtTags, type TagRequest } from './session-tags.ts'

export interface RoleResource {
  readonly role: RoleRecord
  readonly arn: string
  /** What whoever may not do `action` is told. */
  readonly denial: Refusal
  readonly policy: ReturnType<StsPorts['compile']>
}

/** What of a request conditions may ask about. */
export interface RoleRequest extends TagRequest {
  readonly RoleArn: string
  readonly RoleSessionName: string
  readonly ExternalId?: string | undefined
  readonly SourceIdentity?: string | undefined
}

export interface RoleRule<I extends RoleRequest> {
  readonly action: `sts:${string}`
  readonly crossAccount: boolean
  readonly applies?: (input: I, facts: RequestFacts) => boolean
  /** What is answered when the role is not there, or denied. */
  readonly denial: (facts: RequestFacts, arn: string) => Refusal
  /** What no policy can allow. */
  readonly refuse?: (facts: RequestFacts, arn: string) => Refusal | undefined
}

/** CloudTrail's type of roles. */
const roleResourceType = 'AWS::IAM::Role'

export const invalidArn = refusal('ValidationException', 'Request ARN is invalid')

/** The role that `RoleArn` names. */
export function roleTarget<I extends RoleRequest>(rule: RoleRule<I>): Target<StsPorts, I, RoleResource, never> {
  const { action, crossAccount, applies } = rule
  return {
    action,
    crossAccount,
    ...(applies === undefined ? {} : { applies }),
    resolve: ({ RoleArn: arn }, facts, ports) => {
      const named = parseRoleArn(arn)
      if (named === undefined) return invalidArn
      const refused = rule.refuse?.(facts, arn)
      if (refused !== undefined) return refused
      const denial = rule.denial(facts, arn)
      return after(ports.storage.iamByName(named.account, 'role', named.name), (role) =>
        // Names are found without regard to case; an ARN is compared with it, path and partition included.
        role === undefined || iamArn(partitionOf(facts.region), role.account, 'role', role.path, role.name) !== arn
          ? denial
          : { role, arn, denial, policy: ports.compile(role.trustPolicy) },
      )
    },
    describe: ({ role, arn, policy }) => ({
      arn,
      account: role.account,
      policy,
      awsManaged: false,
      policyLayer: 'trust policy',
    }),
    condition: (key, { role }, input, facts) => requestCondition(key, input, facts) ?? roleTag(key, role),
    denial: ({ denial }) => denial,
    admit: () => undefined,
    audited: ({ role, arn }) => ({ arn, account: role.account, type: roleResourceType }),
  }
}

/** `User: ... is not authorized to perform: ... on resource: ...`, which names no policy: there may be no role. */
export function roleDenial(action: string): RoleRule<RoleRequest>['denial'] {
  return ({ callerArn }, arn) =>
    accessDenied(`User: ${callerArn} is not authorized to perform: ${action} on resource: ${arn}`)
}

/** "Actions, resources, and condition keys for AWS Security Token Service" (Service Authorization Reference). */
function requestCondition(key: string, input: RoleRequest, facts: RequestFacts): ContextValue {
  switch (key) {
    case 'sts:rolesessionname':
      return input.RoleSessionName
    case 'sts:externalid':
      return input.ExternalId
    case 'sts:sourceidentity':
      return input.SourceIdentity ?? facts.caller.session?.sourceIdentity
    case 'sts:transitivetagkeys':
      return unlessEmpty(input.TransitiveTagKeys ?? [])
    default:
      return tagCondition(key, broughtTags(input, facts.caller.session))
  }
}

/** `aws:TagKeys` and `aws:RequestTag/...` of a request with `tags`. */
export function tagCondition(key: string, tags: ReturnType<typeof broughtTags>): ContextValue {
  if (key === 'aws:tagkeys') return unlessEmpty(tags.map(({ Key }) => Key))
  const wanted = /^aws:requesttag\/(.+)$/s.exec(key)?.[1]
  return wanted === undefined ? undefined : tags.find(({ Key }) => foldCase(Key) === wanted)?.Value
}

function roleTag(key: string, { tags }: RoleRecord): ContextValue {
  const wanted = /^(?:aws|iam):resourcetag\/(.+)$/s.exec(key)?.[1]
  return wanted === undefined ? undefined : tags.find(({ TagKey }) => foldCase(TagKey) === wanted)?.TagValue
}

const unlessEmpty = (values: readonly string[]): ContextValue => (values.length === 0 ? undefined : values)
