// The only letters outside ASCII whose lower-case forms have letters of ASCII: KELVIN SIGN, and I with a dot above.
const becomesAscii = /[\u0130\u212a]/
const others = /[^\u0130\u212a]+/g

/**
 * `text` in lower case, for names that are compared without regard to case. What looks like a letter of ASCII but is none
 * never becomes one: `\u212a` (KELVIN SIGN), which toLowerCase makes a `k`, stays as it is.
 */
export function foldCase(text: string): string {
  return becomesAscii.test(text) ? text.replaceAll(others, (part) => part.toLowerCase()) : text.toLowerCase()
}
