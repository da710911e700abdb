/** Users: as targets, and as answers show them. */
import type { RequestFacts } from '#aws/operation.ts'
import type { UserRecord } from '#records/iam.ts'
import type { ConditionInput } from './conditions.ts'
import { wireTags, type WireTag } from './tags.ts'
import { entityArn, entityTarget, type IamAction } from './target.ts'

/** The user that UserName names. */
export const userNamed = (action: IamAction) =>
  entityTarget('user', action, ({ UserName }: { readonly UserName: string } & ConditionInput) => UserName)

/** A user as lists show it. */
export function userShape(user: UserRecord, facts: RequestFacts) {
  return {
    Path: user.path,
    UserName: user.name,
    UserId: user.id,
    Arn: entityArn(user, facts),
    CreateDate: new Date(user.creationDate),
  }
}

/** A user with what lists leave out. */
export function userDetail(user: UserRecord, facts: RequestFacts) {
  return { ...userShape(user, facts), ...boundaryAndTags(user) }
}

/** The members that tell of boundary and tags, where there are any: of users and roles. */
export function boundaryAndTags({ boundary, tags }: Pick<UserRecord, 'boundary' | 'tags'>): {
  readonly PermissionsBoundary?: { readonly PermissionsBoundaryType: string; readonly PermissionsBoundaryArn: string }
  readonly Tags?: readonly WireTag[]
} {
  return {
    ...(boundary === undefined
      ? {}
      : { PermissionsBoundary: { PermissionsBoundaryType: 'Policy', PermissionsBoundaryArn: boundary } }),
    ...(tags.length === 0 ? {} : { Tags: wireTags(tags) }),
  }
}
