/**
 * The constraints of shapes, in the words of AWS's generated ValidationException: all violations in one message. A value
 * is quoted only when it is a scalar (or a list of scalars) and not sensitive.
 */
import { exhaustive } from '#base/exhaustive.ts'
import { SecretBytes } from '#base/secret-bytes.ts'
import { isRefusal, refusal } from './errors.ts'
import type { Refusal } from './errors.ts'
import { compileDecoder } from './json-decode.ts'
import type { DecodedInput, DecodedValue } from './json-decode.ts'
import type { Field, Fields, ListShape, StructureShape, Value } from './shape.ts'

/**
 * A reader of bodies: decodes, validates, and answers the input that a handler gets. The caller owns the SecretBytes in it;
 * of a refused body, they are destroyed already. Never throws.
 *
 * @throws RangeError as compileDecoder
 */
export function compileInput<F extends Fields>(fields: F): (body: Buffer) => Value<F> | Refusal {
  const decode = compileDecoder(fields)
  const check = structureCheck(fields)
  // The decoder has made every member what its shape says, so that the constraints are all that Value<F> adds.
  const conforms = (input: DecodedInput): input is DecodedInput & Value<F> => check(input, '', undefined)
  const validate = compileValidator(fields)
  return (body) => {
    const input = decode(body)
    if (isRefusal(input) || conforms(input)) return input
    const verdict = validate(input) ?? refusal('ValidationException')
    destroySecrets(input)
    return verdict
  }
}

/** A validator of decoded inputs; undefined: nothing is wrong. It leaves secrets as they are. */
export function compileValidator(fields: Fields): (input: DecodedInput) => Refusal | undefined {
  const check = structureCheck(fields)
  return (input) => {
    if (check(input, '', undefined)) return undefined
    const items: string[] = []
    check(input, '', items)
    const errors = items.length === 1 ? 'validation error' : 'validation errors'
    return refusal('ValidationException', `${items.length} ${errors} detected: ${items.join('; ')}`)
  }
}

/** Destroys every SecretBytes in a decoded input, or an answer, that will not be used any more. */
export function destroySecrets(value: unknown): void {
  if (value instanceof SecretBytes) value.destroy()
  else if (isList(value)) for (const element of value) destroySecrets(element)
  else if (isStructure(value)) for (const member of Object.values(value)) destroySecrets(member)
}

/**
 * Whether a value holds. Without `items` a check stops at the first violation and allocates nothing; with it, an item is
 * added for each. `path` is that of the value; of a structure, with the final dot of its members' paths.
 */
type Check<V = DecodedValue> = (value: V, path: string, items: string[] | undefined) => boolean

function structureCheck(fields: Fields): Check<DecodedInput> {
  const members = Object.entries(fields).map(([name, field]) => ({
    name,
    // AWS lower-cases the first letter only: AWSAccountId is aWSAccountId.
    label: name.charAt(0).toLowerCase() + name.slice(1),
    optional: field.optional === true,
    check: fieldCheck(field),
  }))
  return (input, path, items) => {
    let holds = true
    for (const { name, label, optional, check } of members) {
      const value = input[name]
      if (value === undefined) {
        if (optional) continue
        items?.push(`Value null at '${path}${label}' failed to satisfy constraint: Member must not be null`)
        holds = false
      } else if (check !== undefined && !check(value, items === undefined ? '' : path + label, items)) {
        holds = false
      }
      if (!holds && items === undefined) return false
    }
    return holds
  }
}

/** The check of a shape; undefined when any value of its type holds. */
function fieldCheck(field: Field): Check | undefined {
  switch (field.kind) {
    case 'structure':
      return memberCheck(field)
    case 'list':
      return listCheck(field, isSensitive(field) || isSensitive(field.member))
    case 'string':
    case 'blob':
    case 'integer':
    case 'enum':
      return scalarCheck(constraintsOf(field), isSensitive(field) || field.kind === 'blob')
    case 'boolean':
    case 'timestamp':
    case 'map':
    case 'secret text':
      return undefined
    default:
      return exhaustive(field)
  }
}

function isSensitive(field: Field): boolean {
  return field.sensitive === true
}

function memberCheck(shape: StructureShape): Check {
  const check = structureCheck(shape.fields)
  return (value, path, items) => isStructure(value) && check(value, `${path}.`, items)
}

