/** CreateRole: a role without permissions, and who may assume it. */
import { integer, optional } from '#aws/shape.ts'
import type { RoleRecord } from '#records/iam.ts'
import { requirePolicy } from '../entity/boundary.ts'
import { entityConditions } from '../entity/conditions.ts'
import { policyTextKept } from '../entity/inline.ts'
import { newRole, newRoleTags, roleDetail } from '../entity/role.ts'
import { mergeTags } from '../entity/tags.ts'
import { changesIn } from '../entity/target.ts'
import { storedTrustPolicy } from '../entity/trust-policy.ts'
import { newUniqueId } from '../entity/unique-ids.ts'
import {
  ArnType,
  PathType,
  PolicyDocumentType,
  RoleDescriptionType,
  RoleNameType,
  RoleShape,
  TagListType,
} from '../members.ts'
import { changeOperation } from '../operation.ts'

const oneHour = 3600

export const CreateRole = changeOperation({
  name: 'CreateRole',
  input: {
    Path: optional(PathType),
    RoleName: RoleNameType,
    AssumeRolePolicyDocument: PolicyDocumentType,
    Description: optional(RoleDescriptionType),
    MaxSessionDuration: optional(integer({ min: 3600, max: 43_200 })),
    PermissionsBoundary: optional(ArnType),
    Tags: optional(TagListType),
  },
  output: { Role: RoleShape },
  targets: { role: newRole('iam:CreateRole'), tags: newRoleTags },
  conditions: entityConditions,
  errors: [
    'ConcurrentModificationException',
    'EntityAlreadyExistsException',
    'InvalidInputException',
    'LimitExceededException',
    'MalformedPolicyDocumentException',
    // Of a boundary that does not exist: AWS answers it, its service model does not say so.
    'NoSuchEntityException',
    'ServiceFailureException',
  ],
  recorded: ['Role'],
  async handle({ targets: { role }, facts, ports, fail }, input) {
    const { Path = '/', RoleName, Description = '', MaxSessionDuration = oneHour, PermissionsBoundary } = input
    if (role.record !== undefined) fail('EntityAlreadyExistsException', `Role with name ${RoleName} already exists.`)
    const tags = mergeTags([], input.Tags ?? [], fail)
    if (PermissionsBoundary !== undefined) await requirePolicy(PermissionsBoundary, facts, ports)
    const trustPolicy = await storedTrustPolicy(input.AssumeRolePolicyDocument, facts, ports)
    const entity: RoleRecord = {
      kind: 'role',
      account: facts.account,
      id: newUniqueId('AROA', ports.random),
      name: RoleName,
      path: Path,
      creationDate: facts.now,
      inline: [],
      attached: [],
      description: Description,
      maxSessionDuration: MaxSessionDuration,
      trustPolicy,
      boundary: PermissionsBoundary,
      tags,
      sessionsValidFrom: 0,
    }
    return {
      output: { Role: await roleDetail(entity, facts, ports) },
      changes: changesIn(role, { kind: 'iam added', entity }, policyTextKept(trustPolicy, facts)),
    }
  },
})
