/**
 * Counters of requests in shared memory, one row per worker: the request path adds to numbers that it alone writes, and any
 * worker can render the sum of all rows.
 */
import type { Registry } from 'prom-client'

const outcomes = ['success', 'client_error', 'server_error', 'throttled'] as const
export type Outcome = (typeof outcomes)[number]

// Seconds; an Encrypt takes well under a millisecond, a commit a few.
const bounds = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5]
// Per operation: one count per outcome, one per bucket and the overflow, the sum of seconds.
const cells = outcomes.length + bounds.length + 2
// Per worker, behind those of its operations: decisions that failed, and so were denials.
const cellsOfWorker = 1

const rowLengthOf = (operations: readonly string[]): number => operations.length * cells + cellsOfWorker

/** Memory for `workers` rows over `operations`. */
export function allocateMetrics(workers: number, operations: readonly string[]): SharedArrayBuffer {
  return new SharedArrayBuffer(workers * rowLengthOf(operations) * Float64Array.BYTES_PER_ELEMENT)
}

export class RequestMetrics {
  readonly #all: Float64Array
  readonly #operations: readonly string[]
  readonly #index: ReadonlyMap<string, number>
  readonly #row: number
  readonly #rowLength: number

  /** `worker` is this thread's row. */
  constructor(shared: SharedArrayBuffer, operations: readonly string[], worker: number) {
    this.#all = new Float64Array(shared)
    this.#operations = operations
    this.#index = new Map(operations.map((name, index) => [name, index]))
    this.#rowLength = rowLengthOf(operations)
    this.#row = worker * this.#rowLength
  }

  /** Counts one answer. An operation that is not in the table is not counted: strangers can't add names. */
  count(operation: string, outcome: Outcome, milliseconds: number): void {
    const index = this.#index.get(operation)
    if (index === undefined) return
    const start = this.#row + index * cells
    this.#add(start + outcomes.indexOf(outcome), 1)
    const seconds = milliseconds / 1000
    let bucket = 0
    while (bucket < bounds.length && seconds > (bounds[bucket] ?? Infinity)) bucket += 1
    this.#add(start + outcomes.length + bucket, 1)
    this.#add(start + cells - 1, seconds)
  }

  /** Counts a decision about a caller's rights that failed: a policy that can't be understood, or a defect. */
  countUndecided(): void {
    this.#add(this.#row + this.#rowLength - 1, 1)
  }

  #add(at: number, value: number): void {
    this.#all[at] = (this.#all[at] ?? 0) + value
  }

  /** The Prometheus text (exposition format 0.0.4) of all workers, with the process's own metrics. */
  async render(): Promise<string> {
    // Loaded at the first scrape: a server that nobody scrapes does not pay for it.
    if (this.#process === undefined) {
      const { Registry: ProcessRegistry, collectDefaultMetrics } = await import('prom-client')
      this.#process = new ProcessRegistry()
      collectDefaultMetrics({ register: this.#process })
    }
    return this.#requestsText() + (await this.#process.metrics())
  }

  #process: Registry | undefined

  // Written here rather than by prom-client: its histograms only take observations, and ours were counted elsewhere.
  #requestsText(): string {
    const requests: string[] = []
    const durations: string[] = []
    for (const [index, operation] of this.#operations.entries()) {
      const start = index * cells
      for (const [at, outcome] of outcomes.entries()) {
        const count = this.#sum(start + at)
        if (count > 0) requests.push(`trent_requests_total{operation="${operation}",outcome="${outcome}"} ${count}`)
      }
      const counts = [...bounds, undefined].map((_, at) => this.#sum(start + outcomes.length + at))
      if (counts.every((count) => count === 0)) continue
      let total = 0
      for (const [at, count] of counts.entries()) {
        total += count
        const bound = bounds[at] ?? '+Inf'
        durations.push(`trent_request_duration_seconds_bucket{operation="${operation}",le="${bound}"} ${total}`)
      }
      durations.push(`trent_request_duration_seconds_sum{operation="${operation}"} ${this.#sum(start + cells - 1)}`)
      durations.push(`trent_request_duration_seconds_count{operation="${operation}"} ${total}`)
    }
    return [
      '# HELP trent_requests_total Answered requests by operation and outcome.',
      '# TYPE trent_requests_total counter',
      ...requests,
      '# HELP trent_request_duration_seconds Time from the head of a request to its answer.',
      '# TYPE trent_request_duration_seconds histogram',
      ...durations,
      '# HELP trent_undecided_total Decisions that failed, and so were denials.',
      '# TYPE trent_undecided_total counter',
      `trent_undecided_total ${this.#sum(this.#rowLength - 1)}`,
      '',
    ].join('\n')
  }

  #sum(offset: number): number {
    let total = 0
    for (let at = offset; at < this.#all.length; at += this.#rowLength) total += this.#all[at] ?? 0
    return total
  }
}
