import { Agent, request } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import type { AnswerShape } from './answer-shape.ts'
import { answerShape } from './answer-shape.ts'
import { member } from './json.ts'
import type { Signer } from './signer.ts'

/** An answer of the server: parsed body, and its shape on the wire. */
export interface Answer {
  readonly status: number
  readonly body: unknown
  readonly shape: AnswerShape
}

/** Sends signed KMS requests over kept connections. `close` ends them. */
export interface Client {
  /** Sends one request; a throttled one is tried again. Throws on any answer but 200. */
  call(operation: string, body: string): Promise<Answer>
  close(): void
}

const attempts = 50
const pauseMillis = 100

export function createClient(url: string, sign: Signer, connections: number): Client {
  const agent = new Agent({ keepAlive: true, maxSockets: connections })
  const { hostname, port } = new URL(url)
  const send = (operation: string, body: string): Promise<Answer> =>
    new Promise((resolve, reject) => {
      const headers = Object.fromEntries(sign(operation, body).headers)
      const outgoing = request({ agent, hostname, port, method: 'POST', path: '/', headers }, (incoming) => {
        const chunks: Buffer[] = []
        incoming.on('data', (chunk: Buffer) => {
          chunks.push(chunk)
        })
        incoming.on('error', reject)
        incoming.on('end', () => {
          const bytes = Buffer.concat(chunks)
          const shape = answerShape(incoming.rawHeaders, bytes.length)
          resolve({ status: incoming.statusCode ?? 0, body: parsed(bytes.toString()), shape })
        })
      })
      outgoing.on('error', reject)
      outgoing.end(body)
    })
  return {
    async call(operation, body) {
      for (let attempt = 1; ; attempt++) {
        const answer = await send(operation, body)
        if (answer.status === 200) return answer
        const code = String(member(answer.body, '__type'))
        if (!code.endsWith('ThrottlingException') || attempt === attempts) {
          throw new Error(`${operation} answered ${answer.status} ${JSON.stringify(answer.body)}`)
        }
        await sleep(pauseMillis)
      }
    },
    close: () => agent.destroy(),
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}

/** Runs `task` for 0 to `count` - 1, `limit` of them at a time. Rejects at the first failure. */
export async function concurrently(
  count: number,
  limit: number,
  task: (index: number) => Promise<void>,
): Promise<void> {
  let next = 0
  const lane = async (): Promise<void> => {
    while (next < count) await task(next++)
  }
  await Promise.all(Array.from({ length: limit }, lane))
}
