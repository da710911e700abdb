import type { Clock } from '#ports/edge.ts'
import type { OutboxEntry } from '#ports/storage.ts'
import type { FreeSpace } from './free-space.ts'
import type { Page } from './page.ts'
import type { Spool } from './spool.ts'
import type { Retention } from './retention.ts'
import type { Trail } from './trail.ts'

/** `spooling`: records wait in the spool. `refusing`: no request is answered, for its record could not be kept. */
export type AuditState = 'ok' | 'spooling' | 'refusing'

export interface GuardedTrailOptions {
  readonly trail: Trail
  readonly freeSpace: FreeSpace
  readonly clock: Clock
  /** Where records go while the trail can't be written; undefined is the policy 'refuse'. */
  readonly spool: Spool | undefined
  /** How long a trail that failed is left alone. Default 1000 milliseconds. */
  readonly retryMs?: number
}

/** The trail together with what happens when it can't be written. Belongs to the thread that writes. */
export class GuardedTrail {
  readonly #trail: Trail
  readonly #freeSpace: FreeSpace
  readonly #clock: Clock
  readonly #spool: Spool | undefined
  readonly #retryMs: number
  #state: AuditState
  #lastError: Error | undefined
  #failedAt = Number.NEGATIVE_INFINITY
  #failed = false

  constructor(options: GuardedTrailOptions) {
    this.#trail = options.trail
    this.#freeSpace = options.freeSpace
    this.#clock = options.clock
    this.#spool = options.spool
    this.#retryMs = options.retryMs ?? 1000
    // What was left by the process before is moved by the first append or tick.
    this.#state = (this.#spool?.waiting ?? 0) > 0 ? 'spooling' : 'ok'
  }

  state(): AuditState {
    return this.#state
  }

  /** What went wrong last, while it does. */
  lastError(): string | undefined {
    return this.#lastError?.message
  }

  /** Why a change must not be committed now: its record could not be moved to the trail. Undefined when it may. */
  changeRefusal(): Error | undefined {
    // Changes go to another file of the same disk, and would fill it while nobody asks for a page to be stored.
    const problem = this.#spool === undefined ? this.#freeSpace.problem() : undefined
    if (problem !== undefined) this.#note(problem)
    return this.#state === 'refusing' ? this.#refusal() : undefined
  }

  /** Stores `pages` in the trail, or by the policy. Answers why they are stored nowhere, or undefined when they are durable. */
  append(pages: readonly Page[]): Error | undefined {
    if (pages.length === 0) return undefined
    if (this.#ready()) {
      try {
        this.#trail.append(pages)
        return undefined
      } catch (error) {
        this.#note(error)
      }
    }
    return this.#fallBack(pages)
  }

  /** Moves entries of the outbox to the trail. Answers why it did not: the entries then stay where they are. */
  appendFromOutbox(entries: readonly OutboxEntry[]): Error | undefined {
    if (!this.#ready()) return this.#refusal()
    try {
      this.#trail.appendFromOutbox(entries)
      return undefined
    } catch (error) {
      this.#note(error)
      return this.#refusal()
    }
  }

  /** Tries to recover without waiting for a request, and notices a disk that runs full. To be called about once a second. */
  tick(): void {
    this.#ready()
  }

  /**
   * One step of retention, and in a quiet moment the emptying of the log: 'more' when another step should follow. Works below
   * the floor of free space as well, for that is where it is needed; fails as an append does.
   */
  maintain(rule: Retention, isQuiet: boolean): 'more' | 'done' {
    if (!this.#trail.isOpen) return 'done'
    try {
      if (this.#trail.retain(rule) === 'more') return 'more'
      if (isQuiet) this.#trail.idle()
    } catch (error) {
      this.#note(error)
    }
    return 'done'
  }

  /** Whether the trail may be tried: enough space, not failed just now, and nothing left in the spool before. */
  #ready(): boolean {
    const now = this.#clock.machineNow()
    if (this.#failed && Math.abs(now - this.#failedAt) < this.#retryMs) return false
    try {
      const problem = this.#freeSpace.problem()
      if (problem !== undefined) throw problem
      if (this.#failed) {
        this.#trail.reopen()
        this.#trail.probe()
      }
      this.#spool?.move((id, page) => this.#trail.appendSpooled(id, page))
      this.#failed = false
      this.#lastError = undefined
      this.#state = 'ok'
      return true
    } catch (error) {
      this.#note(error)
      return false
    }
  }

  #fallBack(pages: readonly Page[]): Error | undefined {
    if (this.#spool === undefined) return this.#refusal()
    try {
      this.#spool.append(pages)
      this.#state = 'spooling'
      return undefined
    } catch (error) {
      this.#lastError = asError(error)
      this.#state = 'refusing'
      return this.#refusal()
    }
  }

  #note(error: unknown): void {
    this.#lastError = asError(error)
    this.#failed = true
    this.#failedAt = this.#clock.machineNow()
    if (this.#state === 'ok') this.#state = this.#spool === undefined ? 'refusing' : 'spooling'
  }

  #refusal(): Error {
    return new Error(`the audit record can't be stored: ${this.#lastError?.message ?? 'the trail has failed'}`)
  }
}

const asError = (error: unknown): Error => (error instanceof Error ? error : new Error(String(error)))
