/**
 * Requests of the AWS Query protocol (STS, IAM): form parameters, of which `Action` and `Version` name the operation and the
 * rest are members. What arrives by presigned GET also carries the signature's own `X-Amz-*` parameters.
 *
 * A member of a structure stands behind a dot, an element of a list behind `.member.N`: `Tags.member.1.Key`. Numbers may have
 * gaps and come in any order; SDKs write an empty list as `Tags=` (Smithy, "AWS Query protocol", "Collections").
 */
import { SecretBytes } from '#base/secret-bytes.ts'
import { decodeBase64 } from './base64.ts'
import { refusal, type Refusal } from './errors.ts'
import type { DecodedInput, DecodedValue } from './json-decode.ts'
import type { BlobShape, Field, Fields, Shape } from './shape.ts'
import { compileValidator, destroySecrets } from './validate.ts'

/** The parameters of a form, at most. */
export const maxParameters = 4096
// Deeper than any shape: what lies deeper is unknown, and ignored before it takes memory.
const maxDepth = 16
const maxInteger = 2 ** 31 - 1
const minInteger = -(2 ** 31)
const malformed = refusal('SerializationException', 'The query string is malformed.')

/** The value of the one parameter `name` in `form`, or undefined when it is absent or stands there twice. */
export function formParameter(form: URLSearchParams, name: string): string | undefined {
  const values = form.getAll(name)
  return values.length === 1 ? values[0] : undefined
}

/**
 * A reader of forms with the members `fields`: decodes and validates. Unknown parameters are ignored, as AWS does; a member
 * that stands there twice is malformed, and so are more than 4,096 parameters. The caller owns the SecretBytes in the result;
 * of a refused form, they are destroyed already. Never throws.
 *
 * @throws TypeError here, not in the reader, for a member of a kind that no request of these services has
 */
export function compileQueryInput(fields: Fields): (form: URLSearchParams) => DecodedInput | Refusal {
  const read = structureReader(fields)
  const validate = compileValidator(fields)
  const known: ReadonlySet<string> = new Set(Object.keys(fields))
  return (form) => {
    if (form.size > maxParameters) return malformed
    const secrets: SecretBytes[] = []
    const input = read(treeOf(form, known), secrets)
    if (input === undefined) {
      for (const secret of secrets) secret.destroy()
      return malformed
    }
    const refused = validate(input)
    if (refused !== undefined) destroySecrets(input)
    return refused ?? input
  }
}

/** What stands under one name: a value, and what lies behind its dots. */
interface Node {
  value: string | undefined
  repeated: boolean
  readonly parts: Map<string, Node>
}

const emptyNode = (): Node => ({ value: undefined, repeated: false, parts: new Map() })

/** The parameters whose first part is one of `known`. */
function treeOf(form: URLSearchParams, known: ReadonlySet<string>): Node {
  const root = emptyNode()
  for (const [name, value] of form) {
    const dot = name.indexOf('.')
    if (!known.has(dot < 0 ? name : name.slice(0, dot))) continue
    const parts = name.split('.', maxDepth + 1)
    if (parts.length > maxDepth) continue
    let node = root
    for (const part of parts) {
      const found = node.parts.get(part)
      const next = found ?? emptyNode()
      if (found === undefined) node.parts.set(part, next)
      node = next
    }
    node.repeated = node.value !== undefined
    node.value = value
  }
  return root
}

/** Reads what stands at a node; undefined: malformed. Every secret made on the way goes to `secrets`. */
type Reader<V = DecodedValue> = (node: Node, secrets: SecretBytes[]) => V | undefined

function structureReader(fields: Fields): Reader<DecodedInput> {
  const members = Object.entries(fields).map(([name, field]) => ({ name, read: reader(field) }))
  return (node, secrets) => {
    if (node.repeated || !isBare(node)) return undefined
    const input: Record<string, DecodedValue | undefined> = {}
    for (const { name, read } of members) {
      const member = node.parts.get(name)
      if (member === undefined) continue
      const value = read(member, secrets)
      if (value === undefined) return undefined
      input[name] = value
    }
    return input
  }
}

/** Structures and lists have no value of their own, or the empty one that says that nothing is in them. */
function isBare({ value }: Node): boolean {
  return value === undefined || value === ''
}

function reader(field: Field): Reader {
  switch (field.kind) {
    case 'string':
    case 'enum':
      return scalar((text) => text)
    case 'integer':
      return scalar(integerIn)
    case 'boolean':
      return scalar((text) => (text === 'true' ? true : text === 'false' ? false : undefined))
    case 'timestamp':
      return scalar(timeIn)
    case 'blob':
      return blobReader(field)
    case 'list':
      return listReader(field.member)
    case 'structure':
      return structureReader(field.fields)
    case 'map':
    case 'secret text':
      throw new TypeError(`the Query protocol's reader takes no ${field.kind}`)
  }
}

function scalar(read: (text: string) => DecodedValue | undefined): Reader {
  return ({ value, repeated }) => (value === undefined || repeated ? undefined : read(value))
}

function integerIn(text: string): number | undefined {
  if (!/^-?[0-9]{1,10}$/.test(text)) return undefined
  // The sum turns -0 into 0.
  const value = Number(text) + 0
  return value >= minInteger && value <= maxInteger ? value : undefined
}

const isoTime = /^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,9})?(?:Z|[+-][0-9]{2}:[0-9]{2})$/

/** ISO 8601 as RFC 3339 section 5.6 narrows it down. */
function timeIn(text: string): Date | undefined {
  if (!isoTime.test(text)) return undefined
  const date = new Date(text)
  return Number.isNaN(date.getTime()) ? undefined : date
}

function blobReader(field: (BlobShape | BlobShape<SecretBytes>) & { readonly sensitive?: true }): Reader {
  return ({ value, repeated }, secrets) => {
    if (value === undefined || repeated) return undefined
    const text = Buffer.from(value, 'utf8')
    const bytes = decodeBase64(text, 0, text.length, (size) => Buffer.alloc(size))
    if (bytes === undefined || field.sensitive !== true) return bytes
    text.fill(0)
    const secret = new SecretBytes(bytes)
    secrets.push(secret)
    return secret
  }
}

const elementNumber = /^[1-9][0-9]{0,8}$/

function listReader(shape: Shape): Reader {
  const read = reader(shape)
  return (node, secrets) => {
    if (node.repeated || !isBare(node)) return undefined
    const found: { readonly position: number; readonly element: Node }[] = []
    for (const [number, element] of node.parts.get('member')?.parts ?? []) {
      if (!elementNumber.test(number)) return undefined
      found.push({ position: Number(number), element })
    }
    found.sort((left, right) => left.position - right.position)
    const elements: DecodedValue[] = []
    for (const { element } of found) {
      const value = read(element, secrets)
      if (value === undefined) return undefined
      elements.push(value)
    }
    return elements
  }
}
