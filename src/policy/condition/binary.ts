const base64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/

/** The bytes that `text` means in base64, as a string of them; undefined: it is not base64. */
export function parseBinary(text: string): string | undefined {
  return base64.test(text) ? Buffer.from(text, 'base64').toString('latin1') : undefined
}
