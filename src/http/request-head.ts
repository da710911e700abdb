/**
 * Reads the heads of requests as the SDKs send them. A head that is written in any other way is not judged here: `undefined`
 * leaves it to node:http, which knows all of RFC 9112. So nothing can be read in two ways: what is read here has one reading,
 * with every line ended by CRLF, nothing but printable ASCII, names without surprises, one length and no transfer coding.
 */

/** The head of a POST to `/`: nothing in it but printable ASCII. */
export interface RequestHead {
  /** Names and values alternating, as on the wire. */
  readonly rawHeaders: readonly string[]
  /** The one Content-Length. */
  readonly contentLength: number
  /** Where the body begins. */
  readonly end: number
}

const requestLine = 'POST / HTTP/1.1'
const longestHead = 16 * 1024
const mostLines = 100
const [lf, cr, space] = [0x0a, 0x0d, 0x20]

// Fewer characters than a name may have (RFC 9110 section 5.6.2).
const plainName = /^[A-Za-z0-9-]+$/

/** What a header does to the reading of the message. `odd`: it changes the framing, or what the connection is. */
type Kind = 'length' | 'host' | 'connection' | 'odd' | 'none'

const kinds: ReadonlyMap<string, Kind> = new Map([
  ['content-length', 'length'],
  ['host', 'host'],
  ['connection', 'connection'],
  ...[
    'expect',
    'http2-settings',
    'keep-alive',
    'proxy-connection',
    'te',
    'trailer',
    'transfer-encoding',
    'upgrade',
  ].map((name) => [name, 'odd'] as const),
])

interface Name {
  readonly text: string
  /** With its colon. */
  readonly start: string
  readonly kind: Kind
}

// The names that stood in each line before: nearly every request repeats them, and needs no new strings for them.
const lastNames: (Name | undefined)[] = new Array<undefined>(mostLines).fill(undefined)
const longestKept = 64

// One memory for all heads, for nothing here awaits: a copy of the bytes, which can be looked at four at a time, and where
// the lines end.
const copy = new Uint8Array(longestHead + 8)
const words = new Int32Array(copy.buffer)
const ends = new Int32Array(mostLines)

/** The head at the front of `bytes`. */
export function readRequestHead(bytes: Buffer): RequestHead | undefined {
  const count = findLines(bytes)
  if (count < 2) return undefined
  const last = ends[count - 1] ?? 0
  const text = bytes.toString('latin1', 0, last)
  const first = ends[0] ?? 0
  if (first !== requestLine.length || !text.startsWith(requestLine)) return undefined
  const rawHeaders: string[] = []
  let contentLength: number | undefined
  let hosts = 0
  let begin = first + 2
  for (let line = 1; line < count; line += 1) {
    const end = ends[line] ?? 0
    const name = nameAt(text, begin, line)
    if (name === undefined) return undefined
    let start = begin + name.start.length
    if (text.charCodeAt(start) === space) start += 1
    // Neither empty nor with blanks around it, which would have to be taken off.
    if (start >= end || text.charCodeAt(start) === space || text.charCodeAt(end - 1) === space) return undefined
    const value = text.slice(start, end)
    rawHeaders.push(name.text, value)
    begin = end + 2
    if (name.kind === 'none') continue
    if (name.kind === 'odd' || (name.kind === 'connection' && value.toLowerCase() !== 'keep-alive')) return undefined
    if (name.kind === 'host') hosts += 1
    if (name.kind === 'length') {
      if (contentLength !== undefined || !/^[0-9]{1,7}$/.test(value)) return undefined
      contentLength = Number(value)
    }
  }
  return contentLength === undefined || hosts !== 1 ? undefined : { rawHeaders, contentLength, end: last + 4 }
}

/**
 * Puts into `ends` where the lines of the head end and answers how many there are, without the empty one; 0 when the head is
 * not whole, too long, or holds anything but printable ASCII between its CRLFs.
 */
function findLines(bytes: Buffer): number {
  const size = bytes.copy(copy, 0, 0, longestHead)
  // Behind the end stands what is in no head, so that none is found that reaches beyond.
  copy.fill(0, size, size + 4)
  let count = 0
  let begin = 0
  // A subtraction borrows into the top bit of each byte below 0x20, or of each byte that was 0x7f.
  for (let index = 0; index * 4 < size; index += 1) {
    const word = words[index] ?? 0
    const flipped = word ^ 0x7f7f7f7f
    if (((word | ((word - 0x20202020) & ~word) | ((flipped - 0x01010101) & ~flipped)) & 0x80808080) === 0) continue
    for (let at = index * 4; at < index * 4 + 4; at += 1) {
      const byte = copy[at] ?? 0
      if (byte >= 0x20 && byte < 0x7f) continue
      if (byte === lf && copy[at - 1] === cr) continue
      if (byte !== cr || copy[at + 1] !== lf) return 0
      if (at === begin) return count
      if (count === mostLines) return 0
      ends[count] = at
      count += 1
      begin = at + 2
    }
  }
  return 0
}

function nameAt(text: string, begin: number, line: number): Name | undefined {
  const last = lastNames[line]
  if (last !== undefined && text.startsWith(last.start, begin)) return last
  const name = text.slice(begin, text.indexOf(':', begin))
  // Also where the next colon is in another line, or there is none.
  if (!plainName.test(name)) return undefined
  const made: Name = { text: name, start: `${name}:`, kind: kinds.get(name.toLowerCase()) ?? 'none' }
  if (name.length <= longestKept) lastNames[line] = made
  return made
}
