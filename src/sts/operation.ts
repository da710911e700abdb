/** What every STS operation is built from. */
import type { ErrorCode } from '#aws/errors.ts'
import { defineRead, type Operation, type ReadOperation, type Targets } from '#aws/operation.ts'
import type { Fields, Value } from '#aws/shape.ts'
import type { CompiledPolicy } from '#policy/compile.ts'
import type { Clock } from '#ports/edge.ts'
import type { SessionIssuer } from '#ports/sessions.ts'
import type { StorageReader } from '#ports/storage.ts'
import type { WebIdentity } from '#ports/web-identity.ts'

/** The request quotas of STS, requests per second per account and region (IAM User Guide, "IAM and AWS STS quotas"). */
export const quotas = { sts: 600 } as const
export type QuotaName = keyof typeof quotas

export interface StsPorts {
  readonly storage: Pick<StorageReader, 'iamByName'>
  readonly sessions: SessionIssuer
  readonly webIdentity: WebIdentity
  /** Credentials live by the machine's clock. */
  readonly clock: Pick<Clock, 'machineNow'>
  /** A policy by its text, which may be wrong: such a policy allows nothing. */
  readonly compile: (text: string) => CompiledPolicy
}
/** STS stores nothing: what a session is stands in its token. */
export type StsOperation = Operation<StsPorts, never, never>
export type StsTargets<In> = Targets<StsPorts, never, In>

/** Declares an operation that reads or computes. */
export const readOperation = <
  I extends Fields,
  O extends Fields,
  const T extends StsTargets<Value<I>>,
  const E extends ErrorCode,
>(
  declared: ReadOperation<StsPorts, never, I, O, T, E> & { readonly quota: QuotaName },
): StsOperation => defineRead(declared)
