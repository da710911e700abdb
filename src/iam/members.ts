/** Members that many operations share, with the service model's constraints. */
import { boolean, integer, list, oneOf, optional, string, structure, timestamp } from '#aws/shape.ts'

const namePattern = '[\\w+=,.@-]+'

/** Of a user that is to be. */
export const UserNameType = string({ min: 1, max: 64, pattern: namePattern })
export const ExistingUserNameType = string({ min: 1, max: 128, pattern: namePattern })
export const GroupNameType = string({ min: 1, max: 128, pattern: namePattern })
export const RoleNameType = string({ min: 1, max: 64, pattern: namePattern })
export const PolicyNameType = string({ min: 1, max: 128, pattern: namePattern })
export const PathType = string({ min: 1, max: 512, pattern: '(\\u002F)|(\\u002F[\\u0021-\\u007E]+\\u002F)' })
export const PathPrefixType = string({ min: 1, max: 512, pattern: '\\u002F[\\u0021-\\u007F]*' })
export const PolicyPathType = string({ min: 1, max: 512, pattern: '((/[A-Za-z0-9\\.,\\+@=_-]+)*)/' })
export const ArnType = string({ min: 20, max: 2048 })
export const IdType = string({ min: 16, max: 128, pattern: '[\\w]+' })
export const AccessKeyIdType = string({ min: 16, max: 128, pattern: '[\\w]+' })
export const PolicyDocumentType = string({
  min: 1,
  max: 131_072,
  pattern: '[\\u0009\\u000A\\u000D\\u0020-\\u00FF]+',
})
export const RoleDescriptionType = string({
  max: 1000,
  pattern: '[\\u0009\\u000A\\u000D\\u0020-\\u007E\\u00A1-\\u00FF]*',
})
export const DateType = timestamp()
export const StatusType = oneOf('Active', 'Inactive', 'Expired')

const TagKeyType = string({ min: 1, max: 128, pattern: '[\\p{L}\\p{Z}\\p{N}_.:/=+\\-@]+' })
const TagValueType = string({ min: 0, max: 256, pattern: '[\\p{L}\\p{Z}\\p{N}_.:/=+\\-@]*' })
export const TagListType = list(structure({ Key: TagKeyType, Value: TagValueType }), { max: 50 })
export const TagKeyListType = list(TagKeyType, { max: 50 })

/** The members of every request for a list. */
export const pageRequest = {
  Marker: optional(string({ min: 1, max: 320, pattern: '[\\u0020-\\u00FF]+' })),
  MaxItems: optional(integer({ min: 1, max: 1000 })),
}
/** The members of every answer that is a page of a list. */
export const pageEnd = { IsTruncated: optional(boolean()), Marker: optional(string()) }

// The model says PermissionsBoundaryPolicy; its description, and what AWS answers, say Policy.
export const PermissionsBoundary = structure({
  PermissionsBoundaryType: optional(string()),
  PermissionsBoundaryArn: optional(ArnType),
})
export const UserShape = structure({
  Path: PathType,
  UserName: UserNameType,
  UserId: IdType,
  Arn: ArnType,
  CreateDate: DateType,
  PasswordLastUsed: optional(DateType),
  PermissionsBoundary: optional(PermissionsBoundary),
  Tags: optional(TagListType),
})
export const RoleLastUsed = structure({ LastUsedDate: optional(DateType), Region: optional(string()) })
export const RoleShape = structure({
  Path: PathType,
  RoleName: RoleNameType,
  RoleId: IdType,
  Arn: ArnType,
  CreateDate: DateType,
  AssumeRolePolicyDocument: optional(PolicyDocumentType),
  Description: optional(RoleDescriptionType),
  MaxSessionDuration: optional(integer({ min: 3600, max: 43_200 })),
  PermissionsBoundary: optional(PermissionsBoundary),
  Tags: optional(TagListType),
  RoleLastUsed: optional(RoleLastUsed),
  SourceRoleTemplate: optional(structure({ TemplateArn: string(), TemplateMinorVersion: integer() })),
})
export const InstanceProfileShape = structure({
  Path: PathType,
  InstanceProfileName: string({ min: 1, max: 128, pattern: namePattern }),
  InstanceProfileId: IdType,
  Arn: ArnType,
  CreateDate: DateType,
  Roles: list(RoleShape),
  Tags: optional(TagListType),
})
export const GroupShape = structure({
  Path: PathType,
  GroupName: GroupNameType,
  GroupId: IdType,
  Arn: ArnType,
  CreateDate: DateType,
})
export const AttachedPolicyList = list(
  structure({ PolicyName: optional(PolicyNameType), PolicyArn: optional(ArnType) }),
)

export const PolicyVersionIdType = string({ pattern: 'v[1-9][0-9]*(\\.[A-Za-z0-9-]*)?' })
export const PolicyDescriptionType = string({ max: 1000 })
export const PolicyUsageType = oneOf('PermissionsPolicy', 'PermissionsBoundary')
export const EntityType = oneOf('User', 'Role', 'Group', 'LocalManagedPolicy', 'AWSManagedPolicy')

/** What all shapes of a managed policy have. */
export const policyMembers = {
  PolicyName: optional(PolicyNameType),
  PolicyId: optional(IdType),
  Arn: optional(ArnType),
  Path: optional(PolicyPathType),
  DefaultVersionId: optional(PolicyVersionIdType),
  AttachmentCount: optional(integer()),
  PermissionsBoundaryUsageCount: optional(integer()),
  IsAttachable: optional(boolean()),
  Description: optional(PolicyDescriptionType),
  CreateDate: optional(DateType),
  UpdateDate: optional(DateType),
}
export const PolicyShape = structure({ ...policyMembers, Tags: optional(TagListType) })
export const PolicyVersionShape = structure({
  Document: optional(PolicyDocumentType),
  VersionId: optional(PolicyVersionIdType),
  IsDefaultVersion: optional(boolean()),
  CreateDate: optional(DateType),
})
export const ClientIdType = string({ min: 1, max: 255 })
export const ThumbprintListType = list(string({ min: 40, max: 40 }))
