/** What the jobs of the server have in common: one run at a time, and failures that are told once. */

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
