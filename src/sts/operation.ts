/** What every STS operation is built from. */
import type { ErrorCode } from '#aws/errors.ts'
import { defineRead, type Operation, type ReadOperation, type Targets } from '#aws/operation.ts'
import type { Fields, Value } from '#aws/shape.ts'

/** The request quotas of STS, requests per second per account and region (IAM User Guide, "IAM and AWS STS quotas"). */
export const quotas = { sts: 600 } as const
export type QuotaName = keyof typeof quotas

/** STS stores nothing yet and needs no ports. */
export type StsPorts = undefined
export type StsOperation = Operation<StsPorts, never, never>

/** Declares an operation that reads or computes. */
export const readOperation = <
  I extends Fields,
  O extends Fields,
  const T extends Targets<StsPorts, never, Value<I>>,
  const E extends ErrorCode,
>(
  declared: ReadOperation<StsPorts, never, I, O, T, E> & { readonly quota: QuotaName },
): StsOperation => defineRead(declared)
