/** The head of an answer, for both ways in which answers leave. */
import type { Answer } from '#gateway/request.ts'
import { inOnePiece } from '#base/one-piece.ts'
import { STATUS_CODES } from './node-http.ts'

/** The headers of `answer`, whose body has `size` bytes, but those about the connection. Names and values alternate. */
export function answerHeaders(
  requestId: string,
  { contentType }: Pick<Answer, 'contentType'>,
  size: number,
  worker: string | undefined,
): string[] {
  const headers = [
    'x-amzn-RequestId',
    requestId,
    'Cache-Control',
    'no-cache, no-store, must-revalidate, private',
    'Expires',
    '0',
    'Pragma',
    'no-cache',
    'Content-Type',
    contentType,
    'Content-Length',
    String(size),
  ]
  if (worker !== undefined) headers.push('x-trent-worker', worker)
  return headers
}

// Requests that are answered within a second share the text of its Date.
let second = Number.NaN
let date = ''

function dateText(nowMs: number): string {
  const current = Math.floor(nowMs / 1000)
  if (current !== second) {
    second = current
    date = new Date(current * 1000).toUTCString()
  }
  return date
}

/** All of a head but its request id, and what it is made of: most answers within a second differ in nothing else. */
interface LastHead {
  readonly status: number
  readonly contentType: string
  readonly size: number
  readonly worker: string | undefined
  readonly date: string
  readonly keepAliveSeconds: number | undefined
  readonly start: string
  readonly end: string
}

let last: LastHead = {
  status: 0,
  contentType: '',
  size: 0,
  worker: undefined,
  date: '',
  keepAliveSeconds: undefined,
  start: '',
  end: '',
}

const printable = /^[ -~]*$/

/**
 * The whole head as text, ASCII: the same headers, then what node:http would add. `keepAliveSeconds` undefined: the connection
 * ends behind the answer. Throws TypeError for what no head may hold.
 */
export function answerHead(
  requestId: string,
  { status, contentType }: Pick<Answer, 'status' | 'contentType'>,
  size: number,
  worker: string | undefined,
  nowMs: number,
  keepAliveSeconds: number | undefined,
): string {
  const reason = STATUS_CODES[status]
  if (reason === undefined || !printable.test(contentType)) {
    throw new TypeError('an answer with a status that there is not, or with a content type that is no header')
  }
  const date = dateText(nowMs)
  if (
    status !== last.status ||
    contentType !== last.contentType ||
    size !== last.size ||
    worker !== last.worker ||
    date !== last.date ||
    keepAliveSeconds !== last.keepAliveSeconds
  ) {
    const own = worker === undefined ? '' : `x-trent-worker: ${worker}\r\n`
    const connection =
      keepAliveSeconds === undefined ? 'close' : `keep-alive\r\nKeep-Alive: timeout=${keepAliveSeconds}`
    const end = `\r\nCache-Control: no-cache, no-store, must-revalidate, private\r\nExpires: 0\r\nPragma: no-cache\r\nContent-Type: ${contentType}\r\nContent-Length: ${size}\r\n${own}Date: ${date}\r\nConnection: ${connection}\r\n\r\n`
    const start = inOnePiece(`HTTP/1.1 ${status} ${reason}\r\nx-amzn-RequestId: `)
    last = { status, contentType, size, worker, date, keepAliveSeconds, start, end: inOnePiece(end) }
  }
  return last.start + requestId + last.end
}
