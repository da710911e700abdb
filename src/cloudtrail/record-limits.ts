/** CloudTrail's limits count bytes of UTF-8. What is cut is marked, so that a record never looks complete when it is not. */

/** Stands for a part that was too large; still JSON. */
export function omitted(bytes: number): string {
  return `{"omitted":"${bytes} bytes exceed the limit of a CloudTrail record"}`
}

/** `json`, or a marker when it is longer than `limit` bytes. */
export function withinBytes(json: string, limit: number, instead?: string): string {
  // A code unit is at most three bytes: only what might be too long is measured.
  if (json.length * 3 <= limit) return json
  const bytes = Buffer.byteLength(json)
  return bytes <= limit ? json : (instead ?? omitted(bytes))
}

/** `text`, or as many whole characters of it as fit into `limit` bytes. */
export function truncated(text: string, limit: number): string {
  if (text.length * 3 <= limit) return text
  const bytes = Buffer.from(text, 'utf8')
  if (bytes.length <= limit) return text
  let end = limit
  while (end > 0 && ((bytes[end] ?? 0) & 0xc0) === 0x80) end--
  return bytes.toString('utf8', 0, end)
}
