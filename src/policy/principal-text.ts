/**
 * The principals that a policy text names, and the text with other names in their place. Users and roles are stored by their
 * unique ids, so that a namesake of a deleted one gets nothing (IAM User Guide, "AWS JSON policy elements: Principal"), and
 * shown by their ARNs. Everything else of the text stays as it was, byte for byte: clients compare what they read with what
 * they wrote.
 *
 * Whether the text is a policy is decided elsewhere. A text that is not JSON names nobody and is left alone.
 */

/** The kinds of principals that have a say here; a lone `"*"` counts as AWS. */
export type PrincipalKind = 'AWS' | 'Service' | 'Federated'

/** A principal as the text names it. */
export interface NamedPrincipal {
  /** The string, its JSON escapes resolved. */
  readonly given: string
  readonly kind: PrincipalKind
}

/** The principals in the Principal and NotPrincipal elements of all statements, in their order, each as often as it stands. */
export function principalsIn(text: string): readonly NamedPrincipal[] {
  return occurrences(text).map(({ kind, given }) => ({ kind, given }))
}

/** `text` with each principal of kind AWS replaced by what `stored` says of it; undefined leaves it as it is written. */
export function replacePrincipals(text: string, stored: (given: string) => string | undefined): string {
  const pieces: string[] = []
  let copied = 0
  for (const { kind, given, start, end } of occurrences(text)) {
    if (kind !== 'AWS') continue
    const name = stored(given)
    if (name === undefined || name === given) continue
    pieces.push(text.slice(copied, start), JSON.stringify(name))
    copied = end
  }
  return copied === 0 ? text : pieces.join('') + text.slice(copied)
}

/** Whether an element names its principal without a kind: `"Principal": "*"`. Role trust policies must not. */
export function hasUntypedPrincipal(text: string): boolean {
  return occurrences(text).some(({ typed }) => !typed)
}

/** Where a principal stands: from its opening quote to behind its closing one. */
interface Occurrence extends NamedPrincipal {
  readonly typed: boolean
  readonly start: number
  readonly end: number
}

// The scan below is for texts that JSON.parse has accepted: it looks for places only and need not judge. Each of the few
// levels is passed over once, so the time is linear in the length of the text, however deep it is nested.
function occurrences(text: string): readonly Occurrence[] {
  if (!isJson(text)) return []
  const found: Occurrence[] = []
  const take = (kind: PrincipalKind, at: number, typed: boolean): void => {
    if (text[at] !== '"') return
    const end = endOfString(text, at)
    found.push({ kind, given: stringAt(text, at, end), typed, start: at, end })
  }
  eachMember(text, afterSpace(text, 0), (element, statements) => {
    if (element !== 'Statement') return
    eachEntry(text, statements, (statement) => {
      eachMember(text, statement, (name, principal) => {
        if (name !== 'Principal' && name !== 'NotPrincipal') return
        take('AWS', principal, false)
        eachMember(text, principal, (kind, names) => {
          if (kind !== 'AWS' && kind !== 'Service' && kind !== 'Federated') return
          eachEntry(text, names, (at) => take(kind, at, true))
        })
      })
    })
  })
  return found
}

/** Whether `text` is JSON. */
export function isJson(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch (error) {
    if (error instanceof SyntaxError) return false
    throw error
  }
}

/** Calls `visit` with the name of each member of the object at `at` and where its value begins; of anything else, not once. */
export function eachMember(text: string, at: number, visit: (name: string, value: number) => void): void {
  if (text[at] !== '{') return
  let next = afterSpace(text, at + 1)
  while (text[next] === '"') {
    const end = endOfString(text, next)
    const name = stringAt(text, next, end)
    const value = afterSpace(text, afterSpace(text, end) + 1)
    visit(name, value)
    next = afterSpace(text, endOfValue(text, value))
    if (text[next] === ',') next = afterSpace(text, next + 1)
  }
}

/** Calls `visit` with where each entry of the array at `at` begins; of anything else, with `at` itself. */
export function eachEntry(text: string, at: number, visit: (entry: number) => void): void {
  if (text[at] !== '[') {
    visit(at)
    return
  }
  let next = afterSpace(text, at + 1)
  while (next < text.length && text[next] !== ']') {
    visit(next)
    next = afterSpace(text, endOfValue(text, next))
    if (text[next] === ',') next = afterSpace(text, next + 1)
  }
}

const quote = 0x22
const backslash = 0x5c
const comma = 0x2c
const space = 0x20
const opening = new Set([0x5b, 0x7b])
const closing = new Set([0x5d, 0x7d])

/** The first place from `at` on that is no white space of JSON (RFC 8259, section 2). */
export function afterSpace(text: string, at: number): number {
  let next = at
  for (;;) {
    const code = text.charCodeAt(next)
    if (code !== space && code !== 0x09 && code !== 0x0a && code !== 0x0d) return next
    next += 1
  }
}

/** The place behind the closing quote of the string at `at`. */
function endOfString(text: string, at: number): number {
  let next = at + 1
  while (next < text.length) {
    const code = text.charCodeAt(next)
    if (code === quote) return next + 1
    next += code === backslash ? 2 : 1
  }
  return next
}

/** The place behind the value at `at`. */
export function endOfValue(text: string, at: number): number {
  let depth = 0
  let next = at
  while (next < text.length) {
    const code = text.charCodeAt(next)
    if (code === quote) {
      next = endOfString(text, next)
      if (depth === 0) return next
      continue
    }
    if (opening.has(code)) depth += 1
    else if (closing.has(code)) {
      if (depth === 0) return next
      depth -= 1
      if (depth === 0) return next + 1
    } else if (code === comma && depth === 0) return next
    next += 1
  }
  return next
}

function stringAt(text: string, start: number, end: number): string {
  const raw = text.slice(start + 1, end - 1)
  if (!raw.includes('\\')) return raw
  const value: unknown = JSON.parse(text.slice(start, end))
  return typeof value === 'string' ? value : raw
}
