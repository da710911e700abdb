import { statfsSync } from 'node:fs'
import type { Clock } from '#ports/edge.ts'

export interface FreeSpaceOptions {
  /** The directory whose file system is watched. */
  readonly directory: string
  /** Fewer free bytes than this are too few. 0 switches the check off. */
  readonly floorBytes: number
  readonly clock: Clock
}

const interval = 1000

/** Says that a disk is nearly full while there is still room to say so. Asks the file system at most once a second. */
export class FreeSpace {
  readonly #options: FreeSpaceOptions
  #checkedAt = Number.NEGATIVE_INFINITY
  #problem: Error | undefined

  constructor(options: FreeSpaceOptions) {
    this.#options = options
  }

  /** What is wrong, or undefined when enough is free. */
  problem(): Error | undefined {
    const { floorBytes, directory, clock } = this.#options
    if (floorBytes <= 0) return undefined
    const now = clock.machineNow()
    // A clock that went back must not switch the check off.
    if (Math.abs(now - this.#checkedAt) < interval) return this.#problem
    this.#checkedAt = now
    this.#problem = check(directory, floorBytes)
    return this.#problem
  }
}

function check(directory: string, floorBytes: number): Error | undefined {
  try {
    const { bavail, bsize } = statfsSync(directory)
    const free = bavail * bsize
    return free >= floorBytes
      ? undefined
      : new Error(`only ${free} bytes are free for the audit trail, and ${floorBytes} are the configured floor`)
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error))
  }
}
