/**
 * The body of an AWS JSON 1.1 request into typed values, in one pass over its bytes and led by the shape. What a member
 * must be to be decoded at all is judged here (SerializationException); what it may be is judged by validate.ts.
 */
import { exhaustive } from '#base/exhaustive.ts'
import { SecretBytes } from '#base/secret-bytes.ts'
import { decodeBase64 } from './base64.ts'
import { refusal } from './errors.ts'
import type { Refusal } from './errors.ts'
import {
  cursorOver,
  maxDepth,
  maxMembers,
  MINUS,
  nextElement,
  nextMember,
  OPEN_BRACE,
  OPEN_BRACKET,
  peek,
  QUOTE,
  scanBoolean,
  scanNull,
  scanNumber,
  scanString,
  skipValue,
  tokenText,
  unescapedBytes,
} from './json-scan.ts'
import type { Cursor } from './json-scan.ts'
import type { Field, Fields, Shape } from './shape.ts'

/** A decoded member. Strings of enums are any string yet. */
export type DecodedValue =
  | string
  | number
  | boolean
  | Date
  | Buffer
  | SecretBytes
  | ReadonlyMap<string, string>
  | readonly DecodedValue[]
  | DecodedInput
/** A decoded structure: every declared member and no other, in the order of the declaration; undefined is absent. */
export interface DecodedInput {
  readonly [name: string]: DecodedValue | undefined
}

/** Reads the value at the cursor; undefined: malformed. Every secret made on the way goes to `secrets`. */
type Reader = (cursor: Cursor, depth: number, secrets: SecretBytes[]) => DecodedValue | undefined

const malformed: Refusal = refusal('SerializationException')
const maxInteger = 2 ** 31 - 1
const minInteger = -(2 ** 31)

/**
 * A decoder of bodies with the members `fields` (at most 31 in a structure). The values are copies: the body may be erased
 * afterwards. The caller owns the SecretBytes in the result; of a refused body, they are destroyed already. Never throws.
 *
 * @throws RangeError here, not in the decoder, when a structure declares too many members
 */
export function compileDecoder(fields: Fields): (body: Buffer) => DecodedInput | Refusal {
  const read = structureReader(fields)
  const empty = Buffer.from('{}')
  return (body) => {
    const cursor = cursorOver(body.length === 0 ? empty : body)
    if (cursor === undefined) return malformed
    const secrets: SecretBytes[] = []
    const input = read(cursor, 1, secrets)
    // A zero byte behind the object looks like the end to `peek`, so that the position counts.
    if (input !== undefined && peek(cursor) === 0 && cursor.at === cursor.end) return input
    for (const secret of secrets) secret.destroy()
    return malformed
  }
}

interface Member {
  readonly name: string
  readonly bytes: Buffer
  readonly bit: number
  readonly read: Reader
}

function structureReader(
  fields: Fields,
): (cursor: Cursor, depth: number, secrets: SecretBytes[]) => DecodedInput | undefined {
  const names = Object.keys(fields)
  if (names.length > 31) throw new RangeError('a structure of a request may declare at most 31 members')
  const members = Object.entries(fields).map(([name, field], i): Member => ({
    name,
    bytes: Buffer.from(name),
    bit: 1 << i,
    read: reader(field),
  }))
  // Copied for each input, so that all of them have one hidden class.
  const template: Record<string, DecodedValue | undefined> = Object.fromEntries(names.map((name) => [name, undefined]))
  return (cursor, depth, secrets) => {
    if (peek(cursor) !== OPEN_BRACE || depth > maxDepth) return undefined
    cursor.at += 1
    const input = { ...template }
    let seen = 0
    let unknown: Set<string> | undefined
    for (let first = true; ; first = false) {
      const step = nextMember(cursor, first)
      if (step !== 'item') return step === 'end' ? input : undefined
      const member = findMember(members, cursor)
      if (member === undefined) {
        unknown ??= new Set()
        const before = unknown.size
        if (before === maxMembers || unknown.add(tokenText(cursor)).size === before) return undefined
        if (!skipValue(cursor, depth + 1)) return undefined
        continue
      }
      if ((seen & member.bit) !== 0) return undefined
      seen |= member.bit
      if (peek(cursor) === 0x6e) {
        if (!scanNull(cursor)) return undefined
        continue
      }
      const value = member.read(cursor, depth + 1, secrets)
      if (value === undefined) return undefined
      input[member.name] = value
    }
  }
}

function findMember(members: readonly Member[], cursor: Cursor): Member | undefined {
  if (cursor.escaped) {
    const name = tokenText(cursor)
    return members.find((member) => member.name === name)
  }
  for (const member of members) if (isToken(member.bytes, cursor)) return member
  return undefined
}

