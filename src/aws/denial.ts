/** AccessDeniedException in AWS's wording ("Troubleshoot access denied error messages", IAM User Guide). */
import { exhaustive } from '#base/exhaustive.ts'
import { refusal, type Refusal } from '#aws/errors.ts'
import type { Decision } from './evaluate.ts'

type Denial = Extract<Decision, { readonly allowed: false }>

/** What the caller is told of `denial`. */
export function denialMessage(callerArn: string, action: string, arn: string, denial: Denial): Refusal {
  switch (denial.because) {
    case 'explicit deny':
      return denied(callerArn, action, `on resource: ${arn} with an explicit deny in a resource-based policy`)
    case 'no statement':
    case 'policy not understood':
      return denied(
        callerArn,
        action,
        `on resource: ${arn} because no resource-based policy allows the ${action} action`,
      )
    case 'other account':
      return foreignDenial(callerArn, action)
    default:
      return exhaustive(denial.because)
  }
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
