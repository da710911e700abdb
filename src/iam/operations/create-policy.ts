/** CreatePolicy: a managed policy, with its first version. */
import { optional } from '#aws/shape.ts'
import { refuseManagedSize } from '#policy/policy-size.ts'
import { validateIdentityPolicy } from '#policy/validate-identity-policy.ts'
import type { ManagedPolicyRecord } from '#records/iam.ts'
import { entityConditions } from '../entity/conditions.ts'
import { policyTextKept, refuseFault } from '../entity/inline.ts'
import { unused } from '../entity/policy-use.ts'
import { newPolicy, newPolicyTags, policyDetail } from '../entity/policy.ts'
import { mergeTags } from '../entity/tags.ts'
import { changesIn } from '../entity/target.ts'
import { newUniqueId } from '../entity/unique-ids.ts'
import {
  PolicyDescriptionType,
  PolicyDocumentType,
  PolicyNameType,
  PolicyPathType,
  PolicyShape,
  TagListType,
} from '../members.ts'
import { changeOperation } from '../operation.ts'

export const CreatePolicy = changeOperation({
  name: 'CreatePolicy',
  input: {
    PolicyName: PolicyNameType,
    Path: optional(PolicyPathType),
    PolicyDocument: PolicyDocumentType,
    Description: optional(PolicyDescriptionType),
    Tags: optional(TagListType),
  },
  output: { Policy: optional(PolicyShape) },
  targets: { policy: newPolicy('iam:CreatePolicy'), tags: newPolicyTags },
  conditions: entityConditions,
  errors: [
    'ConcurrentModificationException',
    'EntityAlreadyExistsException',
    'InvalidInputException',
    'LimitExceededException',
    'MalformedPolicyDocumentException',
    'ServiceFailureException',
  ],
  recorded: ['Policy'],
  handle({ targets: { policy }, facts, ports, fail }, input) {
    const { PolicyName, Path = '/', PolicyDocument, Description = '', Tags = [] } = input
    if (policy.record !== undefined) {
      fail(
        'EntityAlreadyExistsException',
        `A policy called ${PolicyName} already exists. Duplicate names are not allowed.`,
      )
    }
    const tags = mergeTags([], Tags, fail)
    refuseFault(validateIdentityPolicy(PolicyDocument) ?? refuseManagedSize(PolicyDocument))
    const entity: ManagedPolicyRecord = {
      kind: 'policy',
      account: facts.account,
      id: newUniqueId('ANPA', ports.random),
      name: PolicyName,
      path: Path,
      creationDate: facts.now,
      description: Description,
      updateDate: facts.now,
      versions: [{ id: 'v1', document: PolicyDocument, creationDate: facts.now }],
      defaultVersion: 'v1',
      nextVersion: 2,
      tags,
    }
    return {
      output: { Policy: policyDetail({ ...entity, arn: policy.arn }, unused) },
      changes: changesIn(policy, { kind: 'iam added', entity }, policyTextKept(PolicyDocument, facts)),
    }
  },
})
