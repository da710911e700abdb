/**
 * An open loop: requests leave at a fixed rate whether or not answers come, as those of many independent clients do, and each
 * one's time runs from the moment it was due. A closed loop such as wrk's sends less while a server stalls, which hides the stall.
 */
import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { numberMember } from './json.ts'

export interface PacedFigures {
  readonly requestsPerSecond: number
  readonly p50Millis: number
  readonly p99Millis: number
  readonly maxMillis: number
  /** How late requests left: 99 of 100 within it. Large where the machine lets the generator itself wait, or connections run out. */
  readonly late99Millis: number
}

const player = fileURLToPath(new URL('paced-player.ts', import.meta.url))
// So that the generator's own young objects are collected some ten times in a drive, and its old ones never.
const heap = ['--max-semi-space-size=32', '--min-semi-space-size=32']

/** Plays a recording to `url` at `perSecond`, over `connections` connections. Rejects at any answer that is not 200. */
export async function playPaced(
  url: string,
  recording: string,
  perSecond: number,
  connections: number,
): Promise<PacedFigures> {
  const args = [...heap, player, url, recording, String(perSecond), String(connections)]
  const { stdout } = await promisify(execFile)(process.execPath, args)
  const figures: unknown = JSON.parse(stdout)
  return {
    requestsPerSecond: numberMember(figures, 'requestsPerSecond'),
    p50Millis: numberMember(figures, 'p50Millis'),
    p99Millis: numberMember(figures, 'p99Millis'),
    maxMillis: numberMember(figures, 'maxMillis'),
    late99Millis: numberMember(figures, 'late99Millis'),
  }
}
