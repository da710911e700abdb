/** ListPolicies: the managed policies of the account and those that every account has, by name. */
import { boolean, list, oneOf, optional } from '#aws/shape.ts'
import { partitionOf } from '#base/arn.ts'
import { awsManagedPolicies } from '#policy/aws-managed-policies.ts'
import { policyUse } from '../entity/policy-use.ts'
import { policyShape, shippedPolicy, type KnownPolicy } from '../entity/policy.ts'
import { below, entityArn, everyEntity } from '../entity/target.ts'
import { pageEnd, pageRequest, PolicyPathType, PolicyShape, PolicyUsageType } from '../members.ts'
import { readOperation } from '../operation.ts'
import { pageOf } from '../paging.ts'

export const ListPolicies = readOperation({
  name: 'ListPolicies',
  input: {
    Scope: optional(oneOf('All', 'AWS', 'Local')),
    OnlyAttached: optional(boolean()),
    PathPrefix: optional(PolicyPathType),
    PolicyUsageFilter: optional(PolicyUsageType),
    ...pageRequest,
  },
  output: { Policies: optional(list(PolicyShape)), ...pageEnd },
  targets: { policies: below('policy', 'iam:ListPolicies') },
  errors: ['ServiceFailureException'],
  async handle({ targets: { policies }, facts, ports }, input) {
    const { Scope = 'All', OnlyAttached = false, PathPrefix = '/', PolicyUsageFilter } = input
    const { account } = policies
    const shipped = awsManagedPolicies.map((policy) => shippedPolicy(partitionOf(facts.region), policy))
    const stored = Scope === 'AWS' ? [] : await everyEntity('policy', account, ports)
    const found: readonly KnownPolicy[] = [
      ...(Scope === 'Local' ? [] : shipped),
      ...stored.map((record) => ({ ...record, arn: entityArn(record, facts) })),
    ]
    const use = await policyUse(account, ports)
    const isWanted = ({ arn, path }: KnownPolicy): boolean => {
      const attached = use.attachments(arn) > 0
      const limits = use.boundaries(arn) > 0
      if (!path.startsWith(PathPrefix) || (OnlyAttached && !attached && !limits)) return false
      return PolicyUsageFilter === undefined || (PolicyUsageFilter === 'PermissionsPolicy' ? attached : limits)
    }
    const filter = [account.account, Scope, String(OnlyAttached), PathPrefix, PolicyUsageFilter ?? '']
    const [page, end] = pageOf(
      { operation: 'ListPolicies', of: filter },
      input,
      found.filter(isWanted),
      // The names of those that every account has may be taken by others of the account.
      ({ name, arn }) => `${name.toLowerCase()} ${arn.includes(':iam::aws:') ? 'aws' : 'local'}`,
    )
    return { Policies: page.map((policy) => policyShape(policy, use)), ...end }
  },
})
