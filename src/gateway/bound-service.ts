/** What the gateway needs, and what it makes of a service. */
import type { Service } from '#aws/operation.ts'
import type { Refusal } from '#aws/errors.ts'
import type { Region } from '#base/brand.ts'
import type { HmacKey } from '#crypto/hmac.ts'
import type { AuditSink, SecurityLog } from '#ports/audit.ts'
import type { Clock, Random } from '#ports/edge.ts'
import type { FaultInjector } from '#ports/faults.ts'
import type { Credential, Identities } from '#ports/identities.ts'
import type { QuotaMeter, SourceMeter } from '#ports/quota.ts'
import type { Committer } from '#ports/storage.ts'
import type { Change, Expectation } from '#records/change.ts'
import type { Answer, IncomingRequest } from './request.ts'

/** Failures that are nobody's request's fault. The error is logged with the ids; nothing of the request's content is. */
export interface FailureLog {
  /** A decision failed, which was a denial: a policy that can't be understood, or a defect. Counted, and logged within bounds. */
  undecided(where: { readonly requestId: string; readonly operation: string }, error: unknown): void
  failed(where: { readonly requestId: string; readonly operation: string }, error: unknown): void
}

export interface GatewayPorts {
  readonly identities: Identities<HmacKey>
  readonly audit: AuditSink
  readonly committer: Committer
  readonly quota: QuotaMeter
  /** Counts requests that nobody signed, by source address. */
  readonly strangers: SourceMeter
  readonly clock: Clock
  readonly random: Random
  readonly securityLog: SecurityLog
  readonly failures: FailureLog
  /** Undefined but with the test profile. */
  readonly faults?: FaultInjector | undefined
}

export interface GatewayRules {
  /** The regions this installation serves. */
  readonly regions: ReadonlySet<Region>
  /** The first of them: of requests that no signature scopes. */
  readonly home: Region
  /** How far a signer's clock may be off, seconds. */
  readonly skewSeconds: number
}

export type Respond = (answer: Answer) => void

/**
 * A call that a service of this process makes for a caller whom it has authenticated: a forward access session (IAM User
 * Guide, "Forward access sessions"). It exists as a value of this type only; nothing that arrives over a network becomes one.
 */
export interface Forwarded {
  readonly credential: Credential
  readonly region: Region
  /** As `kms:ViaService` names it, e.g. `s3.us-east-1.amazonaws.com`. */
  readonly viaService: string
}

/** A service with its ports, ready to run requests. */
export interface BoundService {
  readonly name: string
  readonly protocol: Service<unknown, Expectation, Change>['protocol']
  readonly operations: readonly string[]
  has(operation: string): boolean
  /** Runs `operation` and answers exactly once. Never throws. */
  run(operation: string, request: IncomingRequest, respond: Respond): void
  /**
   * The same where the operation stands in the body: `nameOf` is asked once the caller is known. What it refuses has no
   * operation to be recorded under, and goes to the security log.
   */
  runNamed(nameOf: (request: IncomingRequest) => string | Refusal, request: IncomingRequest, respond: Respond): void
  /** Whether `operation` arrives without a signature, and finds out by itself who calls. */
  isUnsigned(operation: string): boolean
  /** Runs such an operation. Never throws. */
  runUnsigned(operation: string, request: IncomingRequest, respond: Respond): void
  /**
   * Runs `operation` for another service of this process: all steps but authentication. Throws TypeError for an operation
   * that there is not.
   */
  runForwarded(operation: string, request: IncomingRequest, forwarded: Forwarded, respond: Respond): void
  /** Answers a refusal that came before any operation was found. */
  refuse(refused: Refusal, operation: string | undefined, request: IncomingRequest, respond: Respond): void
}
