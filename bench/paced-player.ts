/**
 * The open loop of `playPaced`, in a process of its own that makes few objects: the collector of a large heap stops a generator
 * for longer than the stalls that it looks for. Prints its figures as a line of JSON.
 * Run: node bench/paced-player.ts URL RECORDING PER-SECOND CONNECTIONS
 */
import { once } from 'node:events'
import { connect } from 'node:net'
import { readRecording } from './recording.ts'

const tickMillis = 1
const readBytes = 64 * 1024
const endOfHead = Buffer.from('\r\n\r\n')

class Player {
  readonly finished = Promise.withResolvers<undefined>()
  /** For each request the time from when it was due: until it left, and until its answer was whole. */
  readonly lateMillis: Float64Array
  readonly millis: Float64Array
  readonly #requests: readonly Buffer[]
  readonly #intervalMillis: number
  readonly #idle: Connection[] = []
  #begin = 0
  #left = 0
  #answered = 0

  constructor(requests: readonly Buffer[], perSecond: number) {
    this.#requests = requests
    this.#intervalMillis = 1000 / perSecond
    this.lateMillis = new Float64Array(requests.length)
    this.millis = new Float64Array(requests.length)
  }

  async play(host: string, port: number, connections: number): Promise<number> {
    for (let count = 0; count < connections; count += 1) {
      this.#idle.push(await Connection.open(host, port, this))
    }
    this.#begin = performance.now()
    const ticking = setInterval(() => this.#sendDue(), tickMillis)
    try {
      await this.finished.promise
    } finally {
      clearInterval(ticking)
    }
    return performance.now() - this.#begin
  }

  onAnswer(connection: Connection, index: number, status: number): void {
    if (status !== 200) this.finished.reject(new Error(`an answer was ${status}`))
    this.millis[index] = this.#sinceDue(index)
    this.#answered += 1
    if (this.#answered === this.#requests.length) this.finished.resolve(undefined)
    this.#idle.push(connection)
    // Whatever waited for a connection.
    this.#sendDue()
  }

  /** Timers are coarse: whatever is due by now leaves now, and its time runs from when it was due. */
  #sendDue(): void {
    while (this.#left < this.#requests.length && this.#sinceDue(this.#left) >= 0) {
      const request = this.#requests[this.#left]
      const connection = this.#idle.pop()
      if (request === undefined || connection === undefined) break
      this.lateMillis[this.#left] = this.#sinceDue(this.#left)
      connection.send(this.#left, request)
      this.#left += 1
    }
  }

  #sinceDue(index: number): number {
    return performance.now() - this.#begin - index * this.#intervalMillis
  }
}

/** Carries one request at a time. */
class Connection {
  #write: (request: Buffer) => void = () => undefined
  #index = 0
  #filled = 0
  readonly #answer = Buffer.allocUnsafe(readBytes)
  readonly #player: Player

  private constructor(player: Player) {
    this.#player = player
  }

  static async open(host: string, port: number, player: Player): Promise<Connection> {
    const connection = new Connection(player)
    const onread = {
      buffer: Buffer.allocUnsafe(readBytes),
      callback: (size: number, bytes: Uint8Array): boolean => {
        connection.#receive(bytes.subarray(0, size))
        return true
      },
    }
    const socket = connect({ host, port, noDelay: true, onread })
    await once(socket, 'connect')
    const fail = (error?: Error): void => player.finished.reject(error ?? new Error('the server closed a connection'))
    socket.on('error', fail)
    socket.on('close', () => fail())
    connection.#write = (request) => void socket.write(request)
    return connection
  }

  send(index: number, request: Buffer): void {
    this.#index = index
    this.#filled = 0
    this.#write(request)
  }

  #receive(bytes: Uint8Array): void {
    this.#answer.set(bytes, this.#filled)
    this.#filled += bytes.length
    const received = this.#answer.subarray(0, this.#filled)
    const head = received.indexOf(endOfHead)
    if (head < 0) return
    const text = received.toString('latin1', 0, head + 1)
    const length = Number(/\r\ncontent-length: (\d+)\r/i.exec(text)?.[1])
    if (this.#filled < head + endOfHead.length + length) return
    this.#player.onAnswer(this, this.#index, Number(text.slice('HTTP/1.1 '.length, 'HTTP/1.1 200'.length)))
  }
}

const [url, recording, perSecond, connections] = process.argv.slice(2)
const { hostname, port } = new URL(url ?? '')
const player = new Player(readRecording(recording ?? ''), Number(perSecond))
const millis = await player.play(hostname, Number(port), Number(connections))
const percentile = (sorted: Float64Array, share: number): number =>
  sorted[Math.floor((sorted.length - 1) * share)] ?? Number.NaN
const answered = player.millis.sort()
console.log(
  JSON.stringify({
    requestsPerSecond: (1000 * answered.length) / millis,
    p50Millis: percentile(answered, 0.5),
    p99Millis: percentile(answered, 0.99),
    maxMillis: percentile(answered, 1),
    late99Millis: percentile(player.lateMillis.sort(), 0.99),
  }),
)
process.exit(0)
