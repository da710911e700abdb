import { opensslPrimitives, primitiveFunctions } from '#crypto/openssl-primitives.ts'
import { provesPrimitives, usePrimitives } from '#crypto/primitives.ts'
import { forQuickScheme, offerQuickSigner, useQuickSigner } from '#crypto/quick-signer.ts'

/**
 * Has this thread seal and open ciphertext blobs, and sign with ECDSA P-256, by OpenSSL's own functions, where this
 * Node.js lets us call them and they do right; elsewhere it goes on as before. Whether it does.
 */
export async function acceleratePrimitives(): Promise<boolean> {
  passOverWarning()
  try {
    const { DynamicLibrary, getRawPointer } = await import('node:ffi')
    const openssl = new DynamicLibrary(null).getFunctions(primitiveFunctions)
    const found = opensslPrimitives(openssl, (bytes) => getRawPointer(bytes))
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
  passOverWarning()
  try {
    const { DynamicLibrary, getRawPointer } = await import('node:ffi')
    const { openZstd, provesCompress, zstdFunctions } = await import('#audit/zstd.ts')
    const { packingLevel, useCompress } = await import('#audit/packed.ts')
    const zstd = new DynamicLibrary(null).getFunctions(zstdFunctions)
    const found = openZstd(zstd, (bytes) => getRawPointer(bytes), packingLevel)
    if (!provesCompress(found)) return false
    useCompress(found)
    return true
  } catch {
    return false
  }
}

function passOverWarning(): void {
  // That the interface is experimental is known, and why that is enough stands in openssl-primitives.ts: it needs no line in
  // the log. Warnings come a turn later.
  const listeners = process.listeners('warning')
  process.removeAllListeners('warning')
  setImmediate(() => {
    for (const listener of listeners) process.on('warning', listener)
  })
}

async function makeQuickSigner(): Promise<void> {
  const { DynamicLibrary, getRawPointer } = await import('node:ffi')
  const { openLibcrypto, opensslFunctions } = await import('#crypto/libcrypto.ts')
  const { provesItself } = await import('#crypto/self-test.ts')
  const openssl = new DynamicLibrary(null).getFunctions(opensslFunctions)
  const signer = forQuickScheme(openLibcrypto(openssl, (bytes) => getRawPointer(bytes)))
  if (provesItself(signer)) useQuickSigner(signer)
}
