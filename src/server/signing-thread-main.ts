/** What a signing thread does, for whoever made it: `sign` and `verify` of crypto/signing.ts, and what is done with SM2 keys. */
import type { KeyObject } from 'node:crypto'
import type { MessagePort } from 'node:worker_threads'
import { exhaustive } from '#base/exhaustive.ts'
import { eitherSigner, portableDigestSigner, type DigestSigner } from '#crypto/digest-signer.ts'
import { openMultiplication, opensslPointFunctions } from '#crypto/libcrypto-points.ts'
import { openLibcrypto, opensslFunctions } from '#crypto/libcrypto.ts'
import { multipliesRight, provesItself } from '#crypto/self-test.ts'
import { sign, verify, type SigningInput, type SigningTools } from '#crypto/signing.ts'
import { portableMultiplication, type MultiplySm2 } from '#crypto/sm2-multiplication.ts'
import { sm2Operations, type Sm2Operations } from '#crypto/sm2-operations.ts'
import { systemRandom } from '../system.ts'
import { ownLibrary } from './own-library.ts'
import type { SigningReply, SigningRequest, Sm2Request } from './signing-messages.ts'

type Question = Exclude<SigningRequest, { readonly kind: 'key' | 'forget' }>
type SignatureRequest = Exclude<Question, Sm2Request>

/** Answers requests until the thread ends. */
export async function serveSignatures(port: MessagePort): Promise<void> {
  const generator = systemRandom()
  const random = (size: number): Buffer => generator.bytes(size)
  const portable = portableDigestSigner(random)
  const native = await provenOpenssl()
  const digests = native.signer === undefined ? portable : eitherSigner(native.signer, portable)
  const tools: SigningTools = { random, digests }
  const sm2 = sm2Operations(native.multiply ?? portableMultiplication(random), random)
  const keys = new Map<number, KeyObject>()

  async function answer(request: Question): Promise<SigningReply> {
    const { id } = request
    const key = keys.get(request.key)
    if (key === undefined) return { id, failed: 'a signing thread was not sent the key' }
    try {
      switch (request.kind) {
        case 'sign':
        case 'verify':
          return await answerSignature(request, key, tools)
        case 'encrypt':
        case 'decrypt':
        case 'agree':
          return { id, bytes: await answerSm2(request, key, sm2) }
        default:
          return exhaustive(request)
      }
    } catch (error) {
      return { id, failed: error instanceof Error ? error.message : String(error) }
    }
  }

  port.on('message', (request: SigningRequest) => {
    if (request.kind === 'key') keys.set(request.number, request.key)
    else if (request.kind === 'forget') keys.delete(request.number)
    else answer(request).then((reply) => send(port, reply), rethrow)
  })
}

/** Sends a copy: cloning a view would send all of the memory that it is a view of. What stays here is overwritten. */
function send(port: MessagePort, reply: SigningReply): void {
  if (reply.bytes === undefined) {
    port.postMessage(reply)
    return
  }
  const bytes = Uint8Array.from(reply.bytes)
  reply.bytes.fill(0)
  port.postMessage({ ...reply, bytes } satisfies SigningReply, [bytes.buffer])
}

async function answerSignature(request: SignatureRequest, key: KeyObject, tools: SigningTools): Promise<SigningReply> {
  const { kind, id, spec, signature } = request
  // What crosses between threads are plain byte arrays.
  const message = asBuffer(request.input.message)
  const input: SigningInput = { ...request.input, message }
  try {
    if (kind === 'sign') return { id, bytes: await sign(key, spec, input, tools) }
    return { id, valid: await verify(key, spec, input, asBuffer(signature), tools) }
  } finally {
    message.fill(0)
  }
}

async function answerSm2(request: Sm2Request, key: KeyObject, sm2: Sm2Operations): Promise<Buffer | undefined> {
  if (request.kind === 'agree') return sm2.agreeSm2(key, request.other)
  const bytes = asBuffer(request.bytes)
  try {
    return await (request.kind === 'encrypt' ? sm2.encryptSm2(key, bytes) : sm2.decryptSm2(key, bytes))
  } finally {
    bytes.fill(0)
  }
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

interface ProvenOpenssl {
  readonly signer?: DigestSigner | undefined
  readonly multiply?: MultiplySm2 | undefined
}

/** OpenSSL's own functions, where this Node.js lets us call them and they do right; undefined elsewhere. */
async function provenOpenssl(): Promise<ProvenOpenssl> {
  try {
    const { library, addressOf } = await ownLibrary()
    const signer = attempt(() => openLibcrypto(library.getFunctions(opensslFunctions), addressOf))
    const multiply = attempt(() => openMultiplication(library.getFunctions(opensslPointFunctions)))
    return {
      signer: signer !== undefined && provesItself(signer) ? signer : undefined,
      multiply: multiply !== undefined && multipliesRight(multiply) ? multiply : undefined,
    }
  } catch {
    return {}
  }
}

function attempt<T>(open: () => T): T | undefined {
  try {
    return open()
  } catch {
    return undefined
  }
}
