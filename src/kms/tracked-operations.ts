/** The operations whose last success with a key GetKeyLastUsage tells: those that put a key to its usage. */
import { operations } from './service.ts'

export const trackedOperations: ReadonlySet<string> = new Set(
  Object.values(operations)
    .filter(({ targets }) => targets.some(({ countsAsUse }) => countsAsUse === true))
    .map(({ name }) => name),
)
