/** Managed policies by ARN: those of the account, and those that every account has without storing them. */
import { refusal, RefusalError, type Refusal } from '#aws/errors.ts'
import type { RequestFacts } from '#aws/operation.ts'
import { parseArn, partitionOf } from '#base/arn.ts'
import { awsManagedPolicy } from '#policy/aws-managed-policies.ts'
import type { IamPorts } from '../operation.ts'
import { entityArn } from './target.ts'

/** What attachments say of a policy. */
export interface PolicyName {
  readonly arn: string
  readonly name: string
  readonly path: string
}

/**
 * The policy that `arn` names, or undefined when there is none that the caller's account could use. Throws the refusal
 * InvalidInput for what is no ARN of a policy: operations declare it.
 */
export async function findPolicy(
  arn: string,
  facts: RequestFacts,
  { storage }: Pick<IamPorts, 'storage'>,
): Promise<PolicyName | undefined> {
  const partition = partitionOf(facts.region)
  const name = policyNameIn(arn)
  if (name === undefined) throw new RefusalError(refuseArn(arn))
  const shipped = awsManagedPolicy(partition, arn)
  if (shipped !== undefined) return { arn, name, path: shipped.path }
  const stored = await storage.iamByName(facts.account, 'policy', name)
  return stored !== undefined && entityArn(stored, facts) === arn
    ? { arn, name: stored.name, path: stored.path }
    : undefined
}

/** The name and path in the ARN of a policy. */
export function policyIn(arn: string): PolicyName {
  const { resource = '' } = parseArn(arn) ?? {}
  const path = resource.slice(resource.indexOf('/'), resource.lastIndexOf('/') + 1)
  return { arn, name: resource.slice(resource.lastIndexOf('/') + 1), path }
}

/** The name in `arn`; undefined: it is no ARN of a policy. */
export function policyNameIn(arn: string): string | undefined {
  const parsed = parseArn(arn)
  if (parsed?.service !== 'iam' || parsed.region !== '') return undefined
  return /^policy\/(?:[\u0021-\u007E]+\/)?(?<name>[\w+=,.@-]+)$/.exec(parsed.resource)?.groups?.['name']
}

// Unverified wording.
export function refuseArn(arn: string): Refusal {
  return refusal('InvalidInputException', `ARN ${arn} is not valid.`)
}
