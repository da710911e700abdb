/** Permissions boundaries: a managed policy that limits a user or role. */
import { RefusalError } from '#aws/errors.ts'
import type { RequestFacts } from '#aws/operation.ts'
import type { IamPorts } from '../operation.ts'
import { findPolicy } from './managed-policy.ts'
import { noSuchEntity } from './target.ts'

/** Throws the refusal NoSuchEntity unless `arn` names a policy that can be a boundary; InvalidInput for what is no ARN. */
export async function requirePolicy(arn: string, facts: RequestFacts, ports: IamPorts): Promise<void> {
  if ((await findPolicy(arn, facts, ports)) !== undefined) return
  throw new RefusalError(noSuchEntity(`Scope ARN: ${arn} does not exist or is not attachable.`))
}
