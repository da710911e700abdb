/**
 * The one byte form of an encryption context. Every pair is length-prefixed and keys are sorted by their UTF-8 bytes, so
 * two contexts have the same bytes exactly when they have the same pairs, in whatever order they were sent. (JSON wouldn't
 * do: it has many spellings of one string.) Unicode isn't normalized, because AWS compares contexts exactly.
 */
const emptyContext = Buffer.alloc(2)
const fieldLimit = 0xffff
const fewKeys = 8

// Contexts are not secret (AWS logs them in clear), so the scratch isn't wiped. Calls never overlap: nothing awaits.
const scratch = Buffer.allocUnsafeSlow(4096)

/**
 * The canonical form of `pairs`: their count (16 bits, big-endian), then for each pair key and value, each after its length
 * (16 bits). No context and an empty one are the same. Undefined when there are more than 65,535 pairs, when a key or value
 * is longer than 65,535 bytes, or when one holds a lone surrogate, which has no UTF-8 form. The result is shared when the
 * context is empty: do not write to it.
 */
export function canonicalContext(pairs: ReadonlyMap<string, string> | undefined): Buffer | undefined {
  if (pairs === undefined || pairs.size === 0) return emptyContext
  if (pairs.size > fieldLimit) return undefined
  return shortAscii(pairs) ?? general(pairs)
}

/** The form of a context that is ASCII and fits the scratch, as nearly all do; else undefined. */
function shortAscii(pairs: ReadonlyMap<string, string>): Buffer | undefined {
  let at = writeLength(pairs.size, 0)
  if (pairs.size === 1) {
    for (const [key, value] of pairs) at = writeAscii(value, writeAscii(key, at))
  } else {
    const keys = sortedKeys(pairs)
    for (const key of keys) at = writeAscii(pairs.get(key) ?? '', writeAscii(key, at))
  }
  if (at < 0) return undefined
  const form = Buffer.allocUnsafe(at)
  scratch.copy(form, 0, 0, at)
  return form
}

/** By UTF-16 units, which for ASCII is by bytes; a key that isn't ASCII ends in the general case. */
function sortedKeys(pairs: ReadonlyMap<string, string>): readonly string[] {
  const keys = [...pairs.keys()]
  if (keys.length > fewKeys) return keys.sort()
  // By insertion: the runtime's sort costs as much as all the rest for two or three keys.
  for (let index = 1; index < keys.length; index += 1) {
    const key = keys[index] ?? ''
    let at = index
    for (let before = keys[at - 1] ?? ''; at > 0 && before > key; before = keys[at - 1] ?? '') {
      keys[at] = before
      at -= 1
    }
    keys[at] = key
  }
  return keys
}

/** Writes length and characters of `text` at `at`; answers where the next field goes, or -1 when it doesn't fit or isn't ASCII. */
function writeAscii(text: string, at: number): number {
  const { length } = text
  if (at < 0 || at + 2 + length > scratch.length) return -1
  let next = writeLength(length, at)
  for (let index = 0; index < length; index += 1) {
    const unit = text.charCodeAt(index)
    if (unit > 0x7f) return -1
    scratch[next] = unit
    next += 1
  }
  return next
}

function writeLength(length: number, at: number): number {
  scratch[at] = length >>> 8
  scratch[at + 1] = length & 0xff
  return at + 2
}

function general(pairs: ReadonlyMap<string, string>): Buffer | undefined {
  const encoded: { readonly key: Buffer; readonly value: Buffer }[] = []
  let size = 2
  for (const [key, value] of pairs) {
    if (!key.isWellFormed() || !value.isWellFormed()) return undefined
    const pair = { key: Buffer.from(key, 'utf8'), value: Buffer.from(value, 'utf8') }
    if (pair.key.length > fieldLimit || pair.value.length > fieldLimit) return undefined
    size += 4 + pair.key.length + pair.value.length
    encoded.push(pair)
  }
  // Not by UTF-16 units: those put U+10000 and above before U+E000, UTF-8 puts them after.
  encoded.sort((left, right) => Buffer.compare(left.key, right.key))
  const form = Buffer.allocUnsafe(size)
  let at = form.writeUInt16BE(encoded.length, 0)
  for (const { key, value } of encoded) {
    for (const field of [key, value]) {
      at = form.writeUInt16BE(field.length, at)
      at += field.copy(form, at)
    }
  }
  return form
}
