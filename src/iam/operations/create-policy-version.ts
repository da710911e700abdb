/** CreatePolicyVersion: a further version of a managed policy, which need not count at once. */
import { boolean, optional } from '#aws/shape.ts'
import { refuseManagedSize } from '#policy/policy-size.ts'
import { validateIdentityPolicy } from '#policy/validate-identity-policy.ts'
import type { ManagedPolicyRecord } from '#records/iam.ts'
import { entityConditions } from '../entity/conditions.ts'
import { policyTextKept, refuseFault } from '../entity/inline.ts'
import { ownPolicy, policyNamed, requireRoomForVersion, versionShape } from '../entity/policy.ts'
import { changesIn } from '../entity/target.ts'
import { ArnType, PolicyDocumentType, PolicyVersionShape } from '../members.ts'
import { changeOperation } from '../operation.ts'

export const CreatePolicyVersion = changeOperation({
  name: 'CreatePolicyVersion',
  input: { PolicyArn: ArnType, PolicyDocument: PolicyDocumentType, SetAsDefault: optional(boolean()) },
  output: { PolicyVersion: optional(PolicyVersionShape) },
  targets: { policy: policyNamed('iam:CreatePolicyVersion') },
  conditions: entityConditions,
  errors: [
    'InvalidInputException',
    'LimitExceededException',
    'MalformedPolicyDocumentException',
    'NoSuchEntityException',
    'ServiceFailureException',
  ],
  recorded: ['PolicyVersion'],
  handle({ targets: { policy }, facts }, { PolicyDocument, SetAsDefault = false }) {
    const record = ownPolicy(policy, 'iam:CreatePolicyVersion', facts)
    requireRoomForVersion(record)
    refuseFault(validateIdentityPolicy(PolicyDocument) ?? refuseManagedSize(PolicyDocument))
    const version = { id: `v${record.nextVersion}`, document: PolicyDocument, creationDate: facts.now }
    const entity: ManagedPolicyRecord = {
      ...record,
      updateDate: facts.now,
      versions: [...record.versions, version],
      defaultVersion: SetAsDefault ? version.id : record.defaultVersion,
      nextVersion: record.nextVersion + 1,
    }
    return {
      output: { PolicyVersion: versionShape(version, entity) },
      changes: changesIn(policy, { kind: 'iam changed', entity }, policyTextKept(PolicyDocument, facts)),
    }
  },
})
