/** Wrapping keys of Trent's own key store, for material that is imported: made here, sealed into their tokens, and forgotten. */
import { SecretBytes } from '#base/secret-bytes.ts'
import { importTokenRandomLength, openImportToken, sealImportToken } from '#crypto/import-token.ts'
import { aesKeyLength, unwrapMaterial } from '#crypto/import-wrapping.ts'
import type { Hierarchy } from '#crypto/key-hierarchy.ts'
import { generatePair, type GenerateKeyPair } from '#crypto/key-pair.ts'
import type { Random } from '#ports/edge.ts'
import type { ImportKeys } from '#ports/import-keys.ts'

export interface SoftwareImportKeysOptions {
  readonly hierarchy: Hierarchy
  readonly random: Pick<Random, 'bytes'>
  readonly keyPairs: GenerateKeyPair
}

export function createSoftwareImportKeys({ hierarchy, random, keyPairs }: SoftwareImportKeysOptions): ImportKeys {
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
          const material = await unwrapMaterial(privateKey, terms.algorithm, wrapped, random.bytes(aesKeyLength))
          return material === undefined ? undefined : new SecretBytes(material)
        },
      }
    },
  }
}
