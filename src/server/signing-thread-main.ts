/** What a signing thread does: `sign` and `verify` of crypto/signing.ts, for whoever made it. */
import type { KeyObject } from 'node:crypto'
import type { MessagePort } from 'node:worker_threads'
import { eitherSigner, portableDigestSigner, type DigestSigner } from '#crypto/digest-signer.ts'
import { openLibcrypto, opensslFunctions } from '#crypto/libcrypto.ts'
import { provesItself } from '#crypto/self-test.ts'
import { sign, verify, type SigningInput, type SigningTools } from '#crypto/signing.ts'
import { systemRandom } from '../system.ts'
import type { SigningReply, SigningRequest } from './signing-messages.ts'

/** Answers requests until the thread ends. */
export async function serveSignatures(port: MessagePort): Promise<void> {
  const generator = systemRandom()
  const random = (size: number): Buffer => generator.bytes(size)
  const portable = portableDigestSigner(random)
  const native = await provenOpenssl()
  const tools: SigningTools = { random, digests: native === undefined ? portable : eitherSigner(native, portable) }
  const keys = new Map<number, KeyObject>()

  async function answer(request: Extract<SigningRequest, { kind: 'sign' | 'verify' }>): Promise<SigningReply> {
    const { kind, id, spec, signature } = request
    const key = keys.get(request.key)
    if (key === undefined) return { id, failed: 'a signing thread was not sent the key' }
    // What crosses between threads are plain byte arrays.
    const message = asBuffer(request.input.message)
    const input: SigningInput = { ...request.input, message }
    try {
      if (kind === 'sign') return { id, signature: await sign(key, spec, input, tools) }
      return { id, valid: await verify(key, spec, input, asBuffer(signature), tools) }
    } catch (error) {
      return { id, failed: error instanceof Error ? error.message : String(error) }
    } finally {
      message.fill(0)
    }
  }

  port.on('message', (request: SigningRequest) => {
    if (request.kind === 'key') keys.set(request.number, request.key)
    else if (request.kind === 'forget') keys.delete(request.number)
    else answer(request).then((reply) => port.postMessage(reply), rethrow)
  })
}

/** What nothing was prepared for ends the thread; its owner makes another. */
function rethrow(error: unknown): void {
  setImmediate(() => {
    throw error
  })
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
}

/** OpenSSL's own functions, where this Node.js lets us call them and they do right; undefined elsewhere. */
async function provenOpenssl(): Promise<DigestSigner | undefined> {
  // That the interface is experimental is known, and why that is enough stands in libcrypto.ts: it needs no line in the log.
  process.removeAllListeners('warning')
  try {
    const { DynamicLibrary, getRawPointer } = await import('node:ffi')
    const openssl = new DynamicLibrary(null).getFunctions(opensslFunctions)
    const signer = openLibcrypto(openssl, (bytes) => getRawPointer(bytes))
    return provesItself(signer) ? signer : undefined
  } catch {
    return undefined
  }
}
