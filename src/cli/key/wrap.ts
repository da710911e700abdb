/** Wraps key material for ImportKeyMaterial, as `openssl` would, from what files and GetParametersForImport say. */
import { createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto'
import { parseArn } from '#base/arn.ts'
import { parseRegion } from '#base/brand.ts'
import { ControlError } from '#control/control-error.ts'
import { importedMaterial } from '#crypto/imported-material.ts'
import { largestWrapped, wrapMaterial, wrappingAlgorithms, wrappingFault } from '#crypto/import-wrapping.ts'
import { wrappingKeySpecs, type WrappingAlgorithm, type WrappingKeySpec } from '#crypto/import-wrapping.ts'
import type { KeySpec } from '#crypto/key-specs.ts'
import { publicKeyDer, readPublicKey } from '#crypto/public-key.ts'
import type { Random } from '#ports/edge.ts'

/** The wrapping key, and what goes with it into ImportKeyMaterial where the answer of GetParametersForImport was given. */
export interface WrappingParameters {
  readonly publicKey: KeyObject
  readonly keyId?: string
  readonly importToken?: Buffer
}

/** The answer of GetParametersForImport as JSON. */
export function parseParameters(text: string): WrappingParameters {
  const answer = jsonObject(text)
  const wrong = (member: string): never => {
    throw new ControlError(
      `the parameters have no ${member}: give the JSON answer of aws kms get-parameters-for-import, whole`,
    )
  }
  const [publicKey, importToken, keyId] = ['PublicKey', 'ImportToken', 'KeyId'].map((name) => answer?.[name])
  if (typeof publicKey !== 'string') return wrong('PublicKey')
  if (typeof importToken !== 'string') return wrong('ImportToken')
  if (typeof keyId !== 'string') return wrong('KeyId')
  return {
    publicKey: parsePublicKey(Buffer.from(publicKey, 'base64')),
    importToken: Buffer.from(importToken, 'base64'),
    keyId,
  }
}

function jsonObject(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? { ...value } : undefined
  } catch {
    return undefined
  }
}

const base64Text = /^[A-Za-z0-9+/\s]+={0,2}\s*$/

/** The public key in `bytes`: SubjectPublicKeyInfo as DER, its base64, or PEM. */
export function parsePublicKey(bytes: Buffer): KeyObject {
  const text = bytes.toString('latin1')
  try {
    const key = text.includes('-----BEGIN')
      ? createPublicKey(bytes)
      : createPublicKey({
          key: base64Text.test(text) ? Buffer.from(text, 'base64') : bytes,
          format: 'der',
          type: 'spki',
        })
    if (wrappingKeySpecOf(key) !== undefined) return key
  } catch {
    // Told below, as a key of another type is.
  }
  throw new ControlError(
    `the public key is none of ${wrappingKeySpecs.join(', ')}: give PublicKey of the answer of GetParametersForImport`,
  )
}

/** The key spec of a wrapping key; undefined when KMS has none like it. */
function wrappingKeySpecOf(key: KeyObject): WrappingKeySpec | undefined {
  const { asymmetricKeyType, asymmetricKeyDetails } = key
  return wrappingKeySpecs.find((spec) =>
    asymmetricKeyType === 'rsa'
      ? spec === `RSA_${asymmetricKeyDetails?.modulusLength ?? 0}`
      : spec === 'SM2' && readPublicKey(spec, publicKeyDer(key)) !== undefined,
  )
}

/**
 * The material in `bytes`, owned by the caller: PEM becomes PKCS #8 in DER, anything else stays as it is. `bytes` stay the
 * caller's.
 */
export function parseMaterial(bytes: Buffer): Buffer {
  if (bytes.length === 0) throw new ControlError('the key material is empty')
  if (!bytes.includes('-----BEGIN')) return Buffer.from(bytes)
  if (bytes.includes('-----BEGIN ENCRYPTED PRIVATE KEY') || bytes.includes('Proc-Type: 4,ENCRYPTED')) {
    throw new ControlError(
      'the private key is encrypted with a password; decrypt it first: openssl pkcs8 -topk8 -nocrypt -in KEY -out PLAIN',
    )
  }
  try {
    return createPrivateKey(bytes).export({ format: 'der', type: 'pkcs8' })
  } catch {
    throw new ControlError('the key material is PEM, but no private key that OpenSSL can read')
  }
}

/** Refuses material that KMS would refuse for a key of `keySpec`, in the Region that the parameters are of, if they say it. */
export async function requireMaterialOf(
  keySpec: KeySpec,
  material: Buffer,
  algorithm: WrappingAlgorithm,
  { publicKey, keyId }: WrappingParameters,
): Promise<void> {
  const found = await importedMaterial(keySpec, material, parseRegion(parseArn(keyId ?? '')?.region ?? ''))
  if (found === undefined) throw new ControlError(`the key material is not material of a key of ${keySpec}`)
  found.fill(0)
  const wrappingKeySpec = wrappingKeySpecOf(publicKey)
  const fault = wrappingKeySpec && wrappingFault(keySpec, algorithm, wrappingKeySpec)
  if (fault === 'algorithm') throw new ControlError(`key material of ${keySpec} is not wrapped with ${algorithm}`)
}

/** `material` wrapped with `algorithm`. */
export function wrap(
  publicKey: KeyObject,
  algorithm: WrappingAlgorithm,
  material: Buffer,
  random: Pick<Random, 'bytes'>,
): Buffer {
  const spec = wrappingKeySpecOf(publicKey)
  if ((spec === 'SM2') !== (wrappingAlgorithms[algorithm].by === 'SM2')) {
    throw new ControlError(`the public key is of ${spec ?? 'no key spec'} and not for ${algorithm}; make the two agree`)
  }
  try {
    const wrapped = wrapMaterial(publicKey, algorithm, material, (size) => random.bytes(size))
    if (wrapped.length <= largestWrapped) return wrapped
  } catch (error) {
    if (!(error instanceof RangeError)) throw error
    throw new ControlError(
      `the key material (${material.length} bytes) is longer than ${algorithm} wraps with this public key; ask for a ` +
        'longer one, or for RSA_AES_KEY_WRAP_SHA_256 if the material is a private key',
    )
  }
  throw new ControlError(`the wrapped key material is longer than the ${largestWrapped} bytes that KMS takes`)
}
