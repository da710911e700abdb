/** The user that CreateUser makes, as a target. Its tags need the permission to tag as well. */
import type { ConditionInput } from './conditions.ts'
import { newEntityTarget, type IamAction } from './target.ts'

type NewUser = ConditionInput & { readonly UserName: string; readonly Path?: string | undefined }

export const newUser = (action: IamAction) => newEntityTarget('user', action, ({ UserName }: NewUser) => UserName)

export const newUserTags = {
  ...newUser('iam:TagUser'),
  applies: ({ Tags = [] }: NewUser) => Tags.length > 0,
}
