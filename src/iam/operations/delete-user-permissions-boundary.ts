/** DeleteUserPermissionsBoundary: nothing limits the user any more but its policies. */
import { entityConditions } from '../entity/conditions.ts'
import { changesIn, existing } from '../entity/target.ts'
import { userNamed } from '../entity/user.ts'
import { UserNameType } from '../members.ts'
import { changeOperation } from '../operation.ts'

export const DeleteUserPermissionsBoundary = changeOperation({
  name: 'DeleteUserPermissionsBoundary',
  input: { UserName: UserNameType },
  output: {},
  targets: { user: userNamed('iam:DeleteUserPermissionsBoundary') },
  conditions: entityConditions,
  errors: ['NoSuchEntityException', 'ServiceFailureException'],
  handle({ targets: { user } }) {
    const record = existing(user)
    if (record.boundary === undefined) return { output: {}, changes: [] }
    const entity = { ...record, boundary: undefined }
    return { output: {}, changes: changesIn(user, { kind: 'iam changed', entity }) }
  },
})
