/**
 * An open loop: requests leave at a fixed rate whether or not answers come, as those of many independent clients do, and each
 * one's time runs from the moment it was due. A closed loop such as wrk's sends less while a server stalls, which hides the stall.
 */
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { readRecording } from './recording.ts'

export interface PacedFigures {
  readonly requestsPerSecond: number
  readonly p50Millis: number
  readonly p99Millis: number
  readonly maxMillis: number
}

/** Plays a recording to `url` at `perSecond`, over `connections` connections. Rejects at any answer that is not 200. */
export async function playPaced(
  url: string,
  recording: string,
  perSecond: number,
  connections: number,
): Promise<PacedFigures> {
  const requests = readRecording(recording)
  const { hostname, port } = new URL(url)
  const idle = await Promise.all(Array.from({ length: connections }, () => connection(hostname, Number(port))))
  const all = [...idle]
  const millis: number[] = []
  const failure = Promise.withResolvers<never>()
  const waiting: number[] = []
  const interval = 1000 / perSecond
  const begin = performance.now()

  const send = (through: Connection, index: number): void => {
    const bytes = requests[index]
    if (bytes === undefined) return
    through.exchange(bytes).then((status) => {
      if (status !== 200) failure.reject(new Error(`${url}: an answer was ${status}`))
      millis.push(performance.now() - begin - index * interval)
      const next = waiting.shift()
      if (next === undefined) idle.push(through)
      else send(through, next)
    }, failure.reject)
  }
  const paced = async (): Promise<void> => {
    for (let due = 0; due < requests.length;) {
      // Timers are coarse: whatever is due by now leaves now, and its time runs from when it was due.
      for (; due < requests.length && due * interval <= performance.now() - begin; due += 1) {
        const through = idle.pop()
        if (through === undefined) waiting.push(due)
        else send(through, due)
      }
      await sleep(1)
    }
    while (millis.length < requests.length) await sleep(5)
  }
  try {
    await Promise.race([paced(), failure.promise])
  } finally {
    for (const each of all) each.close()
  }
  const seconds = (performance.now() - begin) / 1000
  millis.sort((a, b) => a - b)
  const percentile = (share: number): number => millis[Math.floor((millis.length - 1) * share)] ?? Number.NaN
  return {
    requestsPerSecond: requests.length / seconds,
    p50Millis: percentile(0.5),
    p99Millis: percentile(0.99),
    maxMillis: percentile(1),
  }
}

interface Connection {
  /** Sends a request and resolves with the status of its answer, once all of that is in. One at a time. */
  exchange(request: Buffer): Promise<number>
  close(): void
}

async function connection(host: string, port: number): Promise<Connection> {
  const socket: Socket = connect({ host, port, noDelay: true })
  await once(socket, 'connect')
  let answer = Promise.withResolvers<number>()
  let text = ''
  socket.on('data', (chunk) => {
    text += chunk.toString('latin1')
    const head = text.indexOf('\r\n\r\n')
    if (head < 0) return
    const length = Number(/^content-length: (\d+)\r$/im.exec(text.slice(0, head + 1))?.[1])
    if (text.length < head + 4 + length) return
    const status = Number(text.slice('HTTP/1.1 '.length, 'HTTP/1.1 200'.length))
    text = ''
    answer.resolve(status)
  })
  socket.on('error', (error) => answer.reject(error))
  socket.on('close', () => answer.reject(new Error('the server closed a connection')))
  return {
    exchange: (request) => {
      answer = Promise.withResolvers()
      socket.write(request)
      return answer.promise
    },
    close: () => socket.removeAllListeners('close').destroy(),
  }
}
