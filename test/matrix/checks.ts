/** What an answer's members must be, exactly where that can be known and by their form where it can't. */

/** A literal that must be equal, a pattern for text, or what looks at the value. */
export type Check = string | number | boolean | RegExp | ((value: unknown) => boolean) | readonly string[]

/** Base64 of `least` to `most` bytes. */
export function blob(least: number, most = least): (value: unknown) => boolean {
  return (value) => {
    if (typeof value !== 'string') return false
    const bytes = Buffer.from(value, 'base64')
    return bytes.toString('base64') === value && bytes.length >= least && bytes.length <= most
  }
}

/** Epoch seconds. */
export function time(value: unknown): boolean {
  return typeof value === 'number' && value > 1_700_000_000 && value < 3_000_000_000
}

export const hex64 = /^[0-9a-f]{64}$/

/** A list of `length` structures with exactly the members of `checks`. */
export function listOf(length: number, checks: Readonly<Record<string, Check>>): (value: unknown) => boolean {
  return (value) =>
    Array.isArray(value) && value.length === length && value.every((each) => mismatch(each, checks) === undefined)
}

/** A structure with exactly the members of `checks`. */
export function structure(checks: Readonly<Record<string, Check>>): (value: unknown) => boolean {
  return (value) => mismatch(value, checks) === undefined
}

/** What is wrong with `value`, which must have exactly the members of `checks`; undefined: nothing. */
export function mismatch(value: unknown, checks: Readonly<Record<string, Check>>): string | undefined {
  if (typeof value !== 'object' || value === null) return 'is no structure'
  const members: Readonly<Record<string, unknown>> = { ...value }
  const [names, wanted] = [Object.keys(members).sort().join(), Object.keys(checks).sort().join()]
  if (names !== wanted) return `has ${names}, not ${wanted}`
  for (const [name, check] of Object.entries(checks)) {
    if (!holds(members[name], check)) return `${name} is ${JSON.stringify(members[name])}`
  }
  return undefined
}

function holds(value: unknown, check: Check): boolean {
  if (typeof check === 'function') return check(value)
  if (check instanceof RegExp) return typeof value === 'string' && check.test(value)
  if (typeof check === 'object') {
    // The order of lists doesn't matter.
    const listed: readonly unknown[] = Array.isArray(value) ? value : []
    return JSON.stringify([...listed].sort()) === JSON.stringify([...check].sort())
  }
  return value === check
}
