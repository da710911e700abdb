import type { ErrorCode } from '#aws/errors.ts'
import type { Members, RequestFacts } from '#aws/operation.ts'
import type { FaultSubject } from '#ports/faults.ts'

/** What of a call decides about its faults. */
interface FaultedCall {
  readonly prepared: {
    readonly operation: {
      readonly name: string
      readonly errors: readonly ErrorCode[]
      readonly targets: readonly {
        readonly name: string
        audited(resource: unknown): { readonly arn: string } | undefined
      }[]
    }
  }
  readonly facts: RequestFacts
  readonly progress: { readonly targets: Members }
}

/** The call of an operation of `service`, whose targets are resolved, as faults see it. */
export function faultSubject(service: string, { prepared: { operation }, facts, progress }: FaultedCall): FaultSubject {
  return {
    service,
    operation: operation.name,
    errors: operation.errors,
    account: facts.account,
    callerArn: facts.callerArn,
    accessKeyId: facts.caller.accessKeyId,
    resources: operation.targets.flatMap((target) => {
      if (!Object.hasOwn(progress.targets, target.name)) return []
      const audited = target.audited(progress.targets[target.name])
      return audited === undefined ? [] : [audited.arn]
    }),
  }
}
