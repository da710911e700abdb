/** Ids, randomness and an opened hierarchy for tests of keys. */
import { randomBytes, randomFillSync, randomUUID } from 'node:crypto'
import { parseAccessKeyId, parseAccountId, parseKeyId, parseRegion, parseRequestId } from '#base/brand.ts'
import { SecretBytes } from '#base/secret-bytes.ts'
import { openHierarchy, wrapDomainKey } from '#crypto/key-hierarchy.ts'
import type { Hierarchy } from '#crypto/key-hierarchy.ts'
import type { Random } from '#ports/edge.ts'

export const random: Random = {
  bytes: (size) => randomBytes(size),
  fill: (target) => void randomFillSync(target),
  uuid: () => randomUUID(),
  requestId: () => parseRequestId(randomUUID())!,
}

export const keyId = parseKeyId('1234abcd-12ab-34cd-56ef-1234567890ab')!
export const otherKeyId = parseKeyId('1234abcd-12ab-34cd-56ef-1234567890ac')!
export const account = parseAccountId('111122223333')!
export const otherAccount = parseAccountId('444455556666')!
export const region = parseRegion('us-east-1')!
export const otherRegion = parseRegion('eu-west-1')!
export const accessKeyId = parseAccessKeyId('AKIAIOSFODNN7EXAMPLE')!
export const otherAccessKeyId = parseAccessKeyId('AKIAI44QH8DHBEXAMPLE')!

/** A hierarchy with the domain keys of `epochs`, the last of which is current, under `root` or one of its own. */
export function newHierarchy(
  installationId = 'inst-1',
  epochs = [1],
  root = new SecretBytes(randomBytes(32)),
): Hierarchy {
  const wrapped = epochs.map((epoch) => wrapDomainKey(root, installationId, epoch, randomBytes(32), randomBytes(12)))
  return openHierarchy(root, installationId, wrapped, epochs.at(-1) ?? 1)
}

/** Numbers from 0 up to 1 that `seed` determines (mulberry32). */
export function seededNumbers(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

/** A copy of `bytes` in which bits of one byte are flipped. */
export function flipped(bytes: Buffer, index: number, bits = 1): Buffer {
  const copy = Buffer.from(bytes)
  copy[index] = copy[index]! ^ bits
  return copy
}
