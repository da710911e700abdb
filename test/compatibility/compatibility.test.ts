import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { operations } from '#kms/service.ts'
import { compatibilityDoc } from '../../tools/compatibility-doc.ts'
import { root } from '../../tools/check/files.ts'
import { differences } from './differences.ts'
import { proofs } from './proofs/all.ts'
import { injectedOfAll, never, notYet } from './reasons.ts'
import { everyOperation, standingOf } from './standing.ts'

describe('docs/compatibility.md', () => {
  it('is what its tables make of it', () => {
    const written = readFileSync(join(root, 'docs/compatibility.md'), 'utf8')
    assert.equal(written, compatibilityDoc(), 'npm run compatibility writes it anew')
  })

  it('knows every operation, and serves none that the SDK does not have', () => {
    assert.equal(everyOperation.length, 56)
    assert.deepEqual(
      Object.keys(operations).filter((name) => !everyOperation.includes(name)),
      [],
    )
  })

  it('has a proof of each declared outcome, or the reason why there is none', () => {
    const unexplained = everyOperation.flatMap((operation) =>
      (standingOf(operation).served?.unexplained ?? []).map((outcome) => `${operation}: ${outcome}`),
    )
    assert.deepEqual(unexplained, [], 'add a proof to test/compatibility/proofs, or a reason to reasons.ts')
  })

  it('has no proof and no reason too many', () => {
    const declared = (operation: string, error: string): boolean =>
      Object.values(operations).some(({ name, errors }) => name === operation && errors.some((each) => each === error))
    const served = (operation: string): boolean => operation in operations
    const tables: readonly Readonly<Record<string, object>>[] = [never, notYet, proofs]
    const needless = tables
      .flatMap((table) => Object.entries(table))
      .filter(([operation]) => served(operation))
      .flatMap(([operation, outcomes]) => Object.keys(outcomes).map((outcome) => [operation, outcome] as const))
      .filter(([operation, outcome]) => outcome !== 'success' && !declared(operation, outcome))
    assert.deepEqual(needless, [], 'not declared')
    const both = [never, notYet]
      .flatMap((table) => Object.entries(table))
      .flatMap(([operation, reasons]) =>
        Object.keys(reasons).filter((error) => proofs[operation]?.[error] !== undefined),
      )
    assert.deepEqual(both, [], 'proved, and said not to be')
    const everywhere = Object.values(proofs).flatMap((outcomes) => Object.keys(outcomes))
    assert.deepEqual(
      Object.keys(injectedOfAll).filter((error) => everywhere.includes(error)),
      [],
      'proved for one operation without a fault: say of the others why not',
    )
  })

  it('names a test for each difference', () => {
    for (const { shownBy } of differences) assert.ok(existsSync(join(root, shownBy)), shownBy)
  })
})
