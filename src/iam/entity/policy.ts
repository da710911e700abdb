/** Managed policies: as targets, by ARN, and as answers show them. Those that come with the program look like the others. */
import { accessDenied } from '#aws/denial.ts'
import { refusal, RefusalError, type Refusal } from '#aws/errors.ts'
import type { RequestFacts } from '#aws/operation.ts'
import { iamArn, partitionOf } from '#base/arn.ts'
import { awsManagedPolicy, awsManagedPolicyArn, type AwsManagedPolicy } from '#policy/aws-managed-policies.ts'
import type { ManagedPolicyRecord, PolicyVersion } from '#records/iam.ts'
import type { Stored } from '#records/key.ts'
import { conditionValue, type ConditionInput } from './conditions.ts'
import { encodedDocument } from './inline.ts'
import { policyNameIn, refuseArn } from './managed-policy.ts'
import type { PolicyUse } from './policy-use.ts'
import { wireTags } from './tags.ts'
import {
  callersAccount,
  entityArn,
  iamTarget,
  noSuchEntity,
  type AccountResource,
  type EntityResource,
  type IamAction,
} from './target.ts'

/** A policy as it can be read, wherever it is kept. */
export interface KnownPolicy extends Omit<ManagedPolicyRecord, 'kind' | 'account' | 'nextVersion'> {
  readonly arn: string
}

/** A policy by its ARN, which need not exist. */
export interface PolicyResource extends AccountResource {
  readonly policy: KnownPolicy | undefined
  /** Undefined for policies that come with the program. */
  readonly record: Stored<ManagedPolicyRecord> | undefined
}

type PolicyInput = ConditionInput & { readonly PolicyArn: string }

/** The policy that PolicyArn names. */
export const policyNamed = (action: IamAction) =>
  iamTarget(
    action,
    async ({ PolicyArn: arn }: PolicyInput, facts, ports): Promise<PolicyResource | Refusal> => {
      const name = policyNameIn(arn)
      if (name === undefined) return refuseArn(arn)
      const account = await callersAccount(facts, ports)
      const partition = partitionOf(facts.region)
      const shipped = awsManagedPolicy(partition, arn)
      if (shipped !== undefined) return { account, arn, policy: shippedPolicy(partition, shipped), record: undefined }
      const record = await ports.storage.iamByName(account.account, 'policy', name)
      if (record === undefined || entityArn(record, facts) !== arn) {
        return { account, arn, policy: undefined, record: undefined }
      }
      return { account, arn, policy: { ...record, arn }, record }
    },
    (key, { policy }, { Tags, TagKeys }) =>
      conditionValue(key, { tags: policy?.tags ?? [], boundary: undefined }, { Tags, TagKeys }),
  )

interface NewPolicy extends ConditionInput {
  readonly PolicyName: string
  readonly Path?: string | undefined
}

/** The policy that CreatePolicy makes. `record` is one that has the name already, in whatever path. */
export const newPolicy = (action: IamAction) =>
  iamTarget(
    action,
    async ({ PolicyName: name, Path = '/' }: NewPolicy, facts, ports): Promise<EntityResource<ManagedPolicyRecord>> => {
      const account = await callersAccount(facts, ports)
      const arn = iamArn(partitionOf(facts.region), account.account, 'policy', Path, name)
      const record = await ports.storage.iamByName(account.account, 'policy', name)
      return { account, kind: 'policy', name, arn, record }
    },
    (key, _resource, { Tags }) => conditionValue(key, { tags: [], boundary: undefined }, { Tags }),
  )

/** The same once more: its tags need the permission to tag as well. */
export const newPolicyTags = {
  ...newPolicy('iam:TagPolicy'),
  applies: ({ Tags = [] }: NewPolicy) => Tags.length > 0,
}

/** The policy, for reading. Throws the refusal NoSuchEntity when there is none: operations declare it. */
export function existingPolicy({ policy, arn }: PolicyResource): KnownPolicy {
  if (policy === undefined) throw new RefusalError(noSuchEntity(`Policy ${arn} was not found.`))
  return policy
}

/** The policy, for changing. Throws also for those that come with the program, which nobody may change. */
export function ownPolicy(
  resource: PolicyResource,
  action: IamAction,
  { callerArn }: Pick<RequestFacts, 'callerArn'>,
): Stored<ManagedPolicyRecord> {
  existingPolicy(resource)
  if (resource.record !== undefined) return resource.record
  // Unverified wording.
  throw new RefusalError(
    accessDenied(`User: ${callerArn} is not authorized to perform: ${action} on resource: policy ${resource.arn}`),
  )
}

/** The version of `policy`. Throws the refusal NoSuchEntity when it has none such. */
export function versionOf(policy: KnownPolicy, versionId: string): PolicyVersion {
  const found = policy.versions.find(({ id }) => id === versionId)
  if (found !== undefined) return found
  throw new RefusalError(
    // Unverified wording.
    noSuchEntity(`Policy ${policy.arn} version ${versionId} does not exist or is not attachable.`),
  )
}

/** How many versions a policy has at most. */
export const versionsPerPolicy = 5

export function requireRoomForVersion({ versions }: Pick<ManagedPolicyRecord, 'versions'>): void {
  if (versions.length < versionsPerPolicy) return
  throw new RefusalError(
    refusal(
      'LimitExceededException',
      `A managed policy can have up to ${versionsPerPolicy} versions. Before you create a new version, you must delete an ` +
        'existing version.',
    ),
  )
}

/** A policy as lists show it. */
export function policyShape(policy: KnownPolicy, use: PolicyUse) {
  return {
    PolicyName: policy.name,
    PolicyId: policy.id,
    Arn: policy.arn,
    Path: policy.path,
    DefaultVersionId: policy.defaultVersion,
    AttachmentCount: use.attachments(policy.arn),
    PermissionsBoundaryUsageCount: use.boundaries(policy.arn),
    IsAttachable: true,
    CreateDate: new Date(policy.creationDate),
    UpdateDate: new Date(policy.updateDate),
  }
}

/** A policy with what lists leave out. */
export function policyDetail(policy: KnownPolicy, use: PolicyUse) {
  return {
    ...policyShape(policy, use),
    ...describedAs(policy),
    ...(policy.tags.length === 0 ? {} : { Tags: wireTags(policy.tags) }),
  }
}

/** The member for the description, where there is one. */
export function describedAs({ description }: Pick<KnownPolicy, 'description'>): { readonly Description?: string } {
  return description === '' ? {} : { Description: description }
}

/** A version as lists show it. */
export function versionShape(
  { id, creationDate }: PolicyVersion,
  { defaultVersion }: Pick<KnownPolicy, 'defaultVersion'>,
) {
  return { VersionId: id, IsDefaultVersion: id === defaultVersion, CreateDate: new Date(creationDate) }
}

/** A version with its document. */
export function versionDetail(version: PolicyVersion, policy: Pick<KnownPolicy, 'defaultVersion'>) {
  return { ...versionShape(version, policy), Document: encodedDocument(version.document) }
}

/** A policy that comes with the program. */
export function shippedPolicy(partition: string, shipped: AwsManagedPolicy): KnownPolicy {
  const { id, name, path, description, version, document, creationDate } = shipped
  return {
    arn: awsManagedPolicyArn(partition, shipped),
    id,
    name,
    path,
    description,
    creationDate,
    updateDate: creationDate,
    versions: [{ id: version, document, creationDate }],
    defaultVersion: version,
    tags: [],
  }
}
