/**
 * A thread for the signatures that Node.js itself makes only while its caller waits: over digests with RSA and the slower
 * curves, and what OpenSSL's own functions are needed for, SM2 included. It is made when the first of them is wanted.
 */
import type { KeyObject } from 'node:crypto'
import type { Worker } from 'node:worker_threads'
import type { KeySpec } from '#crypto/key-specs.ts'
import type { SigningAside, SigningInput } from '#crypto/signing.ts'
import type { Sm2Operations } from '#crypto/sm2-operations.ts'
import { Together } from '#crypto/together.ts'
import { startThread } from '#loading/start-thread.ts'
import type { SigningReply, SigningRequest, Sm2Request } from './signing-messages.ts'

type Waiting = (error: Error | null, reply: SigningReply) => void

const nothing = new Uint8Array()

/** Calls fail when the thread ends under them; the next one makes another. */
export class SigningThread implements SigningAside, Sm2Operations {
  #thread: Worker | undefined
  #waiting = new Map<number, Waiting>()
  #keys = new WeakMap<KeyObject, number>()
  #count = 0
  readonly #replies = new Together()
  readonly #unused = new FinalizationRegistry<{ readonly thread: Worker; readonly number: number }>(
    ({ thread, number }) => thread.postMessage({ kind: 'forget', number } satisfies SigningRequest),
  )

  async sign(key: KeyObject, spec: KeySpec, input: SigningInput): Promise<Buffer | undefined> {
    return bytesOf(await this.#call('sign', key, spec, input, nothing))
  }

  async verify(key: KeyObject, spec: KeySpec, input: SigningInput, signature: Buffer): Promise<boolean | undefined> {
    return (await this.#call('verify', key, spec, input, signature)).valid
  }

  async encryptSm2(publicKey: KeyObject, plaintext: Buffer): Promise<Buffer> {
    return present(bytesOf(await this.#sm2('encrypt', publicKey, plaintext)))
  }

  async decryptSm2(privateKey: KeyObject, ciphertext: Buffer): Promise<Buffer | undefined> {
    return bytesOf(await this.#sm2('decrypt', privateKey, ciphertext))
  }

  async agreeSm2(privateKey: KeyObject, publicKey: KeyObject): Promise<Buffer> {
    const thread = this.#running()
    const key = this.#numberOf(thread, privateKey)
    return present(bytesOf(await this.#ask(thread, (id) => ({ kind: 'agree', id, key, other: publicKey }))))
  }

  #sm2(kind: 'encrypt' | 'decrypt', key: KeyObject, given: Buffer): Promise<SigningReply> {
    const thread = this.#running()
    const number = this.#numberOf(thread, key)
    // A copy, that goes there and does not stay here.
    const bytes = Uint8Array.from(given)
    return this.#ask(thread, (id): Sm2Request => ({ kind, id, key: number, bytes }), [bytes.buffer])
  }

  #call(
    kind: 'sign' | 'verify',
    key: KeyObject,
    spec: KeySpec,
    input: SigningInput,
    signature: Uint8Array,
  ): Promise<SigningReply> {
    const thread = this.#running()
    const number = this.#numberOf(thread, key)
    // Copies: cloning a view would send all of the memory that it is a view of.
    const message = Uint8Array.from(input.message)
    const made = { key: number, spec, input: { ...input, message }, signature: Uint8Array.from(signature) }
    return this.#ask(thread, (id) => ({ kind, id, ...made }), [message.buffer])
  }

  #ask(
    thread: Worker,
    request: (id: number) => SigningRequest,
    transferred: readonly ArrayBuffer[] = [],
  ): Promise<SigningReply> {
    const id = (this.#count += 1)
    return this.#replies.run((done: Waiting) => {
      this.#waiting.set(id, done)
      thread.postMessage(request(id), transferred)
    })
  }

  #running(): Worker {
    return (this.#thread ??= this.#start())
  }

  #numberOf(thread: Worker, key: KeyObject): number {
    const known = this.#keys.get(key)
    if (known !== undefined) return known
    const number = (this.#count += 1)
    this.#keys.set(key, number)
    this.#unused.register(key, { thread, number })
    thread.postMessage({ kind: 'key', number, key } satisfies SigningRequest)
    return number
  }

  #start(): Worker {
    const thread = startThread(new URL('./signing-thread-entry.ts', import.meta.url), { name: 'signing' })
    thread.on('message', (reply: SigningReply) => {
      const waiting = this.#waiting.get(reply.id)
      this.#waiting.delete(reply.id)
      waiting?.(reply.failed === undefined ? null : new Error(reply.failed), reply)
    })
    // An error is followed by the end.
    let reason = new Error('the signing thread has ended')
    thread.on('error', (error) => {
      reason = error instanceof Error ? error : reason
    })
    thread.on('exit', () => {
      const lost = [...this.#waiting]
      this.#thread = undefined
      this.#waiting = new Map()
      this.#keys = new WeakMap()
      for (const [id, done] of lost) done(reason, { id })
    })
    // It ends with the thread that made it, and keeps nobody from ending.
    thread.unref()
    return thread
  }
}

function bytesOf({ bytes }: SigningReply): Buffer | undefined {
  return bytes === undefined ? undefined : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
}

function present(bytes: Buffer | undefined): Buffer {
  if (bytes === undefined) throw new TypeError('a signing thread answered nothing')
  return bytes
}
