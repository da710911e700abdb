/** ListPolicyVersions: the versions of a managed policy, the newest first. */
import { list, optional } from '#aws/shape.ts'
import { entityConditions } from '../entity/conditions.ts'
import { existingPolicy, policyNamed, versionShape } from '../entity/policy.ts'
import { ArnType, pageEnd, pageRequest, PolicyVersionShape } from '../members.ts'
import { readOperation } from '../operation.ts'
import { pageOf } from '../paging.ts'

// Pages are in the order of their keys: the higher a version's number, the lower its key.
const highest = 10 ** 12

export const ListPolicyVersions = readOperation({
  name: 'ListPolicyVersions',
  input: { PolicyArn: ArnType, ...pageRequest },
  output: { Versions: optional(list(PolicyVersionShape)), ...pageEnd },
  targets: { policy: policyNamed('iam:ListPolicyVersions') },
  conditions: entityConditions,
  errors: ['InvalidInputException', 'NoSuchEntityException', 'ServiceFailureException'],
  handle({ targets: { policy } }, input) {
    const known = existingPolicy(policy)
    const listing = { operation: 'ListPolicyVersions', of: [known.id] }
    const [page, end] = pageOf(listing, input, known.versions, ({ id }) => String(highest - Number(id.slice(1))))
    return { Versions: page.map((version) => versionShape(version, known)), ...end }
  },
})
