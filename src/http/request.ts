/** The requests of our listener. */
import type { IncomingHttpHeaders } from 'node:http'
import { IncomingMessage } from './node-http.ts'

/**
 * A request whose `headers` holds only the two that node:http looks at for itself, `host` and `expect`. It asks for them with
 * every request, and the object of all headers, which nobody here reads, costs as much as a signature's hash of them. Ours to
 * read are `rawHeaders`.
 */
export class RawRequest extends IncomingMessage {}

// On the prototype, where IncomingMessage has its own: a class can't override with an accessor what is declared as a property.
Object.defineProperty(RawRequest.prototype, 'headers', {
  configurable: true,
  get(this: RawRequest): IncomingHttpHeaders {
    return ownHeaders(this.rawHeaders)
  },
})

/** As IncomingMessage reads them: of several `host` the first, of several `expect` all. */
function ownHeaders(rawHeaders: readonly string[]): IncomingHttpHeaders {
  let host: string | undefined
  let expect: string | undefined
  for (let index = 0; index + 1 < rawHeaders.length; index += 2) {
    const name = rawHeaders[index] ?? ''
    if (name.length === 4) {
      if (name.toLowerCase() === 'host') host ??= rawHeaders[index + 1]
    } else if (name.length === 6 && name.toLowerCase() === 'expect') {
      const value = rawHeaders[index + 1]
      expect = expect === undefined ? value : `${expect}, ${value ?? ''}`
    }
  }
  return { host, expect }
}
