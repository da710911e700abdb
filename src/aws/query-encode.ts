/** Answers of the AWS Query protocol: XML with the result and its metadata. */
import { errorRow, type Refusal } from './errors.ts'
import type { Fields } from './shape.ts'

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

/** A success: `<OpResponse><OpResult>...</OpResult><ResponseMetadata>...`; without output there is no result element. */
export function encodeQueryAnswer(
  operation: string,
  namespace: string,
  fields: Fields,
  output: Readonly<Record<string, unknown>>,
  requestId: string,
): Buffer {
  const members = Object.keys(fields).flatMap((name) => {
    const value = output[name]
    if (value === undefined) return []
    if (typeof value !== 'string' && typeof value !== 'number' && typeof value !== 'boolean') {
      throw new TypeError(`the Query protocol's writer takes no ${typeof value} in ${name}`)
    }
    return [`<${name}>${xmlText(String(value))}</${name}>`]
  })
  const result = Object.keys(fields).length === 0 ? '' : `<${operation}Result>${members.join('')}</${operation}Result>`
  return Buffer.from(
    `<${operation}Response xmlns="${namespace}">${result}<ResponseMetadata><RequestId>${requestId}</RequestId>` +
      `</ResponseMetadata></${operation}Response>`,
    'utf8',
  )
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
