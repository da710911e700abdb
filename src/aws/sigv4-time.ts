/** The times of a signature: ISO 8601's basic format, to the second, always UTC. */

const basicPattern = /^[0-9]{8}T[0-9]{6}Z$/

/** `YYYYMMDDTHHMMSSZ` for `ms` (milliseconds of the epoch, years 0 to 9999); fractions of a second are cut off. */
export function basicTime(ms: number): string {
  const iso = new Date(ms).toISOString()
  return `${iso.slice(0, 4)}${iso.slice(5, 7)}${iso.slice(8, 13)}${iso.slice(14, 16)}${iso.slice(17, 19)}Z`
}

// Requests of one second share their time text, and most requests are of this second.
let lastText = '19700101T000000Z'
let lastMs = 0

/** Milliseconds of the epoch for `YYYYMMDDTHHMMSSZ`, or undefined when `text` is not that or no such time exists. */
export function parseBasicTime(text: string): number | undefined {
  if (text === lastText) return lastMs
  if (!basicPattern.test(text)) return undefined
  const ms = Date.parse(
    `${text.slice(0, 4)}-${text.slice(4, 6)}-${text.slice(6, 11)}:${text.slice(11, 13)}:${text.slice(13)}`,
  )
  // The round trip refuses the 30th of February and the hour 24, which Date.parse carries over.
  if (Number.isNaN(ms) || basicTime(ms) !== text) return undefined
  lastText = text
  lastMs = ms
  return ms
}

/** The basic form of a `Date` header, which may hold that form itself or an HTTP date (RFC 9110, section 5.6.7). */
export function basicTimeOfDateHeader(text: string): string {
  const ms = text.endsWith(' GMT') ? Date.parse(text) : Number.NaN
  return !Number.isNaN(ms) && new Date(ms).toUTCString() === text ? basicTime(ms) : text
}
