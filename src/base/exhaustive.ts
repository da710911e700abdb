/** Ends a `switch` over a union: a new member of the union doesn't compile until every switch knows it. */
export function exhaustive(value: never): never {
  throw new TypeError(`unexpected variant: ${JSON.stringify(value)}`)
}
