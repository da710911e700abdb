/**
 * Strict JSON (RFC 8259) for policy texts. Unlike JSON.parse it refuses a member that stands twice in an object, since two
 * readers of such a text can disagree on what it allows (RFC 8259, section 4), and it bounds depth and size. Numbers stay as
 * they are written: in a policy a number is equal to its text ("JSON policy element reference", IAM User Guide).
 */

export interface JsonNumber {
  /** As it is written. */
  readonly number: string
}

export type JsonObject = ReadonlyMap<string, Json>
export type Json = string | boolean | null | JsonNumber | readonly Json[] | JsonObject

/** Where and why a text is no JSON of ours. */
export interface JsonFault {
  readonly fault: string
  /** In characters, from zero. */
  readonly offset: number
}

interface Reader {
  readonly text: string
  readonly maxDepth: number
  at: number
}

class Malformed extends Error {}

/** The value that `text` holds; objects and arrays may be nested `maxDepth` deep, the outermost counted. */
export function parseJson(text: string, maxDepth: number): Json | JsonFault {
  const reader: Reader = { text, maxDepth, at: 0 }
  try {
    const value = readValue(reader, 1)
    skipSpace(reader)
    if (reader.at < text.length) throw new Malformed('text behind the end of the value')
    return value
  } catch (error) {
    if (!(error instanceof Malformed)) throw error
    return { fault: error.message, offset: reader.at }
  }
}

/** Tells a fault from a value. */
export function isJsonFault(value: Json | JsonFault): value is JsonFault {
  return typeof value === 'object' && value !== null && 'fault' in value
}

export function isJsonObject(value: Json | undefined): value is JsonObject {
  return value instanceof Map
}

export function isJsonArray(value: Json | undefined): value is readonly Json[] {
  return Array.isArray(value)
}

const space = /[ \t\n\r]*/y
const number = /-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?/y
// Control characters must be escaped, and an escape is one of RFC 8259, section 7.
const string = /"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/y

function readValue(reader: Reader, depth: number): Json {
  skipSpace(reader)
  switch (reader.text.charAt(reader.at)) {
    case '{':
      return readObject(reader, depth)
    case '[':
      return readArray(reader, depth)
    case '"':
      return readString(reader)
    case 't':
      return readWord(reader, 'true', true)
    case 'f':
      return readWord(reader, 'false', false)
    case 'n':
      return readWord(reader, 'null', null)
    default:
      return { number: token(reader, number, 'a value was expected') }
  }
}

function readObject(reader: Reader, depth: number): JsonObject {
  descend(reader, depth)
  const members = new Map<string, Json>()
  if (ends(reader, '}')) return members
  for (;;) {
    skipSpace(reader)
    const before = reader.at
    const name = readString(reader)
    if (members.has(name)) {
      reader.at = before
      throw new Malformed(`the member ${JSON.stringify(name)} stands twice`)
    }
    skipSpace(reader)
    expect(reader, ':')
    members.set(name, readValue(reader, depth + 1))
    if (ends(reader, '}')) return members
    expect(reader, ',')
  }
}

function readArray(reader: Reader, depth: number): readonly Json[] {
  descend(reader, depth)
  const elements: Json[] = []
  if (ends(reader, ']')) return elements
  for (;;) {
    elements.push(readValue(reader, depth + 1))
    if (ends(reader, ']')) return elements
    expect(reader, ',')
  }
}

function descend(reader: Reader, depth: number): void {
  if (depth > reader.maxDepth) throw new Malformed('nested too deep')
  reader.at += 1
}

function readString(reader: Reader): string {
  const quoted = token(reader, string, 'a string was expected, or it is malformed')
  if (!quoted.includes('\\')) return quoted.slice(1, -1)
  // Nothing is left that JSON.parse could refuse.
  return String(JSON.parse(quoted))
}

function readWord<T extends Json>(reader: Reader, word: string, value: T): T {
  if (!reader.text.startsWith(word, reader.at)) throw new Malformed('a value was expected')
  reader.at += word.length
  return value
}

function token(reader: Reader, pattern: RegExp, fault: string): string {
  pattern.lastIndex = reader.at
  const found = pattern.exec(reader.text)?.[0]
  if (found === undefined) throw new Malformed(fault)
  reader.at += found.length
  return found
}

function skipSpace(reader: Reader): void {
  space.lastIndex = reader.at
  reader.at += space.exec(reader.text)?.[0].length ?? 0
}

/** Skips white space and, if it comes next, the closing bracket. */
function ends(reader: Reader, bracket: string): boolean {
  skipSpace(reader)
  if (reader.text[reader.at] !== bracket) return false
  reader.at += 1
  return true
}

function expect(reader: Reader, symbol: string): void {
  if (reader.text[reader.at] !== symbol) throw new Malformed(`'${symbol}' was expected`)
  reader.at += 1
}
