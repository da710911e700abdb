/** `true` or `false`, however capitalized; undefined: neither. */
export function parseBool(text: string): boolean | undefined {
  switch (text.toLowerCase()) {
    case 'true':
      return true
    case 'false':
      return false
    default:
      return undefined
  }
}
