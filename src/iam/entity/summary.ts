/** GetAccountSummary: counts, and the quotas that AWS gives an account ("IAM and AWS STS quotas", IAM User Guide). */
import { inlinePolicySize, managedPolicySize, trustPolicySize } from '#policy/policy-size.ts'
import type { AccountRecord } from '#records/identity.ts'
import type { IamPorts } from '../operation.ts'
import { accessKeysPerUser } from './access-key.ts'
import { attachedPerEntity } from './attachment.ts'
import { groupsPerUser } from './group.ts'
import { everyEntity } from './target.ts'

export async function accountSummary(account: AccountRecord, ports: IamPorts): Promise<ReadonlyMap<string, string>> {
  const users = await everyEntity('user', account, ports)
  const groups = await everyEntity('group', account, ports)
  const roles = await everyEntity('role', account, ports)
  const policies = await everyEntity('policy', account, ports)
  const providers = await everyEntity('oidc-provider', account, ports)
  const rootKeys = await ports.storage.accessKeysOf(account.account, undefined)
  const counts: Readonly<Record<string, number>> = {
    Users: users.length,
    UsersQuota: 5000,
    Groups: groups.length,
    GroupsQuota: 300,
    Roles: roles.length,
    RolesQuota: 1000,
    Policies: policies.length,
    PoliciesQuota: 1500,
    PolicyVersionsInUse: policies.reduce((sum, { versions }) => sum + versions.length, 0),
    PolicyVersionsInUseQuota: 10_000,
    VersionsPerPolicyQuota: 5,
    PolicySizeQuota: managedPolicySize,
    UserPolicySizeQuota: inlinePolicySize.user,
    GroupPolicySizeQuota: inlinePolicySize.group,
    RolePolicySizeQuota: inlinePolicySize.role,
    AssumeRolePolicySizeQuota: trustPolicySize,
    GroupsPerUserQuota: groupsPerUser,
    AttachedPoliciesPerUserQuota: attachedPerEntity,
    AttachedPoliciesPerGroupQuota: attachedPerEntity,
    AttachedPoliciesPerRoleQuota: attachedPerEntity,
    AccessKeysPerUserQuota: accessKeysPerUser,
    AccountAccessKeysPresent: rootKeys.length > 0 ? 1 : 0,
    AccountMFAEnabled: 0,
    AccountPasswordPresent: 0,
    AccountSigningCertificatesPresent: 0,
    MFADevices: 0,
    MFADevicesInUse: 0,
    Providers: providers.length,
    InstanceProfiles: 0,
    InstanceProfilesQuota: 1000,
    ServerCertificates: 0,
    ServerCertificatesQuota: 20,
    SigningCertificatesPerUserQuota: 2,
    GlobalEndpointTokenVersion: 1,
  }
  return new Map(Object.entries(counts).map(([name, count]) => [name, String(count)]))
}
