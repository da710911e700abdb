import assert from 'node:assert/strict'
import { it } from 'node:test'
import { gappedSearch } from '#policy/gapped-search.ts'
import { printedDice } from './random-policies.ts'

it('finds a text with gaps at the same place as comparing it everywhere does', () => {
  const random = printedDice('gapped search')
  let found = 0
  for (let i = 0; i < 2_000; i++) {
    const letters = (length: number): string =>
      Array.from({ length }, () => random.pick(['a', 'a', 'a', 'b', '\ud83d'])).join('')
    const whole = letters(random.below(200))
    const cut = random.below(whole.length + 1)
    const text = random.chance(0.7) ? whole.slice(cut, cut + 1 + random.below(99)) : letters(1 + random.below(70))
    if (text === '') continue
    const gaps = new Set(Array.from({ length: random.below(text.length) }, () => random.below(text.length)))
    const from = random.below(whole.length + 1)
    let expected = -1
    for (let at = from; at + text.length <= whole.length && expected < 0; at++) {
      const stands = [...text.split('').keys()].every((k) => gaps.has(k) || text[k] === whole[at + k])
      if (stands) expected = at
    }
    if (expected >= 0) found += 1
    assert.equal(
      gappedSearch(text, gaps, whole, from),
      expected,
      JSON.stringify({ text, gaps: [...gaps], whole, from }),
    )
  }
  assert.ok(found > 200)
})
