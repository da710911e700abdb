// Base32 as AWS uses it in unique ids and access key ids.
const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'

/** `prefix` and a character of base32 for each of `bytes`, which are random: five bits of each are used. */
export function uniqueId(prefix: string, bytes: Uint8Array): string {
  let text = prefix
  for (const byte of bytes) text += alphabet[byte & 31] ?? ''
  return text
}
