/** May the caller? Asks the policy evaluator about one target of the operation. */
import type { Refusal } from '#aws/errors.ts'
import type { ResourceFacts } from '#aws/operation.ts'
import { denialMessage } from '#policy/denial.ts'
import { evaluate } from '#policy/evaluate.ts'
import type { Caller } from '#policy/principal.ts'

/** Undefined when `caller` may do `action` on `resource`; what the caller is told when not. */
export function authorize(
  caller: Caller,
  action: string,
  crossAccount: boolean,
  resource: ResourceFacts,
  callerArn: string,
): Refusal | undefined {
  const decision = evaluate({ caller, action, crossAccount, resource })
  return decision.allowed ? undefined : denialMessage(callerArn, action, resource.arn, decision)
}
