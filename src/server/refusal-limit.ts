/** What bounds the refusals that reach the security log's owner from one worker each second. */
import type { SecurityEvent, SecurityLog } from '#ports/audit.ts'

// A stranger's flood must not become a flood of messages to the thread that writes.
const perSecond = 200
const secondMs = 1000

export interface RefusalSink {
  refused(event: SecurityEvent): void
  /** So many more were refused, of which nothing else is told. */
  dropped(count: number): void
}

/** A security log that passes on `perSecond` refusals each second, and counts the others. */
export function limitRefusals(sink: RefusalSink, now: () => number): SecurityLog {
  let second = Number.NaN
  let passed = 0
  let dropped = 0
  let timer: NodeJS.Timeout | undefined

  function tellDropped(): void {
    clearTimeout(timer)
    timer = undefined
    if (dropped === 0) return
    sink.dropped(dropped)
    dropped = 0
  }

  return {
    refused: (event) => {
      const current = Math.floor(now() / secondMs)
      if (current !== second) {
        tellDropped()
        second = current
        passed = 0
      }
      passed += 1
      if (passed <= perSecond) {
        sink.refused(event)
        return
      }
      dropped += 1
      // When nothing follows, the count must still be told.
      timer ??= setTimeout(tellDropped, secondMs).unref()
    },
  }
}
