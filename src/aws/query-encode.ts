/**
 * Answers of the AWS Query protocol: XML with the result and its metadata. Text is gathered and written at once; secrets go
 * from their own buffers into the body, never through a string.
 */
import { SecretBytes } from '#base/secret-bytes.ts'
import { exhaustive } from '#base/exhaustive.ts'
import { errorRow, type Refusal } from './errors.ts'
import { holdsSecrets, type Field, type Fields, type Shape } from './shape.ts'

const escapes: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&apos;',
}

/** `text` as XML character data. Characters that XML 1.0 section 2.2 does not allow become U+FFFD. */
export function xmlText(text: string): string {
  return text
    .replace(/[&<>"']/g, (symbol) => escapes[symbol] ?? symbol)
    .replace(/[^\u0009\u000A\u000D\u0020-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]/gu, '\uFFFD')
}

/** Text, and the secrets between it. */
interface Output {
  /** What was gathered since the last secret. */
  text: string
  readonly before: { readonly text: string; readonly secret: SecretBytes }[]
}
type Writer = (output: Output, value: unknown) => void

/**
 * An encoder of successes: `<OpResponse><OpResult>...</OpResult><ResponseMetadata>...`; without `fields` there is no result
 * element. Members stand in the order of their declaration, absent ones are left out. The caller owns the body. It keeps the
 * SecretBytes of the output; a body with sensitive members is to be overwritten once it is sent.
 *
 * @throws TypeError by the encoder, when a value is not what its type says
 */
export function compileQueryAnswer(
  operation: string,
  namespace: string,
  fields: Fields,
): (output: Readonly<Record<string, unknown>>, requestId: string) => Buffer {
  const head = `<${operation}Response xmlns="${namespace}">`
  const write =
    Object.keys(fields).length === 0 ? undefined : element(`${operation}Result`, { kind: 'structure', fields })
  const sensitive = holdsSecrets({ kind: 'structure', fields })
  return (value, requestId) => {
    const output: Output = { text: head, before: [] }
    write?.(output, value)
    output.text += `<ResponseMetadata><RequestId>${requestId}</RequestId></ResponseMetadata></${operation}Response>`
    return sensitive ? secretBody(output) : Buffer.from(output.text, 'utf8')
  }
}

/** An error; its code is the Query services' name for it. */
export function encodeQueryError(refused: Refusal, namespace: string, requestId: string): Buffer {
  const row = errorRow(refused.code)
  const type = row.fault === 'client' ? 'Sender' : 'Receiver'
  return Buffer.from(
    `<ErrorResponse xmlns="${namespace}"><Error><Type>${type}</Type><Code>${row.queryCode ?? refused.code}</Code>` +
      `<Message>${xmlText(refused.message ?? '')}</Message></Error><RequestId>${requestId}</RequestId></ErrorResponse>`,
    'utf8',
  )
}

/** Writes a value as the element `name`; lists, maps and structures that are empty as an empty element. */
function element(name: string, field: Field): Writer {
  const open = `<${name}>`
  const close = `</${name}>`
  if (field.kind !== 'list' && field.kind !== 'map' && field.kind !== 'structure') {
    const write = scalar(field)
    return (output, value) => {
      output.text += open
      write(output, value)
      output.text += close
    }
  }
  const write = field.kind === 'list' ? list(field.member) : field.kind === 'map' ? writeMap : structure(field.fields)
  return (output, value) => {
    const parts = output.before.length
    const start = output.text.length
    output.text += open
    write(output, value)
    const empty = output.before.length === parts && output.text.length === start + open.length
    output.text = empty ? `${output.text.slice(0, start)}<${name}/>` : output.text + close
  }
}

function scalar(field: Exclude<Field, { readonly kind: 'list' | 'map' | 'structure' }>): Writer {
  switch (field.kind) {
    case 'string':
    case 'enum':
      return writeString
    case 'secret text':
      return writeSecret
    case 'blob':
      if (field.sensitive === true) throw new TypeError("the Query protocol's writer takes no sensitive blob")
      return writeBlob
    case 'integer':
      return writeInteger
    case 'boolean':
      return writeBoolean
    case 'timestamp':
      return writeTime
    default:
      return exhaustive(field)
  }
}

function structure(fields: Fields): Writer {
  const members = Object.entries(fields).map(([name, field]) => ({ name, write: element(name, field) }))
  return (output, value) => {
    if (!isRecord(value)) throw mismatch('structure')
    for (const { name, write } of members) {
      const member = value[name]
      if (member !== undefined) write(output, member)
    }
  }
}

function list(shape: Shape): Writer {
  const write = element('member', shape)
  return (output, value) => {
    if (!Array.isArray(value)) throw mismatch('list')
    for (const member of value) write(output, member)
  }
}

const writeMap: Writer = (output, value) => {
  if (!(value instanceof Map)) throw mismatch('map')
  const entries: ReadonlyMap<unknown, unknown> = value
  for (const [key, text] of entries) {
    if (typeof key !== 'string' || typeof text !== 'string') throw mismatch('map of strings')
    output.text += `<entry><key>${xmlText(key)}</key><value>${xmlText(text)}</value></entry>`
  }
}

const writeString: Writer = (output, value) => {
  if (typeof value !== 'string') throw mismatch('string')
  output.text += xmlText(value)
}

const writeSecret: Writer = (output, value) => {
  if (!(value instanceof SecretBytes)) throw mismatch('secret text')
  output.before.push({ text: output.text, secret: value })
  output.text = ''
}

const writeBlob: Writer = (output, value) => {
  if (!Buffer.isBuffer(value)) throw mismatch('blob')
  output.text += value.toString('base64')
}

const writeInteger: Writer = (output, value) => {
  if (!Number.isSafeInteger(value)) throw mismatch('integer')
  output.text += String(value)
}

const writeBoolean: Writer = (output, value) => {
  if (typeof value !== 'boolean') throw mismatch('boolean')
  output.text += value ? 'true' : 'false'
}

/** `2026-11-22T00:00:00Z`: whole seconds, as IAM and STS answer. */
const writeTime: Writer = (output, value) => {
  if (!(value instanceof Date) || Number.isNaN(value.getTime())) throw mismatch('timestamp')
  output.text += `${value.toISOString().slice(0, 19)}Z`
}

function secretBody({ before, text }: Output): Buffer {
  let size = Buffer.byteLength(text, 'utf8')
  for (const part of before) size += Buffer.byteLength(part.text, 'utf8') + escapedLength(part.secret)
  // Buffer.alloc does not share memory with other buffers, so that nothing else can show the secret.
  const body = Buffer.alloc(size)
  let at = 0
  for (const part of before) {
    at += body.write(part.text, at, 'utf8')
    at = writeEscaped(part.secret, body, at)
  }
  body.write(text, at, 'utf8')
  return body
}

/** The escapes of the bytes that need one. */
const byteEscapes: ReadonlyMap<number, string> = new Map(
  Object.entries(escapes).map(([symbol, escape]) => [symbol.charCodeAt(0), escape]),
)

function escapedLength(secret: SecretBytes): number {
  let length = 0
  for (const byte of secret.insecureSecretAccess()) length += byteEscapes.get(byte)?.length ?? 1
  return length
}

function writeEscaped(secret: SecretBytes, body: Buffer, from: number): number {
  let at = from
  for (const byte of secret.insecureSecretAccess()) {
    const escape = byteEscapes.get(byte)
    if (escape === undefined) body[at++] = byte
    else at += body.write(escape, at, 'latin1')
  }
  return at
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null
}

/** Names the kind only: the value may be a secret. */
function mismatch(kind: string): TypeError {
  return new TypeError(`a member of a response has no value of kind ${kind}`)
}
