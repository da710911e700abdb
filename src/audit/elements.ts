/** How CloudTrail renders members of requests and answers of KMS: names in lower camel case, dates as English text. */

/** What a request or an answer consists of once it is decoded. */
export type Element =
  | string
  | number
  | boolean
  | null
  | undefined
  | Date
  | ReadonlyMap<string, string>
  | readonly Element[]
  | ElementStructure
export interface ElementStructure {
  readonly [name: string]: Element
}
/** What of it stands in a record: JSON. */
export type Rendered = string | number | boolean | null | readonly Rendered[] | { readonly [name: string]: Rendered }

const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']
const twoDigits = (value: number): string => (value < 10 ? `0${value}` : `${value}`)

/** `Aug 10, 2022, 10:38:27 PM` in UTC: a date inside requestParameters or responseElements (eventTime is ISO instead). */
export function dateText(date: Date): string {
  const hour = date.getUTCHours()
  const day = `${months[date.getUTCMonth()] ?? ''} ${date.getUTCDate()}, ${date.getUTCFullYear()}`
  const time = `${hour % 12 === 0 ? 12 : hour % 12}:${twoDigits(date.getUTCMinutes())}:${twoDigits(date.getUTCSeconds())}`
  return `${day}, ${time} ${hour < 12 ? 'AM' : 'PM'}`
}

/** `KeyId` is `keyId` in a record and `AWSAccountId` is `aWSAccountId`: only the first letter changes. */
export function elementName(name: string): string {
  return name.charAt(0).toLowerCase() + name.slice(1)
}

/**
 * `value` as it stands in a record. Names change through structures and lists; the keys of a map (an encryption context) are
 * the caller's data and stay. Absent members are left out.
 */
export function lowerCamel(value: Element): Rendered {
  if (value === undefined || value === null) return null
  if (typeof value !== 'object') return value
  if (value instanceof Date) return dateText(value)
  if (isMap(value)) return fromEntries([...value])
  if (isList(value)) return value.map(lowerCamel)
  const members: [string, Rendered][] = []
  for (const [name, member] of Object.entries(value)) {
    if (member !== undefined) members.push([elementName(name), lowerCamel(member)])
  }
  return fromEntries(members)
}

/** The JSON text of `lowerCamel(value)`: `null` for undefined, as CloudTrail writes an absent element. */
export function elementText(value: Element): string {
  return JSON.stringify(lowerCamel(value))
}

const isMap = (value: object): value is ReadonlyMap<string, string> => value instanceof Map
const isList = (value: object): value is readonly Element[] => Array.isArray(value)
// Object.fromEntries defines members, so that a key named __proto__ is data like any other.
const fromEntries = (members: readonly [string, Rendered][]): Rendered => Object.fromEntries(members)
