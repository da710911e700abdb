/** CreateGroup: a group that nobody is in. */
import { optional } from '#aws/shape.ts'
import type { GroupRecord } from '#records/iam.ts'
import { groupShape, newGroup } from '../entity/group.ts'
import { changesIn } from '../entity/target.ts'
import { newUniqueId } from '../entity/unique-ids.ts'
import { GroupNameType, GroupShape, PathType } from '../members.ts'
import { changeOperation } from '../operation.ts'

export const CreateGroup = changeOperation({
  name: 'CreateGroup',
  input: { Path: optional(PathType), GroupName: GroupNameType },
  output: { Group: GroupShape },
  targets: { group: newGroup('iam:CreateGroup') },
  errors: [
    'EntityAlreadyExistsException',
    'LimitExceededException',
    'NoSuchEntityException',
    'ServiceFailureException',
  ],
  recorded: ['Group'],
  handle({ targets: { group }, facts, ports, fail }, { Path = '/', GroupName }) {
    if (group.record !== undefined) fail('EntityAlreadyExistsException', `Group with name ${GroupName} already exists.`)
    const entity: GroupRecord = {
      kind: 'group',
      account: facts.account,
      id: newUniqueId('AGPA', ports.random),
      name: GroupName,
      path: Path,
      creationDate: facts.now,
      inline: [],
      attached: [],
    }
    return { output: { Group: groupShape(entity, facts) }, changes: changesIn(group, { kind: 'iam added', entity }) }
  },
})
