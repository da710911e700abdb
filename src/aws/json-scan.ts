/**
 * A strict scanner of JSON (RFC 8259) over the bytes of a body. It answers where a token begins and ends and makes nothing
 * of it, so that a secret need never become a string and a member that nobody declared costs no more than its bytes.
 *
 * Stricter than JSON.parse where leniency lets two readers of one body disagree: no member twice in an object (RFC 8259
 * section 4, RFC 7493 section 2.3), no half of a surrogate pair (RFC 7493 section 2.1), no bytes that are not UTF-8, and
 * bounds on depth and on members.
 */
import { isAscii, isUtf8 } from 'node:buffer'

/** Objects and arrays may be nested this deep, the body itself counted. */
export const maxDepth = 32
/** An object may have this many members. */
export const maxMembers = 4096

/** The bytes by which a decoder knows what value comes next. */
export const QUOTE = 0x22
export const MINUS = 0x2d
export const OPEN_BRACE = 0x7b
export const OPEN_BRACKET = 0x5b
const CLOSE_BRACE = 0x7d
const CLOSE_BRACKET = 0x5d
const BACKSLASH = 0x5c
const COMMA = 0x2c
const COLON = 0x3a
const DOT = 0x2e
const ZERO = 0x30
const NINE = 0x39

/** A place in a body. `start`, `stop` and `escaped` tell of the string or number scanned last. */
export interface Cursor {
  readonly bytes: Buffer
  readonly end: number
  /** All of the body is ASCII. */
  readonly ascii: boolean
  /** The next byte to look at. */
  at: number
  /** The first byte of the token; for a string the one after its quote. */
  start: number
  /** The byte after the token; for a string its closing quote. */
  stop: number
  /** The string holds escapes; the number has a fraction or an exponent. */
  escaped: boolean
}

/** A cursor at the beginning of `bytes`, or undefined when they are not UTF-8. The bytes are not copied. */
export function cursorOver(bytes: Buffer): Cursor | undefined {
  const ascii = isAscii(bytes)
  if (!ascii && !isUtf8(bytes)) return undefined
  return { bytes, end: bytes.length, ascii, at: 0, start: 0, stop: 0, escaped: false }
}

/** The byte at `at`; zero behind the end, which no token of JSON begins with or holds. */
function byteAt(cursor: Cursor, at: number): number {
  return at < cursor.end ? (cursor.bytes[at] ?? 0) : 0
}

/** Moves to the next byte that is not white space and answers it; zero at the end. */
export function peek(cursor: Cursor): number {
  const { bytes, end } = cursor
  let at = cursor.at
  for (; at < end; at++) {
    const byte = bytes[at] ?? 0
    if (byte > 0x20 || (byte !== 0x20 && byte !== 0x0a && byte !== 0x0d && byte !== 0x09)) {
      cursor.at = at
      return byte
    }
  }
  cursor.at = at
  return 0
}

/** Scans the string whose opening quote is at the cursor. False: malformed. */
export function scanString(cursor: Cursor): boolean {
  const { bytes, end } = cursor
  let at = cursor.at
  if (byteAt(cursor, at) !== QUOTE) return false
  at += 1
  cursor.start = at
  cursor.escaped = false
  while (at < end) {
    const byte = bytes[at] ?? 0
    if (byte === QUOTE) {
      cursor.stop = at
      cursor.at = at + 1
      return true
    }
    if (byte === BACKSLASH) {
      cursor.escaped = true
      at = escapeEnd(cursor, at)
      if (at < 0) return false
    } else {
      if (byte < 0x20) return false
      at += 1
    }
  }
  return false
}

/** The offset behind the escape that begins at `at`; both halves of a surrogate pair are one. Negative: malformed. */
function escapeEnd(cursor: Cursor, at: number): number {
  switch (byteAt(cursor, at + 1)) {
    case QUOTE:
    case BACKSLASH:
    case 0x2f: // solidus
    case 0x62: // b
    case 0x66: // f
    case 0x6e: // n
    case 0x72: // r
    case 0x74: // t
      return at + 2
    case 0x75: {
      const unit = codeUnit(cursor, at + 2)
      if (unit < 0xd800 || unit > 0xdfff) return unit < 0 ? -1 : at + 6
      if (unit > 0xdbff || byteAt(cursor, at + 6) !== BACKSLASH || byteAt(cursor, at + 7) !== 0x75) return -1
      const low = codeUnit(cursor, at + 8)
      return low < 0xdc00 || low > 0xdfff ? -1 : at + 12
    }
    default:
      return -1
  }
}

/** The value of the four hexadecimal digits at `at`; negative when they are not. */
function codeUnit(cursor: Cursor, at: number): number {
  let unit = 0
  for (let i = at; i < at + 4; i++) {
    const byte = byteAt(cursor, i)
    const letter = byte | 0x20
    const digit = byte >= ZERO && byte <= NINE ? byte - ZERO : letter >= 0x61 && letter <= 0x66 ? letter - 0x57 : -1
    if (digit < 0) return -1
    unit = unit * 16 + digit
  }
  return unit
}

/** The string scanned last, with its escapes resolved. */
export function tokenText(cursor: Cursor): string {
  const { bytes, start, stop } = cursor
  if (cursor.ascii && !cursor.escaped) return bytes.toString('latin1', start, stop)
  const raw = bytes.toString('utf8', start, stop)
  if (!cursor.escaped) return raw
  // The scan has admitted nothing that JSON.parse refuses.
  return String(JSON.parse(`"${raw}"`))
}

