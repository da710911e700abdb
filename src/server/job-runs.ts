/** What the jobs of the server have in common: one run at a time, page by page, and failures that are told once. */

/**
 * `work`, one run at a time: a call during a run waits for it, and `work` runs once more for all calls that came meanwhile.
 */
export function oneAtATime(work: () => Promise<number>): () => Promise<number> {
  let current: Promise<number> | undefined
  let next: Promise<number> | undefined
  const begin = (): Promise<number> => {
    current = work().finally(() => {
      current = undefined
    })
    return current
  }
  return () => {
    if (current === undefined) return begin()
    const again = (): Promise<number> => {
      next = undefined
      return begin()
    }
    return (next ??= current.then(again, again))
  }
}

/** How many things a job looks for at a time. */
export const dueBatch = 100

/** Where a job finds what is due, and what it does with each. */
export interface DueWork<T> {
  /** At most `dueBatch` that are due, behind `after`; fewer are the last. */
  readonly find: (after: T | undefined) => readonly T[]
  /** Answers how much was done: what the job counts. */
  readonly work: (due: T) => Promise<number>
  readonly failed: (error: unknown) => void
  readonly writer: { readonly isClosed: boolean }
}

/**
 * Works on everything that is due, one after the other, and answers the sum of what was done. What fails doesn't hold up the
 * rest; a closed writer ends the run, and what that interrupts is done by the next server.
 */
export async function workOff<T>({ find, work, failed, writer }: DueWork<T>): Promise<number> {
  const isClosed = (): boolean => writer.isClosed
  let done = 0
  let last: T | undefined
  while (!isClosed()) {
    const due = find(last)
    for (const one of due) {
      if (isClosed()) return done
      try {
        done += await work(one)
      } catch (error) {
        if (!isClosed()) failed(error)
      }
    }
    last = due.at(-1)
    if (due.length < dueBatch) break
  }
  return done
}

// What fails fails again at each run; this many are remembered so as to be reported once.
const rememberedFailures = 1000

/** Reports `what` with each error whose text is new. */
export function eachFailureOnce(
  what: string,
  report: (what: string, error: unknown) => void,
): (error: unknown) => void {
  const reported = new Set<string>()
  return (error) => {
    const text = String(error)
    if (reported.has(text)) return
    if (reported.size >= rememberedFailures) reported.clear()
    reported.add(text)
    report(what, error)
  }
}
