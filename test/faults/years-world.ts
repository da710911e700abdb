/** A server with two Regions that is restarted and killed, while its clock goes on over years as the test says. */
import assert from 'node:assert/strict'
import { callControl } from '#control/client.ts'
import { launch, readAccessKey, type Program } from './program.ts'
import { errorCode, KmsWire, members } from './wire.ts'
import type { Outcome } from './years-model.ts'

export const regions = ['us-east-1', 'eu-west-1'] as const
const connections = 6

export type Members = Record<string, unknown>

export class World {
  readonly directory: string
  readonly #args: readonly string[]
  readonly #clients = new Map<string, readonly KmsWire[]>()
  #server: Program | undefined
  #offset = 0

  /** `args`: further ones of `trent serve`. */
  constructor(directory: string, args: readonly string[] = []) {
    this.directory = directory
    this.#args = args
  }

  /** Epoch milliseconds, by the server's clock. */
  now(): number {
    return Date.now() + this.#offset
  }

  /** Starts the server, which knows nothing of the years that went by: they are told to it. */
  async start(): Promise<void> {
    const args = ['--test-profile', ...this.#args]
    this.#server = launch({ directory: this.directory, workers: 2, regions, args })
    const url = await this.#server.ready
    const key = readAccessKey(this.directory)
    for (const region of regions) {
      this.#clients.set(
        region,
        Array.from({ length: connections }, () => new KmsWire(url, key, region)),
      )
    }
    if (this.#offset > 0) assert.deepEqual(await this.#advanceServer(this.#offset), [])
  }

  async end(signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    for (const clients of this.#clients.values()) for (const client of clients) client.close()
    const server = this.#server
    assert.ok(server !== undefined)
    const ended = await server.end(signal)
    if (signal === 'SIGTERM') assert.equal(ended.code, 0, server.stderr())
    const errors = server
      .stderr()
      .split('\n')
      .filter((line) => /"level":[56]0/.test(line))
    assert.deepEqual(errors, [], 'the server logged errors')
  }

  /** Moves the clock; answers what the server says that it did by itself then. */
  async advance(milliseconds: number): Promise<readonly string[]> {
    this.#offset += milliseconds
    return this.#advanceServer(milliseconds)
  }

  async #advanceServer(milliseconds: number): Promise<readonly string[]> {
    const items: unknown[] = []
    const onItem = (item: unknown): number => items.push(item)
    const answered = await callControl(this.directory, 'clock advance', { milliseconds }, { onItem })
    assert.notEqual(answered, 'no server')
    return listIn(objectOf(items[0]), 'jobs').map(String)
  }

  /** A connection to `region`: there are some, over which the workers are spread. */
  client(region: string, number = 0): KmsWire {
    const clients = this.#clients.get(region)
    const client = clients?.[number % clients.length]
    assert.ok(client !== undefined)
    return client
  }

  call(region: string, operation: string, input: object): Promise<Members> {
    return this.client(region).call(operation, input)
  }

  /** Fails unless the request ends with `outcome`; answers the members of a success. */
  async require(region: string, operation: string, input: object, outcome: Outcome, number = 0): Promise<Members> {
    const answer = await this.client(region, number).send(operation, input)
    const shown: Members = answer.body.length === 0 ? {} : members(answer)
    const code = errorCode(answer)
    const ended = code === undefined ? 'success' : { code, message: shown['message'] ?? shown['Message'] }
    assert.deepEqual(ended, outcome, `${operation} in ${region}`)
    return shown
  }

  /** Does `work` with each of `items`, as many at a time as a Region has connections; each gets a connection's number. */
  async each<T>(items: readonly T[], work: (item: T, number: number) => Promise<void>): Promise<void> {
    let next = 0
    const lane = async (number: number): Promise<void> => {
      for (let item = items[next++]; item !== undefined; item = items[next++]) await work(item, number)
    }
    await Promise.all(Array.from({ length: connections }, (_, number) => lane(number)))
  }
}

export function objectOf(value: unknown): Members {
  assert.ok(typeof value === 'object' && value !== null)
  return Object.fromEntries(Object.entries(value))
}

export function listIn(value: Members, name: string): readonly unknown[] {
  const list = value[name]
  assert.ok(Array.isArray(list), `${name} is no list`)
  return list
}
