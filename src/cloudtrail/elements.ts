/** How CloudTrail renders members of requests and answers: names in lower camel case, dates as English text. */
import { SecretBytes } from '#base/secret-bytes.ts'

import { quoted } from '#base/json-text.ts'

/** What a request or an answer consists of once it is decoded. */
export type Element =
  | string
  | number
  | boolean
  | null
  | undefined
  | Date
  /** Never shown. */
  | SecretBytes
  | ReadonlyMap<string, string>
  | readonly Element[]
  | ElementStructure
export interface ElementStructure {
  readonly [name: string]: Element
}
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

// Names come from declarations: there are few, and each is written as JSON once.
const nameTexts = new Map<string, string>()

function nameText(name: string): string {
  let text = nameTexts.get(name)
  if (text === undefined) {
    text = `${JSON.stringify(elementName(name))}:`
    nameTexts.set(name, text)
  }
  return text
}

/**
 * The JSON text of `value` as it stands in a record; `null` for undefined, as CloudTrail writes an absent element. Names
 * change through structures and lists; the keys of a map (an encryption context) are the caller's data and stay. Absent
 * members are left out. Written as text at once: this is on the path of every request.
 */
export function elementText(value: Element): string {
  if (value === undefined || value === null) return 'null'
  if (typeof value === 'string') return quoted(value)
  if (typeof value !== 'object') return JSON.stringify(value)
  if (value instanceof Date) return JSON.stringify(dateText(value))
  if (isMap(value)) return mapText(value)
  if (isList(value)) return `[${value.map(elementText).join(',')}]`
  if (value instanceof SecretBytes) return 'null'
  return `{${membersText(value)}}`
}

/** The members of `value` as elementText writes them, without the braces; empty when none is present. Secrets are left out. */
export function membersText(value: ElementStructure): string {
  let text = ''
  for (const name in value) {
    const member = value[name]
    if (member !== undefined && !(member instanceof SecretBytes))
      text += `${text === '' ? '' : ','}${memberText(name, member)}`
  }
  return text
}

/** One member, `"name":value`. */
export function memberText(name: string, value: Element): string {
  return nameText(name) + elementText(value)
}

function mapText(map: ReadonlyMap<string, string>): string {
  let text = ''
  for (const [key, value] of map) text += `${text === '' ? '' : ','}${quoted(key)}:${quoted(value)}`
  return `{${text}}`
}

const isMap = (value: object): value is ReadonlyMap<string, string> => value instanceof Map
const isList = (value: object): value is readonly Element[] => Array.isArray(value)