/**
 * The bytes of the string scanned last with its escapes resolved, for strings that may only be ASCII and must not become
 * strings of ours; undefined when an escape stands for anything that base64 does not use. The caller erases the buffer.
 */
export function unescapedBytes(cursor: Cursor): Buffer | undefined {
  const plain = Buffer.alloc(cursor.stop - cursor.start)
  let size = 0
  for (let at = cursor.start; at < cursor.stop; size++) {
    let byte = byteAt(cursor, at)
    if (byte !== BACKSLASH) {
      at += 1
    } else if (byteAt(cursor, at + 1) === 0x2f) {
      byte = 0x2f
      at += 2
    } else {
      byte = byteAt(cursor, at + 1) === 0x75 ? codeUnit(cursor, at + 2) : 0
      at += 6
      if (byte < 0x20 || byte > 0x7e) {
        plain.fill(0)
        return undefined
      }
    }
    plain[size] = byte
  }
  return plain.subarray(0, size)
}

/** Scans the number at the cursor; `escaped` then tells of a fraction or an exponent. False: malformed. */
export function scanNumber(cursor: Cursor): boolean {
  cursor.start = cursor.at
  cursor.escaped = false
  if (byteAt(cursor, cursor.at) === MINUS) cursor.at += 1
  if (byteAt(cursor, cursor.at) === ZERO) cursor.at += 1
  else if (!scanDigits(cursor)) return false
  if (byteAt(cursor, cursor.at) === DOT) {
    cursor.escaped = true
    cursor.at += 1
    if (!scanDigits(cursor)) return false
  }
  if ((byteAt(cursor, cursor.at) | 0x20) === 0x65) {
    cursor.escaped = true
    cursor.at += 1
    const sign = byteAt(cursor, cursor.at)
    if (sign === MINUS || sign === 0x2b) cursor.at += 1
    if (!scanDigits(cursor)) return false
  }
  cursor.stop = cursor.at
  return true
}

function scanDigits(cursor: Cursor): boolean {
  const first = cursor.at
  while (byteAt(cursor, cursor.at) >= ZERO && byteAt(cursor, cursor.at) <= NINE) cursor.at += 1
  return cursor.at > first
}

const nullWord = Buffer.from('null')
const trueWord = Buffer.from('true')
const falseWord = Buffer.from('false')

function scanWord(cursor: Cursor, word: Buffer): boolean {
  for (let i = 0; i < word.length; i++) if (byteAt(cursor, cursor.at + i) !== word[i]) return false
  cursor.at += word.length
  return true
}

/** Scans `true` or `false`; undefined: neither. */
export function scanBoolean(cursor: Cursor): boolean | undefined {
  if (scanWord(cursor, trueWord)) return true
  return scanWord(cursor, falseWord) ? false : undefined
}

/** Scans `null`. False: it is something else. */
export function scanNull(cursor: Cursor): boolean {
  return scanWord(cursor, nullWord)
}

/** What comes next in an object or array: one more item, its end (scanned over), or nothing that belongs there. */
export type Step = 'item' | 'end' | 'malformed'

/** Behind `{` or a member: scans the name of the next member and its colon; the name is the token then. */
export function nextMember(cursor: Cursor, first: boolean): Step {
  const step = nextItem(cursor, first, CLOSE_BRACE)
  if (step !== 'item') return step
  if (!scanString(cursor) || peek(cursor) !== COLON) return 'malformed'
  cursor.at += 1
  return 'item'
}

/** Behind `[` or an element: goes to the next element. */
export function nextElement(cursor: Cursor, first: boolean): Step {
  return nextItem(cursor, first, CLOSE_BRACKET)
}

function nextItem(cursor: Cursor, first: boolean, close: number): Step {
  const byte = peek(cursor)
  if (byte === close) {
    cursor.at += 1
    return 'end'
  }
  if (first) return 'item'
  if (byte !== COMMA) return 'malformed'
  cursor.at += 1
  peek(cursor)
  return 'item'
}

/** Scans over any value, held to every rule; `depth` is the depth it would have as an object. False: malformed. */
export function skipValue(cursor: Cursor, depth: number): boolean {
  switch (peek(cursor)) {
    case QUOTE:
      return scanString(cursor)
    case OPEN_BRACE:
      return skipObject(cursor, depth)
    case OPEN_BRACKET:
      return skipArray(cursor, depth)
    case 0x6e: // n
      return scanNull(cursor)
    case 0x74: // t
    case 0x66: // f
      return scanBoolean(cursor) !== undefined
    default:
      return scanNumber(cursor)
  }
}

function skipObject(cursor: Cursor, depth: number): boolean {
  if (depth > maxDepth) return false
  cursor.at += 1
  const names = new Set<string>()
  for (;;) {
    const step = nextMember(cursor, names.size === 0)
    if (step !== 'item') return step === 'end'
    const before = names.size
    if (before === maxMembers || names.add(tokenText(cursor)).size === before) return false
    if (!skipValue(cursor, depth + 1)) return false
  }
}

function skipArray(cursor: Cursor, depth: number): boolean {
  if (depth > maxDepth) return false
  cursor.at += 1
  for (let first = true; ; first = false) {
    const step = nextElement(cursor, first)
    if (step !== 'item') return step === 'end'
    if (!skipValue(cursor, depth + 1)) return false
  }
}
