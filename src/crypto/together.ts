/** Whoever waits for the outcome of one operation, which another thread carries out. */
type Tell = () => void

// So many that what they wait for anyway is longer than what they wait for each other.
const many = 16

/**
 * Tells the outcomes of slow operations by the dozen while many are under way: each outcome that comes alone is a turn of the
 * event loop, a page of the audit trail and a sync for one request, which together cost a third of an RSA signature. With
 * fewer than `many` under way each is told at once.
 */
export class Together {
  #underWay = 0
  #held: Tell[] = []

  /** `start` is given what to call with the outcome, once. Rejects with what `start` throws. */
  run<T>(start: (done: (error: Error | null, outcome: T) => void) => void): Promise<T> {
    return new Promise((resolve, reject) => {
      start((error, outcome) => {
        this.#underWay -= 1
        this.#held.push(error instanceof Error ? () => reject(error) : () => resolve(outcome))
        this.#tell()
      })
      this.#underWay += 1
    })
  }

  #tell(): void {
    if (this.#underWay >= many && this.#held.length < many) return
    const held = this.#held
    this.#held = []
    for (const tell of held) tell()
  }
}
