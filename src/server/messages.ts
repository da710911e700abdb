/** What worker threads and the primary thread, which writes, say to each other. */
import type { Address, Settings } from '#config/settings.ts'
import type { OidcFiles } from './oidc-files.ts'
import type { ListenFlag } from './port-guard.ts'
import type { TlsMaterial } from '#ports/tls.ts'
import type { Commit, CommitOutcome } from '#ports/storage.ts'
import type { SecurityEvent } from '#ports/audit.ts'
import type { LastKeyUse } from '#ports/key-usage.ts'

/** A private endpoint whose address and policy have been found good. */
export interface StartedEndpoint {
  readonly id: string
  readonly listen: Address
  readonly vpc: string | undefined
  readonly policy: string | undefined
}

/** What a worker thread is started with. */
export interface WorkerStart {
  readonly index: number
  readonly settings: Settings
  /** Where the installation's keys are in clear for the moment of the hand-over (crypto/key-hierarchy.ts). */
  readonly hierarchy: SharedArrayBuffer
  readonly slots: SharedArrayBuffer
  readonly clockOffset: SharedArrayBuffer
  /** Where faults stand (faults/board.ts); undefined but with the test profile. */
  readonly faults: SharedArrayBuffer | undefined
  readonly metrics: SharedArrayBuffer
  /** Set by the primary when the server can't serve: index 0 is 1 then. */
  readonly readiness: SharedArrayBuffer
  readonly listen: Address
  readonly metricsListen: Address | undefined
  readonly privateEndpoints: readonly StartedEndpoint[]
  readonly oidc: OidcFiles
  /** Certificates that chains of attestation documents may begin with, DER. */
  readonly attestationRoots: readonly Uint8Array[]
  readonly tls: TlsMaterial | undefined
}

export interface PageMessage {
  readonly kind: 'page'
  readonly bytes: Uint8Array<ArrayBuffer>
  readonly count: number
  readonly minMs: number
  readonly maxMs: number
  /** The uses of keys that its records tell of (audit/key-use-notes.ts), in the memory of `bytes`. */
  readonly used: Uint8Array<ArrayBuffer> | undefined
}

export type ToPrimary =
  | PageMessage
  | { readonly kind: 'commit'; readonly id: number; readonly commit: Commit }
  /** When was the key with this ARN last used? */
  | { readonly kind: 'last use'; readonly id: number; readonly key: string }
  | { readonly kind: 'refused'; readonly event: SecurityEvent }
  | { readonly kind: 'refusals dropped'; readonly count: number }
  | { readonly kind: 'listening'; readonly port: number }
  | {
      readonly kind: 'cannot listen'
      /** The flag that chose the address. */
      readonly on: ListenFlag
      readonly address: Address
      readonly code: string
      readonly message: string
    }
  | { readonly kind: 'drained' }

export type ToWorker =
  | { readonly kind: 'start'; readonly start: WorkerStart }
  /** Answers pages in the order in which they were sent; the text says why a page is stored nowhere. */
  | {
      readonly kind: 'page stored'
      readonly failure: string | undefined
      /** The page's own, which nobody here reads any more. */
      readonly memory: ArrayBuffer
    }
  | {
      readonly kind: 'commit done'
      readonly id: number
      readonly outcome: CommitOutcome | undefined
      readonly failure: string
    }
  | {
      readonly kind: 'last use found'
      readonly id: number
      readonly found: LastKeyUse | undefined
      /** Why it can't be told, when it can't. */
      readonly failure: string
    }
  | { readonly kind: 'drain' }
  | { readonly kind: 'tls'; readonly tls: TlsMaterial }
