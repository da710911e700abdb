/** What may happen again and again, and is logged once a second. */

export interface PerSecond {
  /** How many were left out since the last one that was not; undefined: this one is to be left out as well. */
  take(): number | undefined
}

const secondMs = 1000

/** `now`: epoch milliseconds. */
export function perSecond(now: () => number): PerSecond {
  let second = Number.NaN
  let left = 0
  return {
    take: () => {
      const current = Math.floor(now() / secondMs)
      if (current === second) {
        left += 1
        return undefined
      }
      second = current
      const count = left
      left = 0
      return count
    },
  }
}
