import { opensslPrimitives, primitiveFunctions } from '#crypto/openssl-primitives.ts'
import { provesPrimitives, usePrimitives } from '#crypto/primitives.ts'
import { forQuickScheme, offerQuickSigner, useQuickSigner } from '#crypto/quick-signer.ts'
import { ownLibrary } from './own-library.ts'

/**
 * Has this thread seal and open ciphertext blobs, and sign with ECDSA P-256, by OpenSSL's own functions, where this
 * Node.js lets us call them and they do right; elsewhere it goes on as before. Whether it does.
 */
export async function acceleratePrimitives(): Promise<boolean> {
  try {
    const { library, addressOf } = await ownLibrary()
    const found = opensslPrimitives(library.getFunctions(primitiveFunctions), addressOf)
    if (!provesPrimitives(found)) return false
    usePrimitives(found)
    offerQuickSigner(() => {
      // Node's own call goes on where this fails.
      makeQuickSigner().catch(() => undefined)
    })
    return true
  } catch {
    return false
  }
}

/** Has this thread pack pages of the audit trail by Zstandard's own functions, in the same way. Whether it does. */
export async function acceleratePacking(): Promise<boolean> {
  try {
    const { library, addressOf } = await ownLibrary()
    const { openZstd, provesCompress, zstdFunctions } = await import('#audit/zstd.ts')
    const { packingLevel, useCompress } = await import('#audit/packed.ts')
    const found = openZstd(library.getFunctions(zstdFunctions), addressOf, packingLevel)
    if (!provesCompress(found)) return false
    useCompress(found)
    return true
  } catch {
    return false
  }
}

async function makeQuickSigner(): Promise<void> {
  const { library, addressOf } = await ownLibrary()
  const { openLibcrypto, opensslFunctions } = await import('#crypto/libcrypto.ts')
  const { provesItself } = await import('#crypto/self-test.ts')
  const signer = forQuickScheme(openLibcrypto(library.getFunctions(opensslFunctions), addressOf))
  if (provesItself(signer)) useQuickSigner(signer)
}
