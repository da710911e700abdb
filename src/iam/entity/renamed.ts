/** A user or group as it is to be: another name, another path. */
import { refusal, RefusalError } from '#aws/errors.ts'
import { iamArn, partitionOf } from '#base/arn.ts'
import type { IamOf } from '#ports/storage.ts'
import type { IamRecord } from '#records/iam.ts'
import { conditionValue } from './conditions.ts'
import { conditionsOf, entityNamed, iamTarget, type EntityResource, type IamAction } from './target.ts'

interface NewPath {
  readonly NewPath?: string | undefined
}

/** `record` is one that has the new name already: maybe the entity itself. */
interface RenamedResource<R extends IamRecord> extends EntityResource<R> {
  /** The entity as it is. */
  readonly current: R | undefined
}

/** `from` and `to` are the names before and after. */
function renamedTarget<K extends 'user' | 'group', I extends NewPath>(
  kind: K,
  action: IamAction,
  namesOf: (input: I) => { readonly from: string; readonly to: string | undefined },
) {
  const target = iamTarget(
    action,
    async (input: I, facts, ports): Promise<RenamedResource<IamOf<K>>> => {
      const { from, to } = namesOf(input)
      const named = await entityNamed(kind, to ?? from, facts, ports)
      const current = to === undefined ? named.record : (await entityNamed(kind, from, facts, ports)).record
      const path = input.NewPath ?? pathOf(current)
      return { ...named, arn: iamArn(partitionOf(facts.region), facts.account, kind, path, named.name), current }
    },
    (key, { current }) => conditionValue(key, conditionsOf(current), {}),
  )
  return { ...target, applies: (input: I) => namesOf(input).to !== undefined || input.NewPath !== undefined }
}

function pathOf(entity: IamRecord | undefined): string {
  return entity === undefined || entity.kind === 'oidc-provider' ? '/' : entity.path
}

type NewUserName = NewPath & { readonly UserName: string; readonly NewUserName?: string | undefined }

/** The user of UserName as UpdateUser is to leave it. */
export const renamedUser = (action: IamAction) =>
  renamedTarget('user', action, ({ UserName, NewUserName }: NewUserName) => ({ from: UserName, to: NewUserName }))

type NewGroupName = NewPath & { readonly GroupName: string; readonly NewGroupName?: string | undefined }

/** The group of GroupName as UpdateGroup is to leave it. */
export const renamedGroup = (action: IamAction) =>
  renamedTarget('group', action, ({ GroupName, NewGroupName }: NewGroupName) => ({ from: GroupName, to: NewGroupName }))

/** Throws the refusal EntityAlreadyExists when another entity than `entity` has the new name. `noun`: User or Group. */
export function requireFreeName(noun: string, entity: IamRecord, renamed: EntityResource<IamRecord> | undefined): void {
  const holder = renamed?.record
  if (renamed === undefined || holder === undefined || holder.id === entity.id) return
  throw new RefusalError(refusal('EntityAlreadyExistsException', `${noun} with name ${renamed.name} already exists.`))
}
