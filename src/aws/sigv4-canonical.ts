/**
 * The canonical forms of a request's parts (IAM User Guide, "Create a signed AWS API request", step 1). Everything here
 * works on the bytes as they came: strings are latin1, one character for each byte, as Node hands over request targets
 * and raw headers.
 */

// What RFC 3986 calls unreserved stays, all else becomes %XX with upper-case digits.
const encoded = Array.from({ length: 256 }, (_, byte) => {
  const character = String.fromCharCode(byte)
  return /[A-Za-z0-9._~-]/.test(character) ? character : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`
})

// A request target holds no raw spaces or controls, and bytes only.
const notInTarget = /[^!-~\u0080-\u00ff]/

function encode(bytes: string): string {
  let text = ''
  for (let index = 0; index < bytes.length; index++) text += encoded[bytes.charCodeAt(index)] ?? ''
  return text
}

const brokenEscape = /%(?![0-9A-Fa-f]{2})/

// '+' is a space: that is how the Query protocol's form parser reads the same string, and a signature must cover what is
// read.
function decode(text: string): string {
  if (!text.includes('%') && !text.includes('+')) return text
  return text
    .replaceAll('+', ' ')
    .replaceAll(/%(..)/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 16)))
}

/**
 * The canonical URI of every service but S3: `.` and `..` resolved, empty segments dropped, and each segment of the raw
 * path encoded once more. Undefined when `path` is not one that starts with a slash, or holds characters that no request
 * target has.
 */
export function canonicalPath(path: string): string | undefined {
  if (path === '/') return '/'
  if (!path.startsWith('/') || notInTarget.test(path)) return undefined
  const segments: string[] = []
  for (const segment of path.split('/')) {
    if (segment === '' || segment === '.') continue
    if (segment === '..') segments.pop()
    else segments.push(encode(segment))
  }
  if (segments.length === 0) return '/'
  return `/${segments.join('/')}${path.endsWith('/') ? '/' : ''}`
}

/** A query string, decoded and in its canonical form. */
export interface ParsedQuery {
  /** Sorted and encoded, without X-Amz-Signature. */
  readonly canonical: string
  /** Decoded names and values. */
  readonly parameters: ReadonlyMap<string, string>
}

const emptyQuery: ParsedQuery = { canonical: '', parameters: new Map() }

/**
 * Undefined when `query` is malformed or names a parameter twice: the canonical form sorts, so whoever carries the
 * request could swap two values of one name without breaking the signature. No service here takes repeated names.
 */
export function parseQuery(query: string): ParsedQuery | undefined {
  if (query === '') return emptyQuery
  if (notInTarget.test(query) || brokenEscape.test(query)) return undefined
  const parameters = new Map<string, string>()
  const parts: { readonly name: string; readonly value: string }[] = []
  for (const part of query.split('&')) {
    if (part === '') continue
    const equals = part.indexOf('=')
    const name = decode(equals < 0 ? part : part.slice(0, equals))
    const value = equals < 0 ? '' : decode(part.slice(equals + 1))
    if (parameters.has(name)) return undefined
    parameters.set(name, value)
    if (name !== 'X-Amz-Signature') parts.push({ name: encode(name), value: encode(value) })
  }
  parts.sort((left, right) => (left.name < right.name ? -1 : 1))
  return { canonical: parts.map(({ name, value }) => `${name}=${value}`).join('&'), parameters }
}

let scratch = Buffer.alloc(4096)
let words = new Int32Array(scratch.buffer, scratch.byteOffset, scratch.length >> 2)

const beyondBytes = /[^\u0000-\u00ff]/

/**
 * Whether `text` can be a canonical request up to its payload hash: it must hold exactly `lines` line feeds, no other control
 * character, and bytes only, or else a value could pose as further headers.
 */
export function isCanonical(text: string, lines: number): boolean {
  const { length } = text
  if (length + 4 > scratch.length) {
    scratch = Buffer.alloc((length + 4) * 2)
    words = new Int32Array(scratch.buffer, scratch.byteOffset, scratch.length >> 2)
  }
  if (beyondBytes.test(text)) return false
  scratch.write(text, 0, 'latin1')
  scratch.fill(0x20, length, length + 4)
  let found = 0
  // Four bytes at a time, since this is a quarter of the time otherwise: a subtraction borrows into the top bit of each
  // byte below 0x20, or of each byte that was 0x7f.
  const count = (length + 3) >> 2
  for (let index = 0; index < count; index++) {
    const word = words[index] ?? 0
    const flipped = word ^ 0x7f7f7f7f
    if ((((word - 0x20202020) & ~word) | ((flipped - 0x01010101) & ~flipped)) & 0x80808080) {
      for (let at = index * 4; at < index * 4 + 4; at++) {
        const byte = scratch[at] ?? 0
        if (byte === 0x0a) found++
        else if (byte < 0x20 || byte === 0x7f) return false
      }
    }
  }
  return found === lines
}
