/** Faults that an operator of a test server asked for. */
import type { ErrorCode, Refusal } from '#aws/errors.ts'

/** What of a request decides whether it meets a fault. */
export interface FaultSubject {
  /** The service's signing name, e.g. `kms`. */
  readonly service: string
  readonly operation: string
  /** What the operation declares. */
  readonly errors: readonly ErrorCode[]
  readonly account: string
  readonly callerArn: string
  readonly accessKeyId: string | undefined
  /** The ARNs of what the request acts on. */
  readonly resources: readonly string[]
}

/** How a request ends that meets a fault which ends it. */
export type FaultEnding =
  | { readonly kind: 'refused'; readonly refusal: Refusal }
  /** The connection ends without an answer, before the operation has had an effect or after it. */
  | { readonly kind: 'dropped'; readonly when: 'before' | 'after' }

/** What happens to one request. */
export interface InjectedFault {
  /** How long it waits first, milliseconds. */
  readonly delayMs: number
  /** Undefined: it goes on after the delay. */
  readonly ending: FaultEnding | undefined
  /** What its record says of it: JSON text. */
  readonly text: string
}

/** Injects faults into requests. There is one with the test profile only. */
export interface FaultInjector {
  /** The fault that this request meets; asked once for each request. */
  meet(subject: FaultSubject): InjectedFault | undefined
  wait(milliseconds: number): Promise<void>
}
