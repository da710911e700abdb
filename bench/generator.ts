import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'
import { playWithAutocannon } from './autocannon.ts'
import { playWithWrk } from './wrk.ts'

/** One recording to play: `count` requests to `url` over `connections` connections. */
export interface Play {
  readonly url: string
  readonly recording: string
  readonly count: number
  readonly connections: number
  /** Called when the first request is about to leave and when the last answer is in. */
  readonly onBegin: () => void
  readonly onEnd: () => void
}

/** What came of it. `refused` counts answers that were not 2xx, `broken` connections that failed or timed out. */
export interface Played {
  readonly sent: number
  readonly answered: number
  readonly refused: number
  readonly broken: number
  readonly p50Micros: number
  readonly p99Micros: number
}

export type GeneratorName = 'wrk' | 'autocannon'

/** wrk where it is installed, for it leaves the server more of the machine than a generator in JavaScript. */
export function defaultGenerator(path: string = process.env['PATH'] ?? ''): GeneratorName {
  const found = path.split(delimiter).some((folder) => isExecutable(join(folder, 'wrk')))
  return found ? 'wrk' : 'autocannon'
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}

/** Plays a recording once. Throws when a request was not sent, not answered, or not answered with 2xx. */
export async function play(generator: GeneratorName, what: Play): Promise<Played> {
  const played = await (generator === 'wrk' ? playWithWrk(what) : playWithAutocannon(what))
  if (played.refused > 0 || played.broken > 0 || played.sent !== what.count || played.answered !== what.count) {
    throw new Error(
      `${what.url}: of ${what.count} requests ${played.sent} were sent, ${played.answered} answered, ` +
        `${played.refused} refused (not 2xx), ${played.broken} broken off`,
    )
  }
  return played
}
