/**
 * The body of an AWS JSON 1.1 response. Everything but secrets is gathered as text and written at once, for a call into
 * the runtime costs more than the bytes it moves. For a secret the text has a gap of spaces, which is filled in the body
 * straight from the secret's buffer.
 */
import { exhaustive } from '#base/exhaustive.ts'
import { quoted } from '#base/json-text.ts'
import { SecretBytes } from '#base/secret-bytes.ts'
import { base64Length, encodeBase64 } from './base64.ts'
import type { Refusal } from './errors.ts'
import { holdsSecrets, type Field, type Fields, type ListShape, type Value } from './shape.ts'

interface Gap {
  readonly secret: SecretBytes
  /** Where in the text it begins. */
  readonly at: number
}
/** The body in the making. */
interface Output {
  text: string
  readonly gaps: Gap[]
}
type Writer = (output: Output, value: unknown) => void

/**
 * An encoder of bodies with the members `fields`, in their order, absent ones left out. Where a member is sensitive the body
 * is a Buffer, which the caller owns and is to overwrite once it is sent; else it is text, which leaves in one write with the
 * head of its answer. It keeps the SecretBytes of the value.
 *
 * @throws TypeError by the encoder, when a value is not what its type says
 */
export function compileEncoder<F extends Fields>(fields: F): (value: Value<F>) => Buffer | string {
  const write = structureWriter(fields)
  const sensitive = holdsSecrets({ kind: 'structure', fields })
  return (value) => {
    const output: Output = { text: '', gaps: [] }
    write(output, value)
    return sensitive ? secretBody(output) : output.text
  }
}

/** The body of an error, e.g. `{"__type":"NotFoundException","message":"..."}`. */
export function encodeError(refused: Refusal): string {
  const type = `{"__type":${JSON.stringify(refused.code)}`
  if (refused.message === undefined) return `${type}}`
  const name = refused.capitalMessage === true ? 'Message' : 'message'
  return `${type},"${name}":${JSON.stringify(refused.message)}}`
}

function secretBody({ text, gaps }: Output): Buffer {
  const body = asciiBody(text) ?? utf8Body(text)
  for (const { secret, at } of gaps) {
    const offset = body.length === text.length ? at : Buffer.byteLength(text.slice(0, at), 'utf8')
    encodeBase64(secret.insecureSecretAccess(), body, offset)
  }
  return body
}

// A buffer with memory of its own costs 1.8 us, several times the encoding. Bodies with secrets share slabs with each
// other, and never with Buffer's pool, where anybody's buffers live; no byte of a slab is handed out twice.
const slabSize = 64 * 1024
let slab = Buffer.alloc(0)
let slabUsed = 0

/** Makes sure that the slab has room for `size` bytes; whether it can have. */
function hasRoom(size: number): boolean {
  if (size > slabSize / 8) return false
  if (slabUsed + size > slab.length) {
    slab = Buffer.alloc(slabSize)
    slabUsed = 0
  }
  return true
}

// Longer than any character in UTF-8, by which a text is longer there that isn't ASCII; also when its end finds no room.
const oneCharacter = 4

/** `text` in memory of its own; undefined when it isn't ASCII, or long. Written and counted at once. */
function asciiBody(text: string): Buffer | undefined {
  const size = text.length
  if (!hasRoom(size + oneCharacter)) return undefined
  if (slab.write(text, slabUsed, size + oneCharacter, 'utf8') !== size) return undefined
  slabUsed += size
  return slab.subarray(slabUsed - size, slabUsed)
}

function allocateSecret(size: number): Buffer {
  if (!hasRoom(size)) return Buffer.alloc(size)
  slabUsed += size
  return slab.subarray(slabUsed - size, slabUsed)
}

function utf8Body(text: string): Buffer {
  const size = Buffer.byteLength(text, 'utf8')
  const body = allocateSecret(size)
  body.write(text, 'utf8')
  return body
}

function structureWriter(fields: Fields): Writer {
  const members = Object.entries(fields).map(([name, field]) => ({
    name,
    first: `{${JSON.stringify(name)}:`,
    next: `,${JSON.stringify(name)}:`,
    write: writer(field),
  }))
  return (output, value) => {
    if (!isRecord(value)) throw mismatch('structure')
    let empty = true
    for (const { name, first, next, write } of members) {
      const member = value[name]
      if (member === undefined) continue
      output.text += empty ? first : next
      write(output, member)
      empty = false
    }
    output.text += empty ? '{}' : '}'
  }
}

function writer(field: Field): Writer {
  switch (field.kind) {
    case 'string':
    case 'enum':
      return writeString
    case 'blob':
      return field.sensitive === true ? writeSecret : writeBlob
    case 'secret text':
      throw new TypeError('no answer of an AWS JSON service has a secret text')
    case 'integer':
      return writeInteger
    case 'boolean':
      return writeBoolean
    case 'timestamp':
      return writeTimestamp
    case 'map':
      return writeMap
    case 'list':
      return listWriter(field)
    case 'structure':
      return structureWriter(field.fields)
    default:
      return exhaustive(field)
  }
}

const writeString: Writer = (output, value) => {
  if (typeof value !== 'string') throw mismatch('string')
  output.text += quoted(value)
}

const writeBlob: Writer = (output, value) => {
  if (!Buffer.isBuffer(value)) throw mismatch('blob')
  output.text += `"${value.toString('base64')}"`
}

const writeSecret: Writer = (output, value) => {
  if (!(value instanceof SecretBytes)) throw mismatch('sensitive blob')
  output.gaps.push({ secret: value, at: output.text.length + 1 })
  output.text += `"${' '.repeat(base64Length(value.length))}"`
}

const writeInteger: Writer = (output, value) => {
  if (!Number.isSafeInteger(value)) throw mismatch('integer')
  output.text += String(value)
}

const writeBoolean: Writer = (output, value) => {
  if (typeof value !== 'boolean') throw mismatch('boolean')
  output.text += value ? 'true' : 'false'
}

/** Epoch seconds with what there is of milliseconds: 1773253425.56. */
const writeTimestamp: Writer = (output, value) => {
  if (!(value instanceof Date) || Number.isNaN(value.getTime())) throw mismatch('timestamp')
  output.text += String(value.getTime() / 1000)
}

const writeMap: Writer = (output, value) => {
  if (!(value instanceof Map)) throw mismatch('map')
  const entries: ReadonlyMap<unknown, unknown> = value
  let separator = '{'
  for (const [name, text] of entries) {
    if (typeof name !== 'string' || typeof text !== 'string') throw mismatch('map of strings')
    output.text += `${separator}${quoted(name)}:${quoted(text)}`
    separator = ','
  }
  output.text += separator === '{' ? '{}' : '}'
}

function listWriter(shape: ListShape): Writer {
  const write = writer(shape.member)
  return (output, value) => {
    if (!Array.isArray(value)) throw mismatch('list')
    output.text += '['
    let separator = ''
    for (const element of value) {
      output.text += separator
      write(output, element)
      separator = ','
    }
    output.text += ']'
  }
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null
}

/** Names the kind only: the value may be a secret. */
function mismatch(kind: string): TypeError {
  return new TypeError(`a member of a response has no value of kind ${kind}`)
}
