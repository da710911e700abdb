/** A worker's side of the link to the writer: the AuditSink and Committer ports over messages. */
import type { MessagePort } from 'node:worker_threads'
import { PageBuffer, type Done } from '#audit/page-buffer.ts'
import type { AuditSink } from '#ports/audit.ts'
import type { Clock } from '#ports/edge.ts'
import type { UsedKeys } from '#ports/key-usage.ts'
import type { Commit, CommitOutcome, Committer } from '#ports/storage.ts'
import type { ToPrimary, ToWorker } from './messages.ts'

interface Waiting {
  resolve(outcome: CommitOutcome): void
  reject(failure: Error): void
}

// A page waits for more while each turn of the event loop adds to it: so many turns, and until it has so many records.
const turnsWaited = 2
const fullPage = 64

export class WriterLink implements AuditSink, Committer {
  readonly #port: MessagePort
  readonly #buffer: PageBuffer
  readonly #report: (error: unknown) => void
  readonly #commits = new Map<number, Waiting>()
  #lastCommit = 0
  /** The records of the page that is being stored; one at a time, so that what comes meanwhile shares the next one. */
  #storing: readonly Done[] | undefined
  #scheduled = false

  /** `report` is told when an answer could not be given: the others are. */
  constructor(port: MessagePort, clock: Clock, report: (error: unknown) => void) {
    this.#port = port
    this.#report = report
    this.#buffer = new PageBuffer(clock)
  }

  append(record: string, atMs: number, done: Done, used?: UsedKeys): void {
    this.#buffer.append(record, done, atMs, used)
    this.#schedule()
  }

  commit(commit: Commit): Promise<CommitOutcome> {
    const id = (this.#lastCommit += 1)
    return new Promise((resolve, reject) => {
      this.#commits.set(id, { resolve, reject })
      this.#send({ kind: 'commit', id, commit }, [])
    })
  }

  receive(message: Extract<ToWorker, { readonly kind: 'page stored' | 'commit done' }>): void {
    if (message.kind === 'page stored') {
      const dones = this.#storing ?? []
      this.#storing = undefined
      this.#buffer.reuse(message.memory)
      const failure = message.failure === undefined ? undefined : new Error(message.failure)
      for (const done of dones) {
        try {
          done(failure)
        } catch (error) {
          this.#report(error)
        }
      }
      if (this.#buffer.count > 0) this.#schedule()
      return
    }
    const waiting = this.#commits.get(message.id)
    this.#commits.delete(message.id)
    if (message.outcome === undefined) waiting?.reject(new Error(message.failure))
    else waiting?.resolve(message.outcome)
  }

  #schedule(): void {
    if (this.#scheduled || this.#storing !== undefined) return
    this.#scheduled = true
    this.#endTurn(0, turnsWaited)
  }

  /**
   * At the end of this turn of the event loop a page leaves, or waits for the next turn if this one added to its `seen`
   * records: each page costs a sync and two messages, and under load the requests come by the dozen.
   */
  #endTurn(seen: number, turns: number): void {
    setImmediate(() => {
      const waiting = this.#buffer.count
      if (waiting > seen && waiting < fullPage && turns > 0) {
        this.#endTurn(waiting, turns - 1)
        return
      }
      this.#scheduled = false
      const page = this.#buffer.take()
      if (page === undefined) return
      this.#storing = page.dones
      const { bytes, count, minMs, maxMs, used } = page
      this.#send({ kind: 'page', bytes, count, minMs, maxMs, used }, [bytes.buffer])
    })
  }

  #send(message: ToPrimary, transfer: readonly ArrayBuffer[]): void {
    this.#port.postMessage(message, [...transfer])
  }
}
