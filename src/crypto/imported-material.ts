import type { Region } from '#base/brand.ts'
import type { MaybeAsync } from '#base/maybe-async.ts'
import { acceptableBytes, isRandomMaterial } from './key-pair.ts'
import type { KeySpec } from './key-specs.ts'
import { privateKeyDer, readPrivateKey } from './private-key.ts'

/**
 * What of `bytes` a key of `spec` in `region` (or in any, where that is left out) keeps when its owner imports them, owned by the caller, who overwrites it: the bytes
 * themselves, or the private key in the one form that OpenSSL writes, so that one key is the same material however it was
 * written. Undefined when they aren't material of that spec, or no key of that spec may be imported. `bytes` stay the caller's,
 * and as they are until it has answered.
 */
export function importedMaterial(spec: KeySpec, bytes: Buffer, region?: Region): MaybeAsync<Buffer | undefined> {
  if (isRandomMaterial(spec)) return acceptableBytes(spec, bytes, region) ? Buffer.from(bytes) : undefined
  return readPrivateKey(spec, bytes).then((key) => (key === undefined ? undefined : privateKeyDer(key)))
}
