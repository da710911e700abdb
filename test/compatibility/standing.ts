/** How each operation of AWS KMS stands: what is proved, and what of its declaration is not and why. */
import * as sdk from '@aws-sdk/client-kms'
import { operations } from '#kms/service.ts'
import { proofs } from './proofs/all.ts'
import { injectedOfAll, never, notYet, undeclared } from './reasons.ts'

export interface Without {
  readonly error: string
  readonly reason: string
}

export interface Standing {
  readonly operation: string
  /** Undefined: not served. */
  readonly served:
    | {
        /** Declared errors that the SDK has seen; it has seen success as well. */
        readonly proved: readonly string[]
        /** Declared errors that the SDK has seen by an injected fault alone. */
        readonly injected: readonly Without[]
        readonly never: readonly Without[]
        readonly notYet: readonly Without[]
        /** Declared, and neither proved nor explained: a fault of the tables. */
        readonly unexplained: readonly string[]
      }
    | undefined
}

/** What proofs.test.ts shows of every operation, by a trail that can't be written. */
export const provedOfAll = 'KMSInternalException'

/** Errors of `operation` that the SDK sees by an injected fault alone. */
export function injectedOf(operation: string): readonly string[] {
  return standingOf(operation).served?.injected.map(({ error }) => error) ?? []
}

/** All operations that the newest SDK has. */
export const everyOperation: readonly string[] = Object.keys(sdk)
  .filter((name) => name.endsWith('Command') && name !== '$Command')
  .map((name) => name.slice(0, -'Command'.length))
  .sort()

const declaredErrors = new Map<string, readonly string[]>(
  Object.values(operations).map(({ name, errors }) => [name, errors]),
)

export function standingOf(operation: string): Standing {
  const errors = declaredErrors.get(operation)
  if (errors === undefined) return { operation, served: undefined }
  const proved = new Set([...Object.keys(proofs[operation] ?? {}), provedOfAll])
  const without = (reasons: Readonly<Record<string, string>> | undefined): readonly Without[] =>
    Object.entries(reasons ?? {})
      .filter(([error]) => errors.includes(error) && !proved.has(error))
      .map(([error, reason]) => ({ error, reason }))
  const impossible = without(never[operation])
  const injected = without(injectedOfAll)
  const waiting = without(notYet[operation])
  const explained = new Set([...proved, ...[...impossible, ...injected, ...waiting].map(({ error }) => error)])
  return {
    operation,
    served: {
      proved: errors.filter((error) => proved.has(error)),
      injected,
      never: impossible,
      notYet: [
        ...waiting,
        ...Object.entries(undeclared[operation] ?? {}).map(([error, reason]) => ({ error, reason })),
      ],
      unexplained: [
        ...errors.filter((error) => !explained.has(error)),
        ...(proofs[operation]?.['success'] === undefined ? ['success'] : []),
      ],
    },
  }
}

/** Whether the SDK has seen success and every error that it can answer, those that have to be injected included. */
export function isDone({ served }: Standing): boolean {
  return served !== undefined && served.notYet.length === 0 && served.unexplained.length === 0
}
