/** AWS IAM: the Query protocol. Signatures may be scoped to us-east-1, the region of its global endpoint. */
import type { Service } from '#aws/operation.ts'
import { refuseSessions } from './session-callers.ts'
import { usEast1 } from '#base/brand.ts'
import type { Change, Expectation } from '#records/change.ts'
import type { IamOperation, IamPorts } from './operation.ts'
import { AddClientIDToOpenIDConnectProvider } from './operations/add-client-id-to-open-id-connect-provider.ts'
import { AddUserToGroup } from './operations/add-user-to-group.ts'
import { AttachGroupPolicy } from './operations/attach-group-policy.ts'
import { AttachRolePolicy } from './operations/attach-role-policy.ts'
import { AttachUserPolicy } from './operations/attach-user-policy.ts'
import { CreateAccessKey } from './operations/create-access-key.ts'
import { CreateGroup } from './operations/create-group.ts'
import { CreateOpenIDConnectProvider } from './operations/create-open-id-connect-provider.ts'
import { CreatePolicy } from './operations/create-policy.ts'
import { CreatePolicyVersion } from './operations/create-policy-version.ts'
import { CreateRole } from './operations/create-role.ts'
import { CreateServiceLinkedRole } from './operations/create-service-linked-role.ts'
import { CreateUser } from './operations/create-user.ts'
import { DeleteAccessKey } from './operations/delete-access-key.ts'
import { DeleteGroup } from './operations/delete-group.ts'
import { DeleteGroupPolicy } from './operations/delete-group-policy.ts'
import { DeleteLoginProfile } from './operations/delete-login-profile.ts'
import { DeleteOpenIDConnectProvider } from './operations/delete-open-id-connect-provider.ts'
import { DeletePolicy } from './operations/delete-policy.ts'
import { DeletePolicyVersion } from './operations/delete-policy-version.ts'
import { DeleteRole } from './operations/delete-role.ts'
import { DeleteRolePermissionsBoundary } from './operations/delete-role-permissions-boundary.ts'
import { DeleteRolePolicy } from './operations/delete-role-policy.ts'
import { DeleteUser } from './operations/delete-user.ts'
import { DeleteUserPermissionsBoundary } from './operations/delete-user-permissions-boundary.ts'
import { DeleteUserPolicy } from './operations/delete-user-policy.ts'
import { DetachGroupPolicy } from './operations/detach-group-policy.ts'
import { DetachRolePolicy } from './operations/detach-role-policy.ts'
import { DetachUserPolicy } from './operations/detach-user-policy.ts'
import { GetAccessKeyLastUsed } from './operations/get-access-key-last-used.ts'
import { GetAccountAuthorizationDetails } from './operations/get-account-authorization-details.ts'
import { GetAccountSummary } from './operations/get-account-summary.ts'
import { GetContextKeysForCustomPolicy } from './operations/get-context-keys-for-custom-policy.ts'
import { GetContextKeysForPrincipalPolicy } from './operations/get-context-keys-for-principal-policy.ts'
import { GetGroup } from './operations/get-group.ts'
import { GetGroupPolicy } from './operations/get-group-policy.ts'
import { GetLoginProfile } from './operations/get-login-profile.ts'
import { GetOpenIDConnectProvider } from './operations/get-open-id-connect-provider.ts'
import { GetPolicy } from './operations/get-policy.ts'
import { GetPolicyVersion } from './operations/get-policy-version.ts'
import { GetRole } from './operations/get-role.ts'
import { GetRolePolicy } from './operations/get-role-policy.ts'
import { GetUser } from './operations/get-user.ts'
import { GetUserPolicy } from './operations/get-user-policy.ts'
import { ListAccessKeys } from './operations/list-access-keys.ts'
import { ListAccountAliases } from './operations/list-account-aliases.ts'
import { ListAttachedGroupPolicies } from './operations/list-attached-group-policies.ts'
import { ListAttachedRolePolicies } from './operations/list-attached-role-policies.ts'
import { ListAttachedUserPolicies } from './operations/list-attached-user-policies.ts'
import { ListEntitiesForPolicy } from './operations/list-entities-for-policy.ts'
import { ListGroupPolicies } from './operations/list-group-policies.ts'
import { ListGroups } from './operations/list-groups.ts'
import { ListGroupsForUser } from './operations/list-groups-for-user.ts'
import { ListInstanceProfilesForRole } from './operations/list-instance-profiles-for-role.ts'
import { ListMFADevices } from './operations/list-mfa-devices.ts'
import { ListOpenIDConnectProviderTags } from './operations/list-open-id-connect-provider-tags.ts'
import { ListOpenIDConnectProviders } from './operations/list-open-id-connect-providers.ts'
import { ListPolicies } from './operations/list-policies.ts'
import { ListPolicyTags } from './operations/list-policy-tags.ts'
import { ListPolicyVersions } from './operations/list-policy-versions.ts'
import { ListRolePolicies } from './operations/list-role-policies.ts'
import { ListRoleTags } from './operations/list-role-tags.ts'
import { ListRoles } from './operations/list-roles.ts'
import { ListSAMLProviders } from './operations/list-saml-providers.ts'
import { ListSSHPublicKeys } from './operations/list-ssh-public-keys.ts'
import { ListServiceSpecificCredentials } from './operations/list-service-specific-credentials.ts'
import { ListSigningCertificates } from './operations/list-signing-certificates.ts'
import { ListUserPolicies } from './operations/list-user-policies.ts'
import { ListUserTags } from './operations/list-user-tags.ts'
import { ListUsers } from './operations/list-users.ts'
import { ListVirtualMFADevices } from './operations/list-virtual-mfa-devices.ts'
import { PutGroupPolicy } from './operations/put-group-policy.ts'
import { PutRolePermissionsBoundary } from './operations/put-role-permissions-boundary.ts'
import { PutRolePolicy } from './operations/put-role-policy.ts'
import { PutUserPermissionsBoundary } from './operations/put-user-permissions-boundary.ts'
import { PutUserPolicy } from './operations/put-user-policy.ts'
import { RemoveClientIDFromOpenIDConnectProvider } from './operations/remove-client-id-from-open-id-connect-provider.ts'
import { RemoveUserFromGroup } from './operations/remove-user-from-group.ts'
import { SetDefaultPolicyVersion } from './operations/set-default-policy-version.ts'
import { SimulateCustomPolicy } from './operations/simulate-custom-policy.ts'
import { SimulatePrincipalPolicy } from './operations/simulate-principal-policy.ts'
import { TagOpenIDConnectProvider } from './operations/tag-open-id-connect-provider.ts'
import { TagPolicy } from './operations/tag-policy.ts'
import { TagRole } from './operations/tag-role.ts'
import { TagUser } from './operations/tag-user.ts'
import { UntagOpenIDConnectProvider } from './operations/untag-open-id-connect-provider.ts'
import { UntagPolicy } from './operations/untag-policy.ts'
import { UntagRole } from './operations/untag-role.ts'
import { UntagUser } from './operations/untag-user.ts'
import { UpdateAccessKey } from './operations/update-access-key.ts'
import { UpdateAssumeRolePolicy } from './operations/update-assume-role-policy.ts'
import { UpdateGroup } from './operations/update-group.ts'
import { UpdateOpenIDConnectProviderThumbprint } from './operations/update-open-id-connect-provider-thumbprint.ts'
import { UpdateRole } from './operations/update-role.ts'
import { UpdateRoleDescription } from './operations/update-role-description.ts'
import { UpdateUser } from './operations/update-user.ts'
import { protocol, type OperationName } from './operation-names.ts'

