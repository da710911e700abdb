/** The member at `path` of parsed JSON, or undefined. */
export function member(value: unknown, ...path: readonly string[]): unknown {
  let current = value
  for (const name of path) {
    if (typeof current !== 'object' || current === null) return undefined
    current = Object.entries(current).find(([key]) => key === name)?.[1]
  }
  return current
}

/** The string at `path`. Throws when there is none. */
export function textMember(value: unknown, ...path: readonly string[]): string {
  const found = member(value, ...path)
  if (typeof found !== 'string') throw new Error(`no text at ${path.join('.')}`)
  return found
}

/** The number at `path`. Throws when there is none. */
export function numberMember(value: unknown, ...path: readonly string[]): number {
  const found = member(value, ...path)
  if (typeof found !== 'number') throw new Error(`no number at ${path.join('.')}`)
  return found
}
