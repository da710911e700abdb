/**
 * What an operator's command and the server say to each other over DIR/control.sock: lines of JSON. The client sends one
 * request; the server answers with items and texts, and ends with `done` or `error`.
 */
import type { Socket } from 'node:net'

export interface ControlRequest {
  readonly command: string
  readonly arguments: unknown
}

export type ControlResponse =
  | { readonly item: unknown }
  | { readonly text: string }
  | { readonly done: true }
  | { readonly error: { readonly message: string; readonly exit: number } }

/** Bytes of a request line at most. */
export const maxRequestLine = 65_536
/** Bytes of a response line at most: an audit record has up to 256 KiB, and escaping can multiply that. */
export const maxResponseLine = 2_097_152

const lineFeed = 0x0a

/** Calls `onLine` for each line that arrives, and `onTooLong`, once, when one exceeds `limit` bytes. */
export function readLines(socket: Socket, limit: number, onLine: (line: string) => void, onTooLong: () => void): void {
  let parts: Buffer[] = []
  let size = 0
  socket.on('data', function read(chunk: Buffer) {
    let rest = chunk
    for (;;) {
      const end = rest.indexOf(lineFeed)
      const part = end < 0 ? rest : rest.subarray(0, end)
      if (size + part.length > limit) {
        socket.off('data', read).resume()
        onTooLong()
        return
      }
      parts.push(part)
      size += part.length
      if (end < 0) return
      const line = Buffer.concat(parts, size).toString('utf8')
      parts = []
      size = 0
      rest = rest.subarray(end + 1)
      onLine(line)
    }
  })
}

/** The request in `line`, or undefined when it is none. */
export function parseRequest(line: string): ControlRequest | undefined {
  const request = parseObject(line)
  const command = request?.['command']
  return typeof command === 'string' ? { command, arguments: request?.['arguments'] } : undefined
}

/** The response in `line`, or undefined when it is none. */
export function parseResponse(line: string): ControlResponse | undefined {
  const response = parseObject(line)
  if (response === undefined) return undefined
  if ('item' in response) return { item: response['item'] }
  if (typeof response['text'] === 'string') return { text: response['text'] }
  if (response['done'] === true) return { done: true }
  const { error } = response
  if (!isObject(error) || typeof error['message'] !== 'string' || typeof error['exit'] !== 'number') return undefined
  return { error: { message: error['message'], exit: error['exit'] } }
}

/** Whether parsed JSON is an object (and not an array). */
export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function parseObject(text: string): Readonly<Record<string, unknown>> | undefined {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return undefined
  }
  return isObject(value) ? value : undefined
}
