const marker = '"requestID":"'

/**
 * The time (epoch milliseconds) in the version 7 UUID `id` (RFC 9562, section 5.7), or undefined when it is none.
 */
export function uuidTime(id: string): number | undefined {
  if (id.charAt(14) !== '7') return undefined
  const milliseconds = Number.parseInt(id.slice(0, 8) + id.slice(9, 13), 16)
  return Number.isNaN(milliseconds) ? undefined : milliseconds
}

/** The time in the request id of `record`, or undefined when it has none (the service acted by itself). */
export function requestTime(record: string): number | undefined {
  // The last one: behind it only elements of ours follow, before it a caller may have put an encryption context with that key.
  const at = record.lastIndexOf(marker)
  if (at < 0) return undefined
  const start = at + marker.length
  return uuidTime(record.slice(start, start + 36))
}
