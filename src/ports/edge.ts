import type { RequestId } from '#base/brand.ts'

/** The only source of time. */
export interface Clock {
  /** Epoch milliseconds as keys, jobs and records see them: a test profile may have moved them. */
  now(): number
  /** Epoch milliseconds of the machine: for signatures and TLS, never moved. */
  machineNow(): number
}

/** The only source of randomness and ids. */
export interface Random {
  /** `size` unpredictable bytes in a fresh buffer that the caller owns. */
  bytes(size: number): Buffer
  /** Fills `target` with unpredictable bytes. */
  fill(target: Buffer): void
  /** A version 4 UUID. */
  uuid(): string
  /** A version 7 UUID of `machineMs`, epoch milliseconds. */
  requestId(machineMs: number): RequestId
}
