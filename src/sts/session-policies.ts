/** The policies that are passed for a session, and how much of its token they and its tags take. */
import { parseArn, partitionOf } from '#base/arn.ts'
import type { AccountId, Region } from '#base/brand.ts'
import { after, type MaybeAsync } from '#base/maybe-async.ts'
import { awsManagedPolicy } from '#policy/aws-managed-policies.ts'
import { validateIdentityPolicy } from '#policy/validate-identity-policy.ts'
import type { Session } from '#ports/sessions.ts'
import type { StsPorts } from './operation.ts'

export interface PolicyRequest {
  readonly Policy?: string | undefined
  readonly PolicyArns?: readonly { readonly arn?: string | undefined }[] | undefined
}

/** Ends the operation. */
export type RefusePolicies = (
  code: 'MalformedPolicyDocumentException' | 'PackedPolicyTooLargeException' | 'ValidationException',
  message: string,
) => never

/** Whose session it is to be. */
interface Owner {
  readonly account: AccountId
  readonly region: Region
}

/**
 * The session policies of a request; undefined when it passes none. Managed policies have to be of the session's account, or
 * AWS's own.
 */
export function sessionPolicies(
  { Policy, PolicyArns = [] }: PolicyRequest,
  owner: Owner,
  ports: Pick<StsPorts, 'storage'>,
  refuse: RefusePolicies,
): MaybeAsync<Session['policies']> {
  if (Policy === undefined && PolicyArns.length === 0) return undefined
  const fault = Policy === undefined ? undefined : validateIdentityPolicy(Policy)
  if (fault !== undefined) refuse('MalformedPolicyDocumentException', fault.message)
  const arns = [...new Set(PolicyArns.map(({ arn }) => arn ?? refuse('ValidationException', 'A policy has no ARN.')))]
  const policies = { documents: Policy === undefined ? [] : [Policy], arns }
  const check = (from: number): MaybeAsync<Session['policies']> => {
    const arn = arns[from]
    if (arn === undefined) return policies
    return after(exists(arn, owner, ports), (found) =>
      found ? check(from + 1) : refuse('ValidationException', `Policy ${arn} does not exist or is not attachable.`),
    )
  }
  return check(0)
}

function exists(text: string, { account, region }: Owner, { storage }: Pick<StsPorts, 'storage'>): MaybeAsync<boolean> {
  const partition = partitionOf(region)
  if (awsManagedPolicy(partition, text) !== undefined) return true
  const arn = parseArn(text)
  if (arn?.partition !== partition || arn.service !== 'iam' || arn.account !== account) return false
  const name = arn.resource.slice(arn.resource.lastIndexOf('/') + 1)
  return after(
    storage.iamByName(account, 'policy', name),
    (found) => found !== undefined && arn.region === '' && arn.resource === `policy${found.path}${found.name}`,
  )
}

/**
 * Bytes that policies and tags may take in a token. AWS has such a limit and does not say which; this one keeps what clients
 * have to send with every request below the header size that HTTP servers take.
 */
const packedLimit = 4096

/** How much of that limit `session` takes, in percent; undefined when there is nothing to pack. */
export function packedPolicySize(
  { policies, tags, transitiveTagKeys }: Pick<Session, 'policies' | 'tags' | 'transitiveTagKeys'>,
  refuse: RefusePolicies,
): number | undefined {
  if (policies === undefined && tags.length === 0) return undefined
  const packed = [
    ...(policies === undefined ? [] : [...policies.documents, ...policies.arns]),
    ...tags.flatMap(({ TagKey, TagValue }) => [TagKey, TagValue]),
    ...transitiveTagKeys,
  ]
  const percent = Math.ceil((100 * Buffer.byteLength(JSON.stringify(packed), 'utf8')) / packedLimit)
  if (percent > 100) {
    refuse(
      'PackedPolicyTooLargeException',
      policies === undefined
        ? `Packed size of session tags consumes ${percent}% of allotted space.`
        : `Packed policy consumes ${percent}% of allotted space, please use smaller policy.`,
    )
  }
  return percent
}
