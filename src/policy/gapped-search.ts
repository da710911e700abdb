/**
 * Where a text with gaps (each one any character) first stands in another. Bit `i` of the state says that the first `i + 1`
 * characters match up to here; 32 of them move on at once (Baeza-Yates and Gonnet, "A new approach to text searching", 1992),
 * so that no pattern and no text, however alike, cost more than their lengths multiplied and divided by 32.
 */
export function gappedSearch(text: string, gaps: ReadonlySet<number>, whole: string, from: number): number {
  const length = text.length
  const words = (length + 31) >>> 5
  const anything = new Uint32Array(words)
  for (const gap of gaps) set(anything, gap)
  const occurring = new Set<number>()
  for (let at = from; at < whole.length; at++) occurring.add(whole.charCodeAt(at))
  const masks = masksOf(text, gaps, anything, occurring)
  const state = new Uint32Array(words)
  const last = words - 1
  const end = 1 << ((length - 1) & 31)
  for (let at = from; at < whole.length; at++) {
    const mask = masks.get(whole.charCodeAt(at)) ?? anything
    let carry = 1
    for (let word = 0; word < words; word++) {
      const before = state[word] ?? 0
      state[word] = ((before << 1) | carry) & (mask[word] ?? 0)
      carry = before >>> 31
    }
    if (((state[last] ?? 0) & end) !== 0) return at - length + 1
  }
  return -1
}

function set(mask: Uint32Array, bit: number): void {
  mask[bit >>> 5] = (mask[bit >>> 5] ?? 0) | (1 << (bit & 31))
}

/** For each character, where it may stand in `text`: only of those that occur, for a hostile text has many. */
function masksOf(
  text: string,
  gaps: ReadonlySet<number>,
  anything: Uint32Array,
  occurring: ReadonlySet<number>,
): ReadonlyMap<number, Uint32Array> {
  const masks = new Map<number, Uint32Array>()
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    if (gaps.has(i) || !occurring.has(code)) continue
    let mask = masks.get(code)
    if (mask === undefined) {
      mask = anything.slice()
      masks.set(code, mask)
    }
    set(mask, i)
  }
  return masks
}
