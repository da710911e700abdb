/** How a use of a key travels and is stored: one short text, made by the thread that recorded the use. */
import { IntegrityError } from '#base/integrity-error.ts'
import type { KeyUse } from '#ports/key-usage.ts'

/** The text of `use`: names and ids of our own, in which nothing has to be escaped. */
export function keyUseText({ operation, time, requestId, eventId }: KeyUse): string {
  return `["${operation}",${time},"${requestId}","${eventId}"]`
}

/** The use that `text` tells of. Throws IntegrityError for anything else. */
export function parseKeyUse(text: string): KeyUse {
  const parts: unknown = JSON.parse(text)
  if (Array.isArray(parts)) {
    const [operation, time, requestId, eventId] = parts as readonly unknown[]
    if (
      typeof operation === 'string' &&
      typeof time === 'number' &&
      typeof requestId === 'string' &&
      typeof eventId === 'string'
    ) {
      return { operation, time, requestId, eventId }
    }
  }
  throw new IntegrityError('the last use of a key is stored in a form that this program does not know')
}