function isToken(name: Buffer, cursor: Cursor): boolean {
  const { bytes, start } = cursor
  const length = name.length
  if (cursor.stop - start !== length) return false
  for (let i = 0; i < length; i++) if (bytes[start + i] !== name[i]) return false
  return true
}

function reader(field: Field): Reader {
  switch (field.kind) {
    case 'string':
    case 'enum':
      return readString
    case 'blob':
      return field.sensitive === true ? readSecret : readBlob
    case 'secret text':
      throw new TypeError('no request has a secret text')
    case 'integer':
      return readInteger
    case 'boolean':
      return readBoolean
    case 'timestamp':
      return readTimestamp
    case 'map':
      return readMap
    case 'list':
      return listReader(field.member)
    case 'structure':
      return structureReader(field.fields)
    default:
      return exhaustive(field)
  }
}

const readString: Reader = (cursor) => (scanString(cursor) ? tokenText(cursor) : undefined)

const readBlob: Reader = (cursor) => bytesOf(cursor, (size) => Buffer.allocUnsafe(size))

// Buffer.alloc does not share memory with other buffers, so that nothing else can show the secret.
const readSecret: Reader = (cursor, _depth, secrets) => {
  const bytes = bytesOf(cursor, (size) => Buffer.alloc(size))
  if (bytes === undefined) return undefined
  const secret = new SecretBytes(bytes)
  secrets.push(secret)
  return secret
}

function bytesOf(cursor: Cursor, allocate: (size: number) => Buffer): Buffer | undefined {
  if (peek(cursor) !== QUOTE) return undefined
  // No byte of base64 means anything to a string of JSON, so that what decodes up to the next quote needs no scan.
  const start = cursor.at + 1
  const stop = cursor.bytes.indexOf(QUOTE, start)
  const plain = stop < 0 ? undefined : decodeBase64(cursor.bytes, start, stop, allocate)
  if (plain !== undefined) {
    cursor.at = stop + 1
    return plain
  }
  // Some encoders escape every solidus.
  if (!scanString(cursor) || !cursor.escaped) return undefined
  const text = unescapedBytes(cursor)
  if (text === undefined) return undefined
  const bytes = decodeBase64(text, 0, text.length, allocate)
  text.fill(0)
  return bytes
}

const readInteger: Reader = (cursor) => {
  if (!scanNumber(cursor)) return undefined
  const { bytes, start, stop } = cursor
  let value = 0
  if (!cursor.escaped && stop - start < 10 && bytes[start] !== MINUS) {
    for (let at = start; at < stop; at++) value = value * 10 + ((bytes[at] ?? 0) - 0x30)
    return value
  }
  // 1e2 and 5.0 are integers, too. The sum turns -0 into 0.
  value = numberOf(cursor) + 0
  return Number.isInteger(value) && value >= minInteger && value <= maxInteger ? value : undefined
}

function numberText(cursor: Cursor): string {
  return cursor.bytes.toString('latin1', cursor.start, cursor.stop)
}

function numberOf(cursor: Cursor): number {
  return Number(numberText(cursor))
}

const readBoolean: Reader = (cursor) => scanBoolean(cursor)

const readTimestamp: Reader = (cursor) => {
  if (!scanNumber(cursor)) return undefined
  const date = new Date(Math.round(numberOf(cursor) * 1000))
  return Number.isNaN(date.getTime()) ? undefined : date
}

/** Numbers are taken as the strings they are written as; AWS does so for values of an encryption context. */
const readMap: Reader = (cursor, depth) => {
  if (peek(cursor) !== OPEN_BRACE || depth > maxDepth) return undefined
  cursor.at += 1
  const map = new Map<string, string>()
  for (;;) {
    const step = nextMember(cursor, map.size === 0)
    if (step !== 'item') return step === 'end' ? map : undefined
    if (map.size === maxMembers) return undefined
    const name = tokenText(cursor)
    const value = mapValue(cursor)
    const before = map.size
    if (value === undefined || map.set(name, value).size === before) return undefined
  }
}

function mapValue(cursor: Cursor): string | undefined {
  if (peek(cursor) === QUOTE) return scanString(cursor) ? tokenText(cursor) : undefined
  if (!scanNumber(cursor)) return undefined
  return numberText(cursor)
}

/** A null in a list is malformed: no list of the service may hold one. */
function listReader(shape: Shape): Reader {
  const read = reader(shape)
  return (cursor, depth, secrets) => {
    if (peek(cursor) !== OPEN_BRACKET || depth > maxDepth) return undefined
    cursor.at += 1
    const elements: DecodedValue[] = []
    for (;;) {
      const step = nextElement(cursor, elements.length === 0)
      if (step !== 'item') return step === 'end' ? elements : undefined
      const element = read(cursor, depth + 1, secrets)
      if (element === undefined) return undefined
      elements.push(element)
    }
  }
}
