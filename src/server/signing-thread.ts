/**
 * A thread for the signatures that Node.js itself makes only while its caller waits: over digests with RSA and the slower
 * curves, and what OpenSSL's own functions are needed for. It is made when the first of them is wanted.
 */
import type { KeyObject } from 'node:crypto'
import { Worker } from 'node:worker_threads'
import type { KeySpec } from '#crypto/key-specs.ts'
import type { SigningAside, SigningInput } from '#crypto/signing.ts'
import type { SigningBirth, SigningReply, SigningRequest } from './signing-messages.ts'

type Waiting = PromiseWithResolvers<SigningReply>

const nothing = new Uint8Array()

/** Calls fail when the thread ends under them; the next one makes another. */
export class SigningThread implements SigningAside {
  readonly #birth: SigningBirth
  #thread: Worker | undefined
  #waiting = new Map<number, Waiting>()
  #keys = new WeakMap<KeyObject, number>()
  #count = 0
  readonly #unused = new FinalizationRegistry<{ readonly thread: Worker; readonly number: number }>(
    ({ thread, number }) => thread.postMessage({ kind: 'forget', number } satisfies SigningRequest),
  )

  constructor(cacheDirectory: string | undefined) {
    this.#birth = { cacheDirectory }
  }

  async sign(key: KeyObject, spec: KeySpec, input: SigningInput): Promise<Buffer | undefined> {
    const { signature } = await this.#call('sign', key, spec, input, nothing)
    return signature === undefined ? undefined : Buffer.from(signature.buffer, signature.byteOffset, signature.length)
  }

  async verify(key: KeyObject, spec: KeySpec, input: SigningInput, signature: Buffer): Promise<boolean | undefined> {
    return (await this.#call('verify', key, spec, input, signature)).valid
  }

  #call(
    kind: 'sign' | 'verify',
    key: KeyObject,
    spec: KeySpec,
    input: SigningInput,
    signature: Uint8Array,
  ): Promise<SigningReply> {
    const thread = (this.#thread ??= this.#start())
    const number = this.#numberOf(thread, key)
    const id = (this.#count += 1)
    const waiting = Promise.withResolvers<SigningReply>()
    this.#waiting.set(id, waiting)
    // Copies: cloning a view would send all of the memory that it is a view of.
    const message = Uint8Array.from(input.message)
    const request = { kind, id, key: number, spec, input: { ...input, message }, signature: Uint8Array.from(signature) }
    thread.postMessage(request satisfies SigningRequest, [message.buffer])
    return waiting.promise
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
    const thread = new Worker(new URL('./signing-thread-entry.ts', import.meta.url), {
      workerData: this.#birth,
      name: 'signing',
    })
    thread.on('message', (reply: SigningReply) => {
      const waiting = this.#waiting.get(reply.id)
      this.#waiting.delete(reply.id)
      if (reply.failed === undefined) waiting?.resolve(reply)
      else waiting?.reject(new Error(reply.failed))
    })
    // An error is followed by the end.
    let reason = new Error('the signing thread has ended')
    thread.on('error', (error) => {
      reason = error instanceof Error ? error : reason
    })
    thread.on('exit', () => {
      const lost = [...this.#waiting.values()]
      this.#thread = undefined
      this.#waiting = new Map()
      this.#keys = new WeakMap()
      for (const { reject } of lost) reject(reason)
    })
    // It ends with the thread that made it, and keeps nobody from ending.
    thread.unref()
    return thread
  }
}
