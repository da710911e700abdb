/** Private keys as PKCS #8 (RFC 5958), read strictly: what is imported may be anything, and may be meant to harm. */
import { checkPrime, createPrivateKey, createPublicKey, sign, verify } from 'node:crypto'
import type { KeyObject } from 'node:crypto'
import { curves, type CurveName } from './curves.ts'
import { readBitString, readElements, readInteger, readSequence, tags, type Element } from './der.ts'
import { keySpecs, type KeySpec } from './key-specs.ts'
import { multiplyBase, writePoint } from './points.ts'
import { acceptableRsa, algorithmIdentifier } from './public-key.ts'

/** A private key that this program made or checked before. Throws when the bytes are none. `pkcs8` stays the caller's. */
export function openPrivateKey(pkcs8: Buffer): KeyObject {
  return createPrivateKey({ key: pkcs8, format: 'der', type: 'pkcs8' })
}

/** The contents of the OCTET STRING of a PKCS #8 key of `spec`: a view. */
function readContents(spec: KeySpec, pkcs8: Buffer): Buffer | undefined {
  const [version, algorithm, contents, ...rest] = readSequence(pkcs8) ?? []
  const identifier = algorithmIdentifier(spec)
  const number = readInteger(version)
  if (identifier === undefined || number?.length !== 1 || (number[0] ?? 2) > 1) return undefined
  if (algorithm?.whole.equals(identifier) !== true || contents?.tag !== tags.octetString) return undefined
  const allowed = rest.every(({ tag }, index) => tag === (index === 0 ? tags.attributes : tags.implicit1))
  const onlyPublic = rest.length === 1 && rest[0]?.tag === tags.implicit1
  return rest.length <= 2 && (allowed || onlyPublic) ? contents.contents : undefined
}

/** Whether n = pq, computed in bytes that can be overwritten. Their product is public when it is, so nothing else needs to be. */
function isProduct(n: Buffer, p: Buffer, q: Buffer): boolean {
  const product = Buffer.alloc(p.length + q.length)
  for (let i = p.length - 1; i >= 0; i -= 1) {
    let carry = 0
    for (let j = q.length - 1; j >= 0; j -= 1) {
      const sum = (product[i + j + 1] ?? 0) + (p[i] ?? 0) * (q[j] ?? 0) + carry
      product[i + j + 1] = sum & 0xff
      carry = sum >> 8
    }
    product[i] = carry
  }
  const same = product.equals(n)
  product.fill(0)
  return same
}

/** Off this thread: it takes 25 ms for a prime of 1,024 bits, 200 ms for one of 2,048. */
function isPrime(candidate: Buffer): Promise<boolean> {
  return new Promise((resolve, reject) => {
    checkPrime(candidate, (error, prime) => {
      // Null is what the types promise, undefined what comes.
      if (error instanceof Error) reject(error)
      else resolve(prime)
    })
  })
}

/** Two primes of half the size (RFC 8017 section A.1.2), and a private half that undoes the public one. */
async function checkRsa(contents: Buffer, bits: number, key: KeyObject): Promise<boolean> {
  const parts = readSequence(contents)
  if (parts?.length !== 9) return false
  const [version, n, e, d, p, q] = parts.map((part) => readInteger(part))
  if (version?.length !== 1 || version[0] !== 0 || n === undefined || !acceptableRsa(n, e, bits)) return false
  if (d === undefined || d.length < bits / 16 || p === undefined || q === undefined) return false
  const halves = [p, q].every((prime) => prime.length === bits / 16 && (prime[0] ?? 0) >= 0x80)
  if (!halves || p.equals(q) || !isProduct(n, p, q)) return false
  if (!(await isPrime(p)) || !(await isPrime(q))) return false
  // OpenSSL checks what the Chinese remainder theorem gave it, and does without when other numbers of the key are wrong.
  const probe = Buffer.from('the two halves belong together', 'latin1')
  return verify('sha256', probe, createPublicKey(key), sign('sha256', probe, key))
}

/** The scalar of an ECPrivateKey (RFC 5915): a view. Parameters and public point, when there, must be those of the scalar. */
function readScalar(contents: Buffer, name: CurveName): Buffer | undefined {
  const curve = curves[name]
  const [version, scalar, ...rest] = readSequence(contents) ?? []
  if (version?.whole.toString('hex') !== '020101') return undefined
  if (scalar?.tag !== tags.octetString || scalar.contents.length !== curve.bytes) return undefined
  const point = multiplyBase(name, scalar.contents)
  if (point === undefined) return undefined
  // n-1 is a scalar, but no private key of SM2 (GB/T 32918.1 section 6.1): signing with it would divide by zero.
  if (name === 'SM2' && point.x === curve.gx && point.y !== curve.gy) return undefined
  const fits = (element: Element): boolean => {
    if (element.tag === tags.explicit0) return element.contents.toString('hex') === curve.oid
    const inner = element.tag === tags.explicit1 ? readElements(element.contents) : undefined
    return inner?.length === 1 && readBitString(inner[0])?.equals(writePoint(curve, point)) === true
  }
  const inOrder = rest.every(({ tag }, index) => index === 0 || tag > (rest[index - 1]?.tag ?? 0))
  return inOrder && rest.length <= 2 && rest.every(fits) ? scalar.contents : undefined
}

/**
 * The private key of `spec` in `pkcs8`, which stays the caller's; undefined when it is anything else than exactly one, of
 * the right algorithm, curve and size, whose halves belong together. `pkcs8` is not to be overwritten before it answers.
 */
export async function readPrivateKey(spec: KeySpec, pkcs8: Buffer): Promise<KeyObject | undefined> {
  const { material, importable } = keySpecs[spec]
  const contents = importable ? readContents(spec, pkcs8) : undefined
  if (contents === undefined) return undefined
  try {
    if (material.kind === 'ec') return readScalar(contents, material.curve) && openPrivateKey(pkcs8)
    if (material.kind === 'ed25519') {
      const seed = readElements(contents)
      const whole = seed?.length === 1 && seed[0]?.tag === tags.octetString && seed[0].contents.length === 32
      return whole ? openPrivateKey(pkcs8) : undefined
    }
    if (material.kind !== 'rsa') return undefined
    const key = openPrivateKey(pkcs8)
    return (await checkRsa(contents, material.modulusBits, key)) ? key : undefined
  } catch {
    // OpenSSL's reasons would tell more about a secret than that it is unusable.
    return undefined
  }
}

/** The PKCS #8 form of `key`, owned by the caller, who overwrites it. */
export function privateKeyDer(key: KeyObject): Buffer {
  return key.export({ format: 'der', type: 'pkcs8' })
}

/** The scalar of an EC key in the length of its curve, owned by the caller, who overwrites it. */
export function privateScalar(key: KeyObject, name: CurveName): Buffer {
  const pkcs8 = privateKeyDer(key)
  try {
    const scalar = readSequence(readSequence(pkcs8)?.[2]?.contents ?? pkcs8)?.[1]
    if (scalar?.contents.length !== curves[name].bytes) throw new TypeError('OpenSSL writes keys as DER')
    return Buffer.from(scalar.contents)
  } finally {
    pkcs8.fill(0)
  }
}
