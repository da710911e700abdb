/** The user, group or role whose policies are simulated: as a target, by ARN, and with all that limits it. */
import { refusal, type Refusal } from '#aws/errors.ts'
import type { RequestFacts } from '#aws/operation.ts'
import { parseArn } from '#base/arn.ts'
import { compilePolicy } from '#policy/compile.ts'
import type { AttachedPolicy } from '#policy/subject.ts'
import type { AccountRecord } from '#records/identity.ts'
import type { IamOf } from '#ports/storage.ts'
import { boundaryOf } from '../entity/policy-use.ts'
import { conditionValue } from '../entity/conditions.ts'
import {
  entityArn,
  entityNamed,
  existing,
  iamTarget,
  type EntityResource,
  type IamAction,
  type PrincipalKind,
} from '../entity/target.ts'
import type { IamPorts } from '../operation.ts'
import { callerOf } from './caller.ts'
import { inputBoundary, inputPolicies, type SimulationRequest } from './request.ts'
import type { Simulated } from './simulate.ts'

type SourceResource = EntityResource<IamOf<PrincipalKind>>

/** The entity that PolicySourceArn names, which need not exist. */
export const policySource = (action: IamAction) =>
  iamTarget(
    action,
    async (
      { PolicySourceArn: arn }: { readonly PolicySourceArn: string },
      facts,
      ports,
    ): Promise<SourceResource | Refusal> => {
      const { service, resource = '' } = parseArn(arn) ?? {}
      const [, kind, name = ''] = /^(user|group|role)\/(?:[\u0021-\u007E]+\/)?([\w+=,.@-]+)$/.exec(resource) ?? []
      if (service !== 'iam' || (kind !== 'user' && kind !== 'group' && kind !== 'role')) {
        // Unverified wording.
        return refusal(
          'InvalidInputException',
          `Invalid Entity Arn: ${arn} does not clearly define entity type and name.`,
        )
      }
      const found: SourceResource = await entityNamed<PrincipalKind>(kind, name, facts, ports)
      const isIt = found.record !== undefined && entityArn(found.record, facts) === arn
      return { ...found, arn, record: isIt ? found.record : undefined }
    },
    (key, { record }) =>
      conditionValue(
        key,
        {
          tags: record === undefined || record.kind === 'group' ? [] : record.tags,
          boundary: record === undefined ? undefined : boundaryOf(record),
        },
        {},
      ),
  )

/** All that decides on requests of the entity, with what the request adds or puts in its place. */
export async function simulatedPolicies(
  resource: SourceResource,
  request: SimulationRequest,
  facts: RequestFacts,
  ports: IamPorts,
): Promise<Simulated> {
  const entity = existing(resource)
  const { account } = resource
  const boundary = boundaryOf(entity)
  const added = inputPolicies('PolicyInputList', request.PolicyInputList)
  const put = inputBoundary(request.PermissionsBoundaryPolicyInputList)
  return {
    identity: [...(await ports.policies.identity(entity)), ...added],
    boundary: put ?? (boundary === undefined ? undefined : await ports.policies.managed(account.account, boundary)),
    serviceControl: levels('service control policy', account.serviceControl),
    resourceControl: levels('resource control policy', account.resourceControl),
    caller: entity.kind === 'group' ? undefined : callerOf(entity, facts),
  }
}

/** Policies of an organization by level, named by where they stand. */
function levels(kind: string, documents: AccountRecord['serviceControl']): readonly (readonly AttachedPolicy[])[] {
  return documents.map((texts, level) =>
    texts.map((text, index) => ({
      name: `${kind} ${index + 1} of level ${level + 1}`,
      policy: compilePolicy(text),
    })),
  )
}
