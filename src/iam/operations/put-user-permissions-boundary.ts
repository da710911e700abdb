/** PutUserPermissionsBoundary: the policy that limits what a user may do at most. */
import { requirePolicy } from '../entity/boundary.ts'
import { entityConditions } from '../entity/conditions.ts'
import { changesIn, existing } from '../entity/target.ts'
import { userNamed } from '../entity/user.ts'
import { ArnType, UserNameType } from '../members.ts'
import { changeOperation } from '../operation.ts'

export const PutUserPermissionsBoundary = changeOperation({
  name: 'PutUserPermissionsBoundary',
  input: { UserName: UserNameType, PermissionsBoundary: ArnType },
  output: {},
  targets: { user: userNamed('iam:PutUserPermissionsBoundary') },
  conditions: entityConditions,
  errors: ['InvalidInputException', 'NoSuchEntityException', 'PolicyNotAttachableException', 'ServiceFailureException'],
  async handle({ targets: { user }, facts, ports }, { PermissionsBoundary }) {
    const record = existing(user)
    await requirePolicy(PermissionsBoundary, facts, ports)
    const entity = { ...record, boundary: PermissionsBoundary }
    return { output: {}, changes: changesIn(user, { kind: 'iam changed', entity }) }
  },
})
