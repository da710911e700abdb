import type { RoutingHeaders } from './routes.ts'

/** What the listener itself wants to know of a request's headers; of each the last, but where it says otherwise. */
export interface TellingHeaders extends RoutingHeaders {
  readonly contentLength: string | undefined
  /** The first, as conditions on aws:UserAgent see it. */
  readonly userAgent: string | undefined
  /** All of them as one list (RFC 9110 section 5.3). */
  readonly forwardedFor: string | undefined
}

/** The telling ones of `rawHeaders`, whose names and values alternate. */
export function telling(rawHeaders: readonly string[]): TellingHeaders {
  let target: string | undefined
  let contentType: string | undefined
  let contentLength: string | undefined
  let userAgent: string | undefined
  let forwardedFor: string | undefined
  for (let index = 0; index + 1 < rawHeaders.length; index += 2) {
    // Only the lengths of the five names are looked at closer: most headers cost one comparison.
    const name = rawHeaders[index] ?? ''
    if (name.length === 12) {
      const lower = name.toLowerCase()
      if (lower === 'x-amz-target') target = rawHeaders[index + 1]
      else if (lower === 'content-type') contentType = rawHeaders[index + 1]
    } else if (name.length === 14) {
      if (name.toLowerCase() === 'content-length') contentLength = rawHeaders[index + 1]
    } else if (name.length === 10 && name.toLowerCase() === 'user-agent') {
      userAgent ??= rawHeaders[index + 1]
    } else if (name.length === 15 && name.toLowerCase() === 'x-forwarded-for') {
      const value = rawHeaders[index + 1]
      forwardedFor = forwardedFor === undefined ? value : `${forwardedFor},${value ?? ''}`
    }
  }
  return { target, contentType, contentLength, userAgent, forwardedFor }
}
