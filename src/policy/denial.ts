import { exhaustive } from '#base/exhaustive.ts'
import { refusal, type Refusal } from '#aws/errors.ts'
import type { Decision } from './evaluate.ts'

type Denial = Extract<Decision, { readonly allowed: false }>

/** AccessDeniedException in AWS's wording ("Troubleshoot access denied error messages", IAM User Guide). */
export function denialMessage(callerArn: string, action: string, arn: string, denial: Denial): Refusal {
  const tail = tailOf(denial, action)
  return {
    ...refusal(
      'AccessDeniedException',
      `User: ${callerArn} is not authorized to perform: ${action} ${on(arn, denial)}${tail}`,
    ),
    capitalMessage: true,
  }
}

function on(arn: string, denial: Denial): string {
  return denial.because === 'other account' ? 'on this resource ' : `on resource: ${arn} `
}

function tailOf(denial: Denial, action: string): string {
  switch (denial.because) {
    case 'explicit deny':
      return 'with an explicit deny in a resource-based policy'
    case 'no statement':
    case 'policy not understood':
      return `because no resource-based policy allows the ${action} action`
    case 'other account':
      return (
        'because the resource does not exist in this Region, no resource-based policies allow access, or a ' +
        'resource-based policy explicitly denies access'
      )
    default:
      return exhaustive(denial.because)
  }
}
