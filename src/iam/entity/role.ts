/** Roles: as targets, and as answers show them. */
import type { RequestFacts } from '#aws/operation.ts'
import { shownText } from '#policy/stored-principals.ts'
import type { RoleRecord } from '#records/iam.ts'
import type { IamPorts } from '../operation.ts'
import type { ConditionInput } from './conditions.ts'
import { encodedDocument } from './inline.ts'
import { entityArn, entityTarget, newEntityTarget, type IamAction } from './target.ts'
import { boundaryAndTags } from './user.ts'

/** The role that RoleName names. */
export const roleNamed = (action: IamAction) =>
  entityTarget('role', action, ({ RoleName }: { readonly RoleName: string } & ConditionInput) => RoleName)

type NewRole = ConditionInput & { readonly RoleName: string; readonly Path?: string | undefined }

/** The role that CreateRole makes. */
export const newRole = (action: IamAction) => newEntityTarget('role', action, ({ RoleName }: NewRole) => RoleName)

/** The same once more: its tags need the permission to tag as well. */
export const newRoleTags = {
  ...newRole('iam:TagRole'),
  applies: ({ Tags = [] }: NewRole) => Tags.length > 0,
}

/** A role as lists show it: its trust policy by the names of today. */
export async function roleShape(role: RoleRecord, facts: RequestFacts, { principals }: Pick<IamPorts, 'principals'>) {
  return {
    Path: role.path,
    RoleName: role.name,
    RoleId: role.id,
    Arn: entityArn(role, facts),
    CreateDate: new Date(role.creationDate),
    AssumeRolePolicyDocument: encodedDocument(await shownText(role.trustPolicy, principals)),
    ...(role.description === '' ? {} : { Description: role.description }),
    MaxSessionDuration: role.maxSessionDuration,
  }
}

/** A role with what lists leave out. When it was last used nobody keeps: the member is absent, which says nothing. */
export async function roleDetail(role: RoleRecord, facts: RequestFacts, ports: Pick<IamPorts, 'principals'>) {
  return { ...(await roleShape(role, facts, ports)), ...boundaryAndTags(role) }
}
