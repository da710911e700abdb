import type { ContextValue, RequestContext } from './context.ts'

/** A context that remembers the value it gave last: neighbouring statements often ask for the same key. For one decision. */
export class RememberedContext implements RequestContext {
  readonly #context: RequestContext
  #key: string | undefined
  #value: ContextValue

  constructor(context: RequestContext) {
    this.#context = context
    this.#key = undefined
    this.#value = undefined
  }

  value(key: string): ContextValue {
    if (key === this.#key) return this.#value
    this.#value = this.#context.value(key)
    this.#key = key
    return this.#value
  }
}
