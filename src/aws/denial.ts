/** AccessDeniedException in AWS's wording ("Troubleshoot access denied error messages", IAM User Guide). */
import { refusal, type Refusal } from './errors.ts'
import type { Decision, Layer, Question } from '#policy/question.ts'

type Denial = Extract<Decision, { readonly allowed: false }>

/**
 * What the caller is told of `denial`, the answer to `question`. Of a resource of another account it is always the same,
 * whatever denied, and the same as of one that does not exist.
 */
export function denialMessage(callerArn: string, question: Question, denial: Denial): Refusal {
  const { action, resource, subject } = question
  if (subject.account !== resource.account || denial.because === 'local only') return foreignDenial(callerArn, action)
  return denied(callerArn, action, `on resource: ${resource.arn}${reason(denial, action)}`)
}

function reason({ because, layer }: Denial, action: string): string {
  // What went wrong within is for the log.
  if (because === 'error') return ''
  // AWS speaks of an explicit deny even where no service control policy allows.
  if (because === 'explicit deny' || layer === 'service control policy') {
    return ` with an explicit deny in ${inWords[layer].denying}`
  }
  return ` because no ${inWords[layer].allowing} allows the ${action} action`
}

/** The policies of a layer as AWS calls them when one denies, and when none allows. */
const inWords: Readonly<Record<Layer, { readonly denying: string; readonly allowing: string }>> = {
  'key policy': { denying: 'a resource-based policy', allowing: 'resource-based policy' },
  'trust policy': { denying: 'the role trust policy', allowing: 'role trust policy' },
  'identity policy': { denying: 'an identity-based policy', allowing: 'identity-based policy' },
  'permissions boundary': { denying: 'a permissions boundary', allowing: 'permissions boundary' },
  // The plural is AWS's.
  'session policy': { denying: 'a sessions policy', allowing: 'session policy' },
  'service control policy': { denying: 'a service control policy', allowing: 'service control policy' },
  'resource control policy': { denying: 'a resource control policy', allowing: 'resource control policy' },
  'endpoint policy': { denying: 'a VPC endpoint policy', allowing: 'VPC endpoint policy' },
}

/** What a caller is told of resources of other accounts: neither that they exist nor that they don't. */
export function foreignDenial(callerArn: string, action: string): Refusal {
  return denied(
    callerArn,
    action,
    'on this resource because the resource does not exist in this Region, no resource-based policies allow access, or a ' +
      'resource-based policy explicitly denies access',
  )
}

function denied(callerArn: string, action: string, rest: string): Refusal {
  return accessDenied(`User: ${callerArn} is not authorized to perform: ${action} ${rest}`)
}

/** An AccessDeniedException, whose message member AWS spells with a capital. */
export function accessDenied(message: string): Refusal {
  return { ...refusal('AccessDeniedException', message), capitalMessage: true }
}
