/**
 * Requests of the AWS Query protocol (STS, IAM): form parameters, of which `Action` and `Version` name the operation and the
 * rest are members. What arrives by presigned GET also carries the signature's own `X-Amz-*` parameters.
 */
import { refusal, type Refusal } from './errors.ts'
import type { DecodedInput, DecodedValue } from './json-decode.ts'
import type { Field, Fields } from './shape.ts'
import { compileValidator } from './validate.ts'

const maxParameters = 512
const malformed = refusal('SerializationException', 'The query string is malformed.')

/** The value of the one parameter `name` in `form`, or undefined when it is absent or stands there twice. */
export function formParameter(form: URLSearchParams, name: string): string | undefined {
  const values = form.getAll(name)
  return values.length === 1 ? values[0] : undefined
}

/**
 * A reader of forms with the members `fields`: scalars only, which is all that the declared operations take. Unknown
 * parameters are ignored, as AWS does; a member that stands there twice is malformed.
 *
 * @throws TypeError here, not in the reader, for a member of a kind that the protocol can't carry yet
 */
export function compileQueryInput(fields: Fields): (form: URLSearchParams) => DecodedInput | Refusal {
  const members = Object.entries(fields).map(([name, field]) => ({ name, read: scalarReader(field) }))
  const validate = compileValidator(fields)
  return (parameters) => {
    if (parameters.size > maxParameters) return malformed
    const input: Record<string, DecodedValue | undefined> = {}
    for (const { name, read } of members) {
      const [value, ...more] = parameters.getAll(name)
      if (more.length > 0) return malformed
      if (value === undefined) continue
      const decoded = read(value)
      if (decoded === undefined) return malformed
      input[name] = decoded
    }
    return validate(input) ?? input
  }
}

function scalarReader(field: Field): (text: string) => DecodedValue | undefined {
  switch (field.kind) {
    case 'string':
    case 'enum':
      return (text) => text
    case 'integer':
      return (text) => (/^-?[0-9]{1,10}$/.test(text) ? Number(text) : undefined)
    case 'boolean':
      return (text) => (text === 'true' ? true : text === 'false' ? false : undefined)
    case 'blob':
    case 'timestamp':
    case 'list':
    case 'map':
    case 'structure':
      throw new TypeError(`the Query protocol's reader takes no ${field.kind}`)
  }
}
