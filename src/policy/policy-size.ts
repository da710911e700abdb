/**
 * How large policies may be ("IAM and AWS STS quotas", IAM User Guide; "Quotas", AWS KMS Developer Guide). IAM counts the
 * characters that are not white space, KMS every byte.
 */
import { beyondQuota, type PolicyFault } from './policy-fault.ts'

/** Bytes of a key policy's text in UTF-8. */
export const keyPolicyBytes = 32_768
/** Of all inline policies of one user, group or role together. */
export const inlinePolicySize = { user: 2048, group: 5120, role: 10_240 } as const
/** Of one version of a managed policy. */
export const managedPolicySize = 6144
/** Of a role's trust policy. */
export const trustPolicySize = 2048
/** Characters, white space included, of all session policies of one request together: that is how STS counts. */
export const sessionPolicyCharacters = 2048

/** The characters of `text` that are not white space: what IAM counts. */
export function policySize(text: string): number {
  let size = 0
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at)
    if (code !== 0x20 && (code < 0x09 || code > 0x0d)) size += 1
  }
  return size
}

/** Undefined when `texts`, all the inline policies that `name` is to have, fit. */
export function refuseInlineSize(
  of: keyof typeof inlinePolicySize,
  name: string,
  texts: readonly string[],
): PolicyFault | undefined {
  const limit = inlinePolicySize[of]
  const size = texts.reduce((sum, text) => sum + policySize(text), 0)
  return size <= limit ? undefined : beyondQuota(`Maximum policy size of ${limit} bytes exceeded for ${of} ${name}`)
}

/** Undefined when `text` fits into a managed policy. */
export function refuseManagedSize(text: string): PolicyFault | undefined {
  return policySize(text) <= managedPolicySize
    ? undefined
    : beyondQuota(`Cannot exceed quota for PolicySize: ${managedPolicySize}`)
}

/** Undefined when `text`, as it was given, fits into a trust policy. */
export function refuseTrustSize(text: string): PolicyFault | undefined {
  return policySize(text) <= trustPolicySize
    ? undefined
    : beyondQuota(`Cannot exceed quota for ACLSizePerRole: ${trustPolicySize}`)
}

/** Undefined when `text`, as it was given, fits into a key policy. */
export function refuseKeyPolicySize(text: string): PolicyFault | undefined {
  const bytes = new TextEncoder().encode(text).length
  // AWS publishes the limit and the code, not the wording.
  return bytes <= keyPolicyBytes
    ? undefined
    : beyondQuota(`The key policy is ${bytes} bytes long, which is more than the ${keyPolicyBytes} bytes allowed.`)
}
