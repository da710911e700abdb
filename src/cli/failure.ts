/** How a command that failed ends: words for the operator on standard error, and an exit code for scripts. */
import { ConfigError } from '#config/config-error.ts'
import { IntegrityError } from '#base/integrity-error.ts'
import { ControlError } from '#control/control-error.ts'
import { exitCode } from '#control/exit-code.ts'
import { SealError } from '#seals/seal-error.ts'
import { ListenError } from '#server/listen-error.ts'
import { AnchorError } from '#storage/anchor.ts'
import { StorageError } from '#storage/storage-error.ts'
import type { StorageFault } from '#storage/storage-error.ts'
import { TlsError } from '#tls/tls-error.ts'

export interface Failure {
  /** Lines for standard error. */
  readonly text: string
  readonly exit: number
}

const exitOfFault: Readonly<Record<StorageFault, number>> = {
  missing: exitCode.damaged,
  exists: exitCode.damaged,
  'not ours': exitCode.damaged,
  newer: exitCode.damaged,
  damaged: exitCode.damaged,
  'read-only': exitCode.cannotCreate,
  full: exitCode.cannotCreate,
  busy: exitCode.busy,
  unreachable: exitCode.cannotCreate,
  failed: exitCode.cannotCreate,
}

/** What is wrong with the address itself, rather than that it is taken. */
const addressFaults = ['EACCES', 'EADDRNOTAVAIL', 'ENOTFOUND', 'EAI_AGAIN']

export function failureOf(error: unknown): Failure {
  const exit = exitOf(error)
  if (exit !== undefined && error instanceof Error) return { text: prefixed(error.message), exit }
  // The stack shows where in our sources; no secret is in the message of an error.
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error)
  return { text: `trent: an unexpected error, please report it: ${text}\n`, exit: exitCode.unexpected }
}

function exitOf(error: unknown): number | undefined {
  if (error instanceof ConfigError || error instanceof TlsError) return exitCode.usage
  if (error instanceof ControlError) return error.exit
  if (error instanceof SealError) return exitCode.sealed
  if (error instanceof IntegrityError || error instanceof AnchorError) return exitCode.damaged
  if (error instanceof StorageError) return exitOfFault[error.fault]
  if (error instanceof ListenError) {
    return addressFaults.includes(systemCode(error.cause) ?? '') ? exitCode.usage : exitCode.busy
  }
  // A full disk, a directory that may not be written.
  if (error instanceof Error && 'syscall' in error && systemCode(error)?.startsWith('E') === true) {
    return exitCode.cannotCreate
  }
  return undefined
}

function systemCode(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined
}

function prefixed(message: string): string {
  return message
    .split('\n')
    .map((line) => `trent: ${line}\n`)
    .join('')
}
