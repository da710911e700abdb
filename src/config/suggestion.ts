/** ` (did you mean x?)` for the one of `known` that `word` is most like, or '' when none is like it. */
export function suggestion(word: string, known: readonly string[]): string {
  let best = ''
  let least = Math.max(1, Math.floor(word.length / 3)) + 1
  for (const candidate of known) {
    const steps = editDistance(word, candidate)
    if (steps < least) {
      least = steps
      best = candidate
    }
  }
  return best === '' ? '' : ` (did you mean ${best}?)`
}

/** Insertions, deletions and replacements between two words (Levenshtein). */
function editDistance(a: string, b: string): number {
  let previous = Array.from({ length: b.length + 1 }, (_, index) => index)
  for (const [row, left] of Array.from(a).entries()) {
    const current = [row + 1]
    for (const [column, right] of Array.from(b).entries()) {
      const replaced = (previous[column] ?? 0) + (left === right ? 0 : 1)
      current.push(Math.min(replaced, (previous[column + 1] ?? 0) + 1, (current[column] ?? 0) + 1))
    }
    previous = current
  }
  return previous.at(-1) ?? 0
}
