/** DeleteUser: a user that has nothing any more. Its id is never used again. */
import { entityConditions } from '../entity/conditions.ts'
import { requireNoPolicies } from '../entity/emptiness.ts'
import { changesIn, existing } from '../entity/target.ts'
import { userNamed } from '../entity/user.ts'
import { ExistingUserNameType } from '../members.ts'
import { changeOperation } from '../operation.ts'

export const DeleteUser = changeOperation({
  name: 'DeleteUser',
  input: { UserName: ExistingUserNameType },
  output: {},
  targets: { user: userNamed('iam:DeleteUser') },
  conditions: entityConditions,
  errors: [
    'ConcurrentModificationException',
    'DeleteConflictException',
    'LimitExceededException',
    'NoSuchEntityException',
    'ServiceFailureException',
  ],
  async handle({ targets: { user }, ports, fail }) {
    const { account, id, groups, inline, attached } = existing(user)
    if ((await ports.storage.accessKeysOf(account, id)).length > 0) {
      fail('DeleteConflictException', 'Cannot delete entity, must delete access keys first.')
    }
    requireNoPolicies({ inline, attached }, fail)
    if (groups.length > 0) fail('DeleteConflictException', 'Cannot delete entity, must remove users from group first.')
    return { output: {}, changes: changesIn(user, { kind: 'iam removed', account, of: 'user', id }) }
  },
})
