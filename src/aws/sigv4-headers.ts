/**
 * The signed headers of a request. Which headers a client signs hardly ever changes, so what follows from the text of
 * SignedHeaders is worked out once and kept (the text is no secret, and the number of texts kept is bounded).
 */

import { Recent } from '#base/recent.ts'

/** What a request must do with each header, as far as one SignedHeaders text says. */
export interface HeaderPlan {
  /** Lower-case, sorted. */
  readonly names: readonly string[]
  /** `name:` for each name, with the line feed that ends the line before. */
  readonly heads: readonly string[]
  /** What follows the last value: the blank line and the list. */
  readonly tail: string
  readonly slots: ReadonlyMap<string, number>
  /**
   * Header names as they last came on the wire, and for each its slot, or `unsigned` or `unsignedButMust`. A client sends
   * its headers in the same order every time, and comparing two strings is cheaper than looking one up.
   */
  readonly lastNames: string[]
  readonly lastSlots: number[]
}

const unsigned = -1
const unsignedButMust = -2

const plansKept = 256
const positionsKept = 64
const longestKept = 1024
const plans = new Map<string, HeaderPlan>()
const recentPlans = new Recent<HeaderPlan>()

const headerName = /^[a-z0-9!#$%&'*+.^_`|~-]+$/

/** The plan for a SignedHeaders text, or undefined when it is malformed or names a header twice. */
export function headerPlan(signedHeaders: string): HeaderPlan | undefined {
  const recent = recentPlans.get(signedHeaders)
  if (recent !== undefined) return recent
  const known = plans.get(signedHeaders)
  if (known !== undefined) {
    recentPlans.set(signedHeaders, known)
    return known
  }
  const names = signedHeaders.split(';').sort()
  const slots = new Map(names.map((name, slot) => [name, slot]))
  if (slots.size !== names.length || !names.every((name) => headerName.test(name))) return undefined
  const plan = {
    names,
    heads: names.map((name, slot) => (slot === 0 ? `${name}:` : `\n${name}:`)),
    tail: `\n\n${names.join(';')}\n`,
    slots,
    lastNames: [],
    lastSlots: [],
  }
  if (signedHeaders.length <= longestKept) {
    // Dropping all is as good as dropping the oldest: a client's text is back with its next request.
    if (plans.size >= plansKept) plans.clear()
    plans.set(signedHeaders, plan)
  }
  return plan
}

function place(plan: HeaderPlan, position: number, wireName: string): number {
  const lower = wireName.toLowerCase()
  // HTTP/2 carries the host in this pseudo-header.
  const name = lower === ':authority' ? 'host' : lower
  const slot = plan.slots.get(name) ?? (name.startsWith('x-amz-') || name === 'host' ? unsignedButMust : unsigned)
  if (position < positionsKept && position <= plan.lastNames.length && wireName.length <= 64) {
    plan.lastNames[position] = wireName
    plan.lastSlots[position] = slot
  }
  return slot
}

// A second one of these would let the verifier and the reader of the request take different ones for true.
const onlyOnce = new Set([
  'authorization',
  'content-length',
  'content-type',
  'date',
  'host',
  'x-amz-content-sha256',
  'x-amz-date',
  'x-amz-security-token',
  'x-amz-target',
])

/** Without the spaces around it and with one space for each inner run. */
function collapsed(value: string): string {
  return value.replaceAll(/ {2,}/g, ' ').replace(/^ /, '').replace(/ $/, '')
}

/** Why the headers of a request don't do: the lower-case name of the header concerned. */
export interface HeaderFault {
  readonly fault: 'must be signed' | 'repeated' | 'absent' | 'odd'
  readonly name: string
}

/** The values of the plan's headers in canonical form (repeated ones joined by commas), in the order of its names. */
export function signedValues(plan: HeaderPlan, rawHeaders: readonly string[]): string[] | HeaderFault {
  const values: (string | undefined)[] = new Array<undefined>(plan.names.length).fill(undefined)
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const wireName = rawHeaders[index]
    let value = rawHeaders[index + 1]
    if (wireName === undefined || value === undefined) return { fault: 'odd', name: '' }
    const position = index >> 1
    const known = wireName === plan.lastNames[position] ? plan.lastSlots[position] : undefined
    const slot = known ?? place(plan, position, wireName)
    if (slot === unsigned) continue
    if (slot === unsignedButMust) return { fault: 'must be signed', name: wireName.toLowerCase() }
    if (value.charCodeAt(0) === 0x20 || value.charCodeAt(value.length - 1) === 0x20 || value.includes('  ')) {
      value = collapsed(value)
    }
    const earlier = values[slot]
    if (earlier === undefined) {
      values[slot] = value
      continue
    }
    const name = plan.names[slot] ?? ''
    // An HTTP/2 request may carry both :authority and host if they agree (RFC 9113, section 8.3.1).
    if (name === 'host' && earlier === value) continue
    if (onlyOnce.has(name)) return { fault: 'repeated', name }
    values[slot] = `${earlier},${value}`
  }
  const complete: string[] = []
  for (let slot = 0; slot < values.length; slot++) {
    const value = values[slot]
    if (value === undefined) return { fault: 'absent', name: plan.names[slot] ?? '' }
    complete.push(value)
  }
  return complete
}