export const operations = {
  AddClientIDToOpenIDConnectProvider,
  AddUserToGroup,
  AttachGroupPolicy,
  AttachRolePolicy,
  AttachUserPolicy,
  CreateAccessKey,
  CreateGroup,
  CreateOpenIDConnectProvider,
  CreatePolicy,
  CreatePolicyVersion,
  CreateRole,
  CreateServiceLinkedRole,
  CreateUser,
  DeleteAccessKey,
  DeleteGroup,
  DeleteGroupPolicy,
  DeleteLoginProfile,
  DeleteOpenIDConnectProvider,
  DeletePolicy,
  DeletePolicyVersion,
  DeleteRole,
  DeleteRolePermissionsBoundary,
  DeleteRolePolicy,
  DeleteUser,
  DeleteUserPermissionsBoundary,
  DeleteUserPolicy,
  DetachGroupPolicy,
  DetachRolePolicy,
  DetachUserPolicy,
  GetAccessKeyLastUsed,
  GetAccountAuthorizationDetails,
  GetAccountSummary,
  GetContextKeysForCustomPolicy,
  GetContextKeysForPrincipalPolicy,
  GetGroup,
  GetGroupPolicy,
  GetLoginProfile,
  GetOpenIDConnectProvider,
  GetPolicy,
  GetPolicyVersion,
  GetRole,
  GetRolePolicy,
  GetUser,
  GetUserPolicy,
  ListAccessKeys,
  ListAccountAliases,
  ListAttachedGroupPolicies,
  ListAttachedRolePolicies,
  ListAttachedUserPolicies,
  ListEntitiesForPolicy,
  ListGroupPolicies,
  ListGroups,
  ListGroupsForUser,
  ListInstanceProfilesForRole,
  ListMFADevices,
  ListOpenIDConnectProviderTags,
  ListOpenIDConnectProviders,
  ListPolicies,
  ListPolicyTags,
  ListPolicyVersions,
  ListRolePolicies,
  ListRoleTags,
  ListRoles,
  ListSAMLProviders,
  ListSSHPublicKeys,
  ListServiceSpecificCredentials,
  ListSigningCertificates,
  ListUserPolicies,
  ListUserTags,
  ListUsers,
  ListVirtualMFADevices,
  PutGroupPolicy,
  PutRolePermissionsBoundary,
  PutRolePolicy,
  PutUserPermissionsBoundary,
  PutUserPolicy,
  RemoveClientIDFromOpenIDConnectProvider,
  RemoveUserFromGroup,
  SetDefaultPolicyVersion,
  SimulateCustomPolicy,
  SimulatePrincipalPolicy,
  TagOpenIDConnectProvider,
  TagPolicy,
  TagRole,
  TagUser,
  UntagOpenIDConnectProvider,
  UntagPolicy,
  UntagRole,
  UntagUser,
  UpdateAccessKey,
  UpdateAssumeRolePolicy,
  UpdateGroup,
  UpdateOpenIDConnectProviderThumbprint,
  UpdateRole,
  UpdateRoleDescription,
  UpdateUser,
} satisfies Record<OperationName, IamOperation>

export type { OperationName }

export const iam: Service<IamPorts, Expectation, Change> = {
  name: 'iam',
  eventSource: 'iam.amazonaws.com',
  internalError: 'InternalFailure',
  protocol,
  refuses: refuseSessions,
  alsoScopedTo: [usEast1],
  operations,
}
