/** UpdateUser: another name or path. Needs permission for the user as it is and as it is to be. */
import { optional } from '#aws/shape.ts'
import { entityConditions } from '../entity/conditions.ts'
import { renamedUser, requireFreeName } from '../entity/renamed.ts'
import { changesIn, existing } from '../entity/target.ts'
import { userNamed } from '../entity/user.ts'
import { ExistingUserNameType, PathType, UserNameType } from '../members.ts'
import { changeOperation } from '../operation.ts'

export const UpdateUser = changeOperation({
  name: 'UpdateUser',
  input: { UserName: ExistingUserNameType, NewPath: optional(PathType), NewUserName: optional(UserNameType) },
  output: {},
  targets: {
    user: userNamed('iam:UpdateUser'),
    renamed: renamedUser('iam:UpdateUser'),
  },
  conditions: entityConditions,
  errors: [
    'ConcurrentModificationException',
    'EntityAlreadyExistsException',
    'EntityTemporarilyUnmodifiableException',
    'LimitExceededException',
    'NoSuchEntityException',
    'ServiceFailureException',
  ],
  handle({ targets: { user, renamed } }, { NewPath, NewUserName }) {
    const record = existing(user)
    requireFreeName('User', record, renamed)
    const entity = { ...record, name: NewUserName ?? record.name, path: NewPath ?? record.path }
    if (entity.name === record.name && entity.path === record.path) return { output: {}, changes: [] }
    return { output: {}, changes: changesIn(user, { kind: 'iam changed', entity }) }
  },
})
