/**
 * What belongs to the few texts that came last. Comparing a text with some others costs less than looking it up in a Map, for
 * which the engine has to find its one copy of every text that was made anew: and clients say the same with each request.
 */
export class Recent<V> {
  readonly #texts: string[] = []
  readonly #values: V[] = []
  readonly #size: number
  #next = 0

  constructor(size = 4) {
    this.#size = size
  }

  get(text: string): V | undefined {
    const texts = this.#texts
    for (let index = 0; index < texts.length; index += 1) if (texts[index] === text) return this.#values[index]
    return undefined
  }

  /** Displaces the one that was set first. */
  set(text: string, value: V): void {
    this.#texts[this.#next] = text
    this.#values[this.#next] = value
    this.#next = (this.#next + 1) % this.#size
  }
}
