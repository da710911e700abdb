/** Users, groups, roles and policies with all that decides on requests: what GetAccountAuthorizationDetails shows. */
import { list, optional, structure } from '#aws/shape.ts'
import type { RequestFacts } from '#aws/operation.ts'
import { shownText } from '#policy/stored-principals.ts'
import type { GroupRecord, RoleRecord, UserRecord } from '#records/iam.ts'
import {
  ArnType,
  AttachedPolicyList,
  DateType,
  GroupNameType,
  IdType,
  InstanceProfileShape,
  PathType,
  PermissionsBoundary,
  PolicyDocumentType,
  policyMembers,
  PolicyNameType,
  PolicyVersionShape,
  RoleLastUsed,
  RoleNameType,
  TagListType,
  UserNameType,
} from '../members.ts'
import type { IamPorts } from '../operation.ts'
import { groupShape } from './group.ts'
import { encodedDocument } from './inline.ts'
import { policyIn } from './managed-policy.ts'
import type { PolicyUse } from './policy-use.ts'
import { describedAs, policyShape, versionDetail, type KnownPolicy } from './policy.ts'
import { entityArn } from './target.ts'
import { boundaryAndTags, userDetail } from './user.ts'

const Inline = list(structure({ PolicyName: optional(PolicyNameType), PolicyDocument: optional(PolicyDocumentType) }))
const every = {
  Path: optional(PathType),
  Arn: optional(ArnType),
  CreateDate: optional(DateType),
  AttachedManagedPolicies: optional(AttachedPolicyList),
}
const limited = { PermissionsBoundary: optional(PermissionsBoundary), Tags: optional(TagListType) }

export const UserDetail = structure({
  ...every,
  ...limited,
  UserName: optional(UserNameType),
  UserId: optional(IdType),
  UserPolicyList: optional(Inline),
  GroupList: optional(list(GroupNameType)),
})
export const GroupDetail = structure({
  ...every,
  GroupName: optional(GroupNameType),
  GroupId: optional(IdType),
  GroupPolicyList: optional(Inline),
})
export const RoleDetail = structure({
  ...every,
  ...limited,
  RoleName: optional(RoleNameType),
  RoleId: optional(IdType),
  AssumeRolePolicyDocument: optional(PolicyDocumentType),
  InstanceProfileList: optional(list(InstanceProfileShape)),
  RolePolicyList: optional(Inline),
  RoleLastUsed: optional(RoleLastUsed),
})
export const ManagedPolicyDetail = structure({
  ...policyMembers,
  PolicyVersionList: optional(list(PolicyVersionShape)),
})

type WithPolicies = Pick<UserRecord, 'inline' | 'attached'>

function inlineOf({ inline }: WithPolicies) {
  return inline.map(({ name, document }) => ({ PolicyName: name, PolicyDocument: encodedDocument(document) }))
}

function attachedTo({ attached }: WithPolicies) {
  return attached.map((arn) => ({ PolicyName: policyIn(arn).name, PolicyArn: arn }))
}

/** `groupNames` by id. */
export function userDetails(user: UserRecord, groupNames: ReadonlyMap<string, string>, facts: RequestFacts) {
  return {
    ...userDetail(user, facts),
    UserPolicyList: inlineOf(user),
    GroupList: user.groups.map((id) => groupNames.get(id)).filter((name) => name !== undefined),
    AttachedManagedPolicies: attachedTo(user),
  }
}

export function groupDetails(group: GroupRecord, facts: RequestFacts) {
  return {
    ...groupShape(group, facts),
    GroupPolicyList: inlineOf(group),
    AttachedManagedPolicies: attachedTo(group),
  }
}

export async function roleDetails(role: RoleRecord, facts: RequestFacts, { principals }: IamPorts) {
  return {
    Path: role.path,
    RoleName: role.name,
    RoleId: role.id,
    Arn: entityArn(role, facts),
    CreateDate: new Date(role.creationDate),
    AssumeRolePolicyDocument: encodedDocument(await shownText(role.trustPolicy, principals)),
    InstanceProfileList: [],
    RolePolicyList: inlineOf(role),
    AttachedManagedPolicies: attachedTo(role),
    ...boundaryAndTags(role),
  }
}

/** A managed policy with all its versions, the newest first. */
export function policyDetails(policy: KnownPolicy, use: PolicyUse) {
  return {
    ...policyShape(policy, use),
    ...describedAs(policy),
    PolicyVersionList: policy.versions.toReversed().map((version) => versionDetail(version, policy)),
  }
}
