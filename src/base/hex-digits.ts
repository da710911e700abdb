const digits = Buffer.from('0123456789abcdef', 'latin1')

/** Puts the two digits of `byte`, lower case, into `target` at `at`. */
export function putHex(target: Uint8Array, at: number, byte: number): void {
  target[at] = digits[byte >> 4] ?? 0
  target[at + 1] = digits[byte & 15] ?? 0
}
