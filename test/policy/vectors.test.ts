import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { evaluate } from '#policy/evaluate.ts'
import type { Decision } from '#policy/question.ts'
import { questionOf, type Vector } from './vectors.ts'

// They belong to no part of the project; where somebody has them, every one must be answered as it says.
const file = fileURLToPath(new URL('../../../shared/reference/authorization-vectors.json', import.meta.url))
const atLeast = 119

const layers: Readonly<Record<string, string>> = {
  keyPolicy: 'key policy',
  identity: 'identity policy',
  boundary: 'permissions boundary',
  session: 'session policy',
  scp: 'service control policy',
  rcp: 'resource control policy',
  vpce: 'endpoint policy',
  retire: 'identity policy',
}

/** What `decision` gives as its reason, in the words of the vectors. */
function reasons(decision: Decision): readonly string[] {
  if (decision.allowed) {
    if (decision.by === 'grant') return ['grant', 'retiringPrincipal']
    if (decision.by !== 'key policy') return ['iam', 'issuingAccount+iam', 'root']
    // The root user of another account needs its account's leave, which it has by itself.
    return decision.identityStatement === undefined
      ? ['keyPolicy', 'keyPolicy+iam(cross)']
      : ['keyPolicy+iam', 'keyPolicy+iam(cross)']
  }
  if (decision.because === 'local only') return ['local-only']
  const kind = decision.because === 'explicit deny' ? 'explicit' : 'implicit'
  const matching = Object.keys(layers).filter((name) => layers[name] === decision.layer)
  return ['unauthenticated', ...matching.map((name) => `${kind}:${name}`)]
}

describe('the decision for each authorization vector', () => {
  if (!existsSync(file)) {
    it('is as the vectors say', (test) => test.skip(`SKIPPED: the vectors are not there: ${file}`))
    return
  }
  const parsed: unknown = JSON.parse(readFileSync(file, 'utf8'))
  assert.ok(Array.isArray(parsed))
  const vectors: readonly Vector[] = parsed
  it(`is checked for at least ${atLeast} vectors, each with its own name`, () => {
    assert.ok(vectors.length >= atLeast, `${vectors.length} vectors`)
    assert.equal(new Set(vectors.map(({ name }) => name)).size, vectors.length)
  })
  for (const vector of vectors) {
    it(`${vector.name}: ${vector.expect}`, () => {
      const decision = evaluate(questionOf(vector))
      assert.equal(
        decision.allowed ? 'Allow' : 'Deny',
        vector.expect,
        JSON.stringify(decision.allowed || decision.layer),
      )
      assert.ok(
        reasons(decision).includes(vector.reason),
        `${reasons(decision).join(', ')} instead of ${vector.reason}`,
      )
      if (!decision.allowed) assert.notEqual(decision.because, 'error')
    })
  }
})