function scalarCheck(constraints: readonly Constraint[], hidden: boolean): Check | undefined {
  if (constraints.length === 0) return undefined
  return (value, path, items) => {
    let holds = true
    for (const constraint of constraints) {
      if (constraint.holds(value)) continue
      if (items === undefined) return false
      items.push(violation(value, hidden, path, constraint.text))
      holds = false
    }
    return holds
  }
}

/**
 * Elements that are structures have paths of their own (`tags.1.member.tagKey`); of scalars AWS quotes the whole list and
 * all constraints of an element, whichever it was that failed.
 */
function listCheck(shape: ListShape, sensitive: boolean): Check {
  const element = shape.member
  const nested = element.kind === 'structure' || element.kind === 'list'
  const hidden = sensitive || nested || element.kind === 'blob'
  const ownCheck = scalarCheck(constraintsOf(shape), hidden)
  const elementCheck = fieldCheck(element)
  const text = `Member must satisfy constraint: [${constraintsOf(element)
    .map((constraint) => constraint.text)
    .join(', ')}]`
  return (value, path, items) => {
    if (!isList(value)) return false
    let holds = ownCheck === undefined || ownCheck(value, path, items)
    if (elementCheck === undefined || (!holds && items === undefined)) return holds
    let position = 0
    for (const item of value) {
      position += 1
      const elementItems = nested ? items : undefined
      const elementPath = elementItems === undefined ? '' : `${path}.${position}.member`
      if (elementCheck(item, elementPath, elementItems)) continue
      if (items === undefined) return false
      holds = false
      if (nested) continue
      items.push(violation(value, hidden, path, text))
      break
    }
    return holds
  }
}

interface Constraint {
  readonly text: string
  readonly holds: (value: DecodedValue) => boolean
}

function constraintsOf(field: Field): Constraint[] {
  switch (field.kind) {
    case 'string':
      return [...bounds('length', field, stringLength), ...patternOf(field.pattern, field.regex)]
    case 'blob':
      return bounds('length', field, blobLength)
    case 'list':
      return bounds('length', field, listLength)
    case 'integer':
      return bounds('value', field, integerValue)
    case 'enum': {
      const values: ReadonlySet<DecodedValue> = new Set(field.values)
      const text = `Member must satisfy enum value set: [${field.values.join(', ')}]`
      return [{ text, holds: (value) => values.has(value) }]
    }
    case 'boolean':
    case 'timestamp':
    case 'map':
    case 'secret text':
    case 'structure':
      return []
    default:
      return exhaustive(field)
  }
}

type Measure = (value: DecodedValue) => number
// NaN is within no bounds: a value of another type than its shape's fails.
const stringLength: Measure = (value) => (typeof value === 'string' ? value.length : NaN)
const blobLength: Measure = (value) =>
  value instanceof SecretBytes || value instanceof Uint8Array ? value.length : NaN
const listLength: Measure = (value) => (isList(value) ? value.length : NaN)
const integerValue: Measure = (value) => (typeof value === 'number' ? value : NaN)

function bounds(noun: string, limits: { readonly min?: number; readonly max?: number }, measure: Measure) {
  const { min, max } = limits
  const constraints: Constraint[] = []
  if (max !== undefined) {
    const text = `Member must have ${noun} less than or equal to ${max}`
    constraints.push({ text, holds: (value) => measure(value) <= max })
  }
  if (min !== undefined) {
    const text = `Member must have ${noun} greater than or equal to ${min}`
    constraints.push({ text, holds: (value) => measure(value) >= min })
  }
  return constraints
}

function patternOf(pattern: string | undefined, regex: RegExp | undefined): Constraint[] {
  if (pattern === undefined || regex === undefined) return []
  const text = `Member must satisfy regular expression pattern: ${pattern}`
  return [{ text, holds: (value) => typeof value === 'string' && regex.test(value) }]
}

function violation(value: DecodedValue, hidden: boolean, path: string, constraint: string): string {
  const quoted = hidden ? '' : ` '${isList(value) ? `[${value.map(scalarText).join(', ')}]` : scalarText(value)}'`
  return `Value${quoted} at '${path}' failed to satisfy constraint: ${constraint}`
}

function scalarText(value: DecodedValue): string {
  return typeof value === 'string' || typeof value === 'number' ? String(value) : ''
}

function isList(value: unknown): value is readonly DecodedValue[] {
  return Array.isArray(value)
}

/** Structures alone are plain objects among decoded values. */
function isStructure(value: unknown): value is DecodedInput {
  return typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype
}
