/**
 * The token of GetParametersForImport carries the private key that unwraps, sealed, with all that it may be used for: so any
 * worker imports with it, and nothing of it is stored.
 *
 *     token = version 1 ‖ what salted-seal.ts makes of (length of terms 4 ‖ terms ‖ PKCS #8)
 */
import { createPrivateKey, type KeyObject } from 'node:crypto'
import { lengthPrefixed } from './aead.ts'
import {
  wrappingAlgorithms,
  wrappingKeySpecs,
  type WrappingAlgorithm,
  type WrappingKeySpec,
} from './import-wrapping.ts'
import type { Hierarchy } from './key-hierarchy.ts'
import { openSalted, sealSalted } from './salted-seal.ts'

export { sealRandomLength as importTokenRandomLength } from './salted-seal.ts'

const version = 1

/** What a wrapping key may be used for. */
export interface ImportTerms {
  /** The ARN of the only KMS key that its token imports into. */
  readonly keyArn: string
  readonly algorithm: WrappingAlgorithm
  readonly wrappingKeySpec: WrappingKeySpec
  /** Epoch milliseconds: from then on it is of no use. */
  readonly validTo: number
}

/** The token for `privateKey` (PKCS #8, the caller's to overwrite); `random` are `importTokenRandomLength` new random bytes. */
export function sealImportToken(hierarchy: Hierarchy, random: Buffer, terms: ImportTerms, privateKey: Buffer): Buffer {
  const { keyArn, algorithm, wrappingKeySpec, validTo } = terms
  const text = lengthPrefixed(JSON.stringify([keyArn, algorithm, wrappingKeySpec, validTo]))
  const content = Buffer.concat([text, privateKey])
  const sealed = sealSalted(hierarchy.importToken, random, content, identity(hierarchy))
  content.fill(0)
  return Buffer.concat([Buffer.of(version), sealed])
}

/** What `sealImportToken` sealed in this installation, whether or not it is still of use; undefined for any other bytes. */
export function openImportToken(
  hierarchy: Hierarchy,
  token: Buffer,
): { readonly terms: ImportTerms; readonly privateKey: KeyObject } | undefined {
  if (token[0] !== version) return undefined
  const content = openSalted(hierarchy.importToken, token.subarray(1), identity(hierarchy))
  if (content === undefined) return undefined
  const keyAt = 4 + content.readUInt32BE(0)
  const terms = termsOf(JSON.parse(content.toString('utf8', 4, keyAt)))
  const privateKey = createPrivateKey({ key: content.subarray(keyAt), format: 'der', type: 'pkcs8' })
  content.fill(0)
  return terms === undefined ? undefined : { terms, privateKey }
}

/** The content is authentic; what has another form all the same was written by another version of this program. */
function termsOf(content: unknown): ImportTerms | undefined {
  if (!Array.isArray(content)) return undefined
  const [keyArn, algorithm, spec, validTo] = content as readonly unknown[]
  const wrappingKeySpec = wrappingKeySpecs.find((each) => each === spec)
  if (typeof keyArn !== 'string' || typeof validTo !== 'number') return undefined
  if (!isWrappingAlgorithm(algorithm) || wrappingKeySpec === undefined) return undefined
  return { keyArn, algorithm, wrappingKeySpec, validTo }
}

function isWrappingAlgorithm(value: unknown): value is WrappingAlgorithm {
  return typeof value === 'string' && Object.hasOwn(wrappingAlgorithms, value)
}

function identity(hierarchy: Hierarchy): Buffer {
  return lengthPrefixed('import-token', hierarchy.installationId, String(version))
}
