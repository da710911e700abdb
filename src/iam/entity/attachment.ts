/** Managed policies attached to users, groups and roles: the same for all three. */
import { refusal, RefusalError } from '#aws/errors.ts'
import type { RequestFacts } from '#aws/operation.ts'
import type { IamOf } from '#ports/storage.ts'
import type { Change } from '#records/change.ts'
import type { IamPorts } from '../operation.ts'
import { pageOf, type PageEnd } from '../paging.ts'
import { findPolicy, policyIn } from './managed-policy.ts'
import { changesIn, existing, noSuchEntity, type EntityResource, type PrincipalKind } from './target.ts'

/** A user, group or role. */
export type PrincipalResource = EntityResource<IamOf<PrincipalKind>>

/** So many managed policies may be attached to one user, group or role. */
export const attachedPerEntity = 10
const quotaNames = { user: 'PoliciesPerUser', group: 'PoliciesPerGroup', role: 'PoliciesPerRole' } as const

/** Attaches a policy; one that is attached already stays where it is. */
export async function attachPolicy(
  resource: PrincipalResource,
  { PolicyArn }: { readonly PolicyArn: string },
  facts: RequestFacts,
  ports: IamPorts,
): Promise<readonly Change[]> {
  const entity = existing(resource)
  if ((await findPolicy(PolicyArn, facts, ports)) === undefined) {
    throw new RefusalError(noSuchEntity(`Policy ${PolicyArn} does not exist or is not attachable.`))
  }
  if (entity.attached.includes(PolicyArn)) return []
  if (entity.attached.length >= attachedPerEntity) {
    throw new RefusalError(
      refusal('LimitExceededException', `Cannot exceed quota for ${quotaNames[entity.kind]}: ${attachedPerEntity}`),
    )
  }
  const attached = [...entity.attached, PolicyArn]
  return changesIn(resource, { kind: 'iam changed', entity: { ...entity, attached } })
}

/** Detaches a policy, which need not exist any more. */
export function detachPolicy(
  resource: PrincipalResource,
  { PolicyArn }: { readonly PolicyArn: string },
): readonly Change[] {
  const entity = existing(resource)
  if (!entity.attached.includes(PolicyArn)) {
    throw new RefusalError(noSuchEntity(`Policy ${PolicyArn} was not found.`))
  }
  const attached = entity.attached.filter((arn) => arn !== PolicyArn)
  return changesIn(resource, { kind: 'iam changed', entity: { ...entity, attached } })
}

interface ListRequest {
  readonly PathPrefix?: string | undefined
  readonly Marker?: string | undefined
  readonly MaxItems?: number | undefined
}

interface AttachedPolicies extends PageEnd {
  readonly AttachedPolicies: readonly { readonly PolicyName: string; readonly PolicyArn: string }[]
}

/** The page of attached policies that `request` asks for. */
export function listAttached(operation: string, resource: PrincipalResource, request: ListRequest): AttachedPolicies {
  const entity = existing(resource)
  const { PathPrefix = '/' } = request
  const policies = entity.attached.map(policyIn).filter(({ path }) => path.startsWith(PathPrefix))
  const [page, end] = pageOf({ operation, of: [entity.id, PathPrefix] }, request, policies, ({ arn }) => policyKey(arn))
  return { AttachedPolicies: page.map(({ name, arn }) => ({ PolicyName: name, PolicyArn: arn })), ...end }
}

/** Markers hold names, which are shorter than ARNs; an AWS managed policy may have the name of one of the account's. */
function policyKey(arn: string): string {
  const { name } = policyIn(arn)
  return arn.includes(':iam::aws:') ? `${name} aws` : name
}
