/** The worker threads as the primary sees them: started alike, served by the writer, drained together. */
import { setFlagsFromString } from 'node:v8'
import type { Worker } from 'node:worker_threads'
import type { KeyUses } from '#audit/key-uses.ts'
import type { SecurityLogFile } from '#audit/security-log.ts'
import type { TlsMaterial } from '#ports/tls.ts'
import type { ToPrimary, ToWorker, WorkerStart } from './messages.ts'
import type { ListenError } from './listen-error.ts'
import { cannotListen } from './port-guard.ts'
import { startThread } from '#loading/start-thread.ts'
import type { Writer } from './writer.ts'

/** What on the primary thread serves the workers. */
export interface PoolServers {
  readonly writer: Writer
  readonly keyUses: Pick<KeyUses, 'last'>
  readonly securityLog: SecurityLogFile
}

export type PoolStart = Omit<WorkerStart, 'index' | 'hierarchy'> & {
  /** A copy of the installation's keys for one thread, which overwrites it. */
  readonly hierarchy: () => SharedArrayBuffer
}

interface Member {
  readonly worker: Worker
  readonly listening: PromiseWithResolvers<void>
  readonly drained: PromiseWithResolvers<void>
  isDrained: boolean
}

// For V8's young objects. Its default of 48 MiB would take two workers with 10,000 keys in use above 300 MiB; the price is that
// V8's collector runs more often (docs/performance.md).
const youngGenerationMb = 16

// What is in flight is milliseconds of work; a client that never reads its answer must not hold the server for ever.
const drainLimitMs = 10_000

export class WorkerPool {
  readonly #members: readonly Member[]
  #failed: (error: unknown) => void = () => undefined
  #stopping = false

  /** Makes the threads, which load their modules and wait for `start`. */
  constructor(workers: number) {
    // The primary was started with a small one, which would be theirs too (bin/launch.js).
    setFlagsFromString('--max-semi-space-size=0')
    this.#members = Array.from({ length: workers }, (_, index) => {
      const worker = startThread(new URL('./worker.ts', import.meta.url), {
        name: `worker ${index}`,
        resourceLimits: { maxYoungGenerationSizeMb: youngGenerationMb },
      })
      const member: Member = {
        worker,
        listening: Promise.withResolvers(),
        drained: Promise.withResolvers(),
        isDrained: false,
      }
      // A worker can fail before `start` waits for it; whoever starts it then is told.
      member.listening.promise.catch(() => undefined)
      worker.on('error', (error) => {
        member.listening.reject(error)
        // A drained one has answered all that anybody waits for.
        if (!member.isDrained) this.#failed(error)
      })
      worker.on('exit', (code) => {
        member.drained.resolve()
        const ended = new Error(`worker ${index} ended with code ${code}`)
        member.listening.reject(ended)
        if (!this.#stopping) this.#failed(ended)
      })
      return member
    })
  }

  /** Has `failed` told of each worker that ends by itself. Of one that already has, `start` tells. */
  onFailure(failed: (error: unknown) => void): void {
    this.#failed = failed
  }

  /** Starts all workers; resolves when each listens, rejects with a ListenError. */
  async start(start: PoolStart, servers: PoolServers): Promise<void> {
    const { hierarchy, ...common } = start
    this.#members.forEach((member, index) => {
      const { worker } = member
      worker.on('message', (message: ToPrimary) => this.#receive(member, message, servers))
      this.#send(member, { kind: 'start', start: { ...common, hierarchy: hierarchy(), index } })
    })
    await Promise.all(this.#members.map(({ listening }) => listening.promise))
  }

  #send({ worker }: Member, message: ToWorker, transfer: readonly ArrayBuffer[] = []): void {
    worker.postMessage(message, transfer)
  }

  #receive(member: Member, message: ToPrimary, { writer, keyUses, securityLog }: PoolServers): void {
    const answer = (reply: ToWorker, transfer?: readonly ArrayBuffer[]): void => this.#send(member, reply, transfer)
    switch (message.kind) {
      case 'page':
        writer.page(message, (failure) => {
          const memory = message.bytes.buffer
          answer({ kind: 'page stored', failure: failure?.message, memory }, [memory])
        })
        break
      case 'commit':
        writer.commit(message.commit, (outcome) =>
          answer(
            outcome instanceof Error
              ? { kind: 'commit done', id: message.id, outcome: undefined, failure: outcome.message }
              : { kind: 'commit done', id: message.id, outcome, failure: '' },
          ),
        )
        break
      case 'last use':
        answer(lastUse(message.id, message.key, keyUses))
        break
      case 'refused':
        securityLog.refused(message.event)
        break
      case 'refusals dropped':
        securityLog.dropped(message.count)
        break
      case 'listening':
        member.listening.resolve()
        break
      case 'cannot listen':
        member.listening.reject(listenError(message))
        break
      case 'drained':
        member.isDrained = true
        member.drained.resolve()
        break
    }
  }

  renewTls(tls: TlsMaterial): void {
    for (const member of this.#members) this.#send(member, { kind: 'tls', tls })
  }

  /**
   * Every worker stops accepting and answers what it has. Threads that have are left as they are, for whoever ends the process
   * (end-process.ts); others are ended.
   */
  async drain(): Promise<void> {
    this.#stopping = true
    for (const member of this.#members) this.#send(member, { kind: 'drain' })
    let timer: NodeJS.Timeout | undefined
    const limit = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, drainLimitMs)
    })
    await Promise.race([Promise.all(this.#members.map(({ drained }) => drained.promise)), limit])
    clearTimeout(timer)
    await Promise.all(this.#members.flatMap(({ worker, isDrained }) => (isDrained ? [] : worker.terminate())))
  }
}

/** The pages of whoever had an answer before this question are stored, and noted. */
function lastUse(id: number, key: string, keyUses: PoolServers['keyUses']): ToWorker {
  try {
    return { kind: 'last use found', id, found: keyUses.last(key), failure: '' }
  } catch (error) {
    const failure = error instanceof Error ? error.message : String(error)
    return { kind: 'last use found', id, found: undefined, failure }
  }
}

function listenError({
  on,
  address,
  code,
  message,
}: Extract<ToPrimary, { readonly kind: 'cannot listen' }>): ListenError {
  return cannotListen(address, on, Object.assign(new Error(message), { code }))
}
