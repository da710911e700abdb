/** Wrapping keys of Trent's own key store, for material that is imported: made here, sealed into their tokens, and forgotten. */
import { SecretBytes } from '#base/secret-bytes.ts'
import { importTokenRandomLength, openImportToken, sealImportToken } from '#crypto/import-token.ts'
import { aesKeyLength, unwrapMaterial } from '#crypto/import-wrapping.ts'
import type { Hierarchy } from '#crypto/key-hierarchy.ts'
import { generatePair, type GenerateKeyPair } from '#crypto/key-pair.ts'
import type { Sm2Operations } from '#crypto/sm2-operations.ts'
import type { Random } from '#ports/edge.ts'
import type { ImportKeys } from '#ports/import-keys.ts'
import { sm2Here } from './material.ts'

export interface SoftwareImportKeysOptions {
  readonly hierarchy: Hierarchy
  readonly random: Pick<Random, 'bytes'>
  readonly keyPairs: GenerateKeyPair
  /** Where SM2 is done. Default: on the calling thread. */
  readonly aside?: Sm2Operations | undefined
}

export function createSoftwareImportKeys(options: SoftwareImportKeysOptions): ImportKeys {
  const { hierarchy, random, keyPairs, aside } = options
  const sm2 = aside ?? sm2Here(random)
  return {
    issue: async (terms) => {
      const { privateKey, publicKey } = await generatePair(terms.wrappingKeySpec, keyPairs)
      const token = sealImportToken(hierarchy, random.bytes(importTokenRandomLength), terms, privateKey)
      privateKey.fill(0)
      return { publicKey, token }
    },
    open: (token) => {
      const opened = openImportToken(hierarchy, token)
      if (opened === undefined) return undefined
      const { terms, privateKey } = opened
      return {
        terms,
        unwrap: async (wrapped) => {
          const decoy = random.bytes(aesKeyLength)
          const material = await unwrapMaterial(privateKey, terms.algorithm, wrapped, decoy, sm2)
          return material === undefined ? undefined : new SecretBytes(material)
        },
      }
    },
  }
}
