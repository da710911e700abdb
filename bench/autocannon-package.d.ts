/** The part of autocannon 9 that bench/autocannon.ts uses; the package has no types of its own. */
declare module 'autocannon' {
  import type { EventEmitter } from 'node:events'

  interface Client extends EventEmitter {
    getRequestBuffer: () => Buffer
  }
  interface Options {
    readonly url: string
    readonly connections: number
    readonly amount: number
    readonly timeout: number
    readonly setupClient: (client: Client) => void
  }
  interface Result {
    readonly errors: number
    readonly timeouts: number
    readonly non2xx: number
  }
  export default function autocannon(options: Options): PromiseLike<Result>
}
