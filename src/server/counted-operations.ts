import { operationNames as iam } from '#iam/operation-names.ts'
import { operationNames as kms } from '#kms/operation-names.ts'
import { operationNames as sts } from '#sts/operation-names.ts'

/** The names under which answers are counted: every operation, and words for requests that named none. */
export const countedOperations: readonly string[] = [...kms, ...sts, ...iam, 'unknown', 'none']
