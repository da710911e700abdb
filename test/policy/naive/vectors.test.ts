import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { questionOf, type Vector } from '../vectors.ts'
import { naively } from './evaluate.ts'

// They belong to no part of the project; where somebody has them, the second opinion must agree with every one.
const file = fileURLToPath(new URL('../../../../shared/reference/authorization-vectors.json', import.meta.url))

describe('the second opinion', () => {
  if (!existsSync(file)) {
    it('agrees with the vectors', (test) => test.skip(`SKIPPED: the vectors are not there: ${file}`))
    return
  }
  const parsed: unknown = JSON.parse(readFileSync(file, 'utf8'))
  assert.ok(Array.isArray(parsed))
  const vectors: readonly Vector[] = parsed
  it('agrees with every vector', () => {
    assert.ok(vectors.length >= 119)
    const different = vectors.flatMap((vector) => {
      const { allowed, denials, why } = naively(questionOf(vector))
      const layer = vector.reason.startsWith('explicit:') && denials.size === 0 ? ', but nothing denies' : ''
      return (allowed ? 'Allow' : 'Deny') === vector.expect && layer === '' ? [] : [`${vector.name}: ${why}${layer}`]
    })
    assert.deepEqual(different, [])
  })
})
