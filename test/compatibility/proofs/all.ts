import type { Proofs } from '../proof.ts'
import { aliasAndGrantProofs } from './aliases-and-grants.ts'
import { cryptographicProofs } from './cryptographic.ts'
import { keyProofs } from './keys.ts'
import { multiRegionProofs } from './multi-region.ts'
import { rotationAndImportProofs } from './rotation-and-import.ts'

/** Every proof that there is, also of operations that this version does not serve yet. */
export const proofs: Proofs = {
  ...keyProofs,
  ...cryptographicProofs,
  ...aliasAndGrantProofs,
  ...rotationAndImportProofs,
  ...multiRegionProofs,
}
