/** A worker's side of the question when a key was last used: the primary thread knows. */
import type { MessagePort } from 'node:worker_threads'
import type { KeyArn } from '#base/brand.ts'
import type { KeyUsage, LastKeyUse } from '#ports/key-usage.ts'
import type { ToPrimary, ToWorker } from './messages.ts'

export class KeyUsageLink implements KeyUsage {
  readonly #port: Pick<MessagePort, 'postMessage'>
  readonly #asked = new Map<number, PromiseWithResolvers<LastKeyUse>>()
  #lastId = 0

  constructor(port: Pick<MessagePort, 'postMessage'>) {
    this.#port = port
  }

  lastUse(key: KeyArn): Promise<LastKeyUse> {
    const id = (this.#lastId += 1)
    const answer = Promise.withResolvers<LastKeyUse>()
    this.#asked.set(id, answer)
    const question: ToPrimary = { kind: 'last use', id, key }
    this.#port.postMessage(question)
    return answer.promise
  }

  receive({ id, found, failure }: Extract<ToWorker, { readonly kind: 'last use found' }>): void {
    const answer = this.#asked.get(id)
    this.#asked.delete(id)
    if (found === undefined) answer?.reject(new Error(failure))
    else answer?.resolve(found)
  }
}
