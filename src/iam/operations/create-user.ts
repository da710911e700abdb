/** CreateUser: a user without credentials or permissions. */
import { optional } from '#aws/shape.ts'
import type { UserRecord } from '#records/iam.ts'
import { requirePolicy } from '../entity/boundary.ts'
import { entityConditions } from '../entity/conditions.ts'
import { newUser, newUserTags } from '../entity/new-user.ts'
import { mergeTags } from '../entity/tags.ts'
import { changesIn } from '../entity/target.ts'
import { newUniqueId } from '../entity/unique-ids.ts'
import { userDetail } from '../entity/user.ts'
import { ArnType, PathType, TagListType, UserNameType, UserShape } from '../members.ts'
import { changeOperation } from '../operation.ts'

export const CreateUser = changeOperation({
  name: 'CreateUser',
  input: {
    Path: optional(PathType),
    UserName: UserNameType,
    PermissionsBoundary: optional(ArnType),
    Tags: optional(TagListType),
  },
  output: { User: optional(UserShape) },
  targets: { user: newUser('iam:CreateUser'), tags: newUserTags },
  conditions: entityConditions,
  errors: [
    'ConcurrentModificationException',
    'EntityAlreadyExistsException',
    'InvalidInputException',
    'LimitExceededException',
    'NoSuchEntityException',
    'ServiceFailureException',
  ],
  recorded: ['User'],
  async handle({ targets: { user }, facts, ports, fail }, { Path = '/', UserName, PermissionsBoundary, Tags = [] }) {
    if (user.record !== undefined) fail('EntityAlreadyExistsException', `User with name ${UserName} already exists.`)
    const tags = mergeTags([], Tags, fail)
    if (PermissionsBoundary !== undefined) await requirePolicy(PermissionsBoundary, facts, ports)
    const entity: UserRecord = {
      kind: 'user',
      account: facts.account,
      id: newUniqueId('AIDA', ports.random),
      name: UserName,
      path: Path,
      creationDate: facts.now,
      inline: [],
      attached: [],
      groups: [],
      boundary: PermissionsBoundary,
      tags,
      sessionsValidFrom: 0,
    }
    return { output: { User: userDetail(entity, facts) }, changes: changesIn(user, { kind: 'iam added', entity }) }
  },
})
