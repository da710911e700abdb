/** `text` as a string of JSON. Looking at the characters of an ARN costs less than a call of JSON.stringify. */
export function quoted(text: string): string {
  if (text.length > 256) return JSON.stringify(text)
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i)
    if (unit < 0x20 || unit > 0x7e || unit === 0x22 || unit === 0x5c) return JSON.stringify(text)
  }
  return `"${text}"`
}
