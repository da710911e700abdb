/** Asks the service what the tables have an answer to, and remembers where it answered something else. */
import assert from 'node:assert/strict'
import { account, type InProcessKms } from '../support/in-process-kms.ts'
import { difference, expectedOf, type Case } from './expected.ts'
import { rightNames } from './identifiers.ts'
import { isSymmetric, nameOf } from './kinds.ts'
import { algorithmOf, type Company, type Row } from './rows.ts'
import type { Specimen } from './specimens.ts'
import { verdictOn, type State } from './states.ts'

export const nameOfRow = ({ operation, which }: Row): string =>
  which === undefined ? operation : `${operation} (${which})`

/** Requests of one test, and how their answers differed from what was expected. */
export class Inquiry {
  asked = 0
  readonly differences: string[] = []
  readonly #kms: InProcessKms
  readonly #company: Company
  readonly #restore: () => void

  constructor(kms: InProcessKms, company: Company) {
    this.#kms = kms
    this.#company = company
    this.#restore = kms.snapshot()
  }

  async ask(asked: Case): Promise<void> {
    const { row, key, state, identifier, who, dryRun, invalid, algorithm } = asked
    if (row.symmetricOnly === true && !isSymmetric(key.kind)) return
    if (row.needsGrant === true && key.grantId === undefined) return
    // Columns of the table that do not exist for such keys.
    if (row.anyState !== true && verdictOn(row.operation, state) === 'never') return
    const input = {
      ...row.others(key, this.#company, algorithm),
      ...(row.algorithm === undefined ? {} : { [row.algorithm.member]: algorithm }),
      ...(row.member === undefined ? {} : { [row.member]: identifier.text }),
      ...(dryRun ? { DryRun: true } : {}),
      ...(invalid ? row.invalid?.[0] : {}),
    }
    const { revision } = this.#kms.memory.memory
    const answered = await this.#kms.post(row.operation, input, who)
    this.asked += 1
    const differs = difference(answered, expectedOf(asked, this.#company))
    if (differs !== undefined) this.differences.push(`${wordsOf(asked)}: ${differs}`)
    if (this.#kms.memory.memory.revision !== revision) this.#restore()
  }

  end(least: number): void {
    const shown = this.differences.slice(0, 20).join('\n')
    assert.equal(this.differences.length, 0, `${this.differences.length} of ${this.asked} answers differ:\n${shown}`)
    assert.ok(this.asked >= least, `only ${this.asked} requests were made`)
    assert.deepEqual(this.#kms.failures, [])
  }
}

function wordsOf({ key, state, identifier, who, granted, dryRun, invalid, algorithm }: Case): string {
  const parts = [
    nameOf(key.kind),
    state,
    key.account === account ? '' : 'of another account',
    `${identifier.form} ${identifier.text.slice(0, 80)}`,
    granted ? `${who} with a grant` : who,
    dryRun ? 'dry run' : '',
    invalid ? 'invalid' : '',
    algorithm,
  ]
  return parts.filter((part) => part !== '').join(', ')
}

const plain = { who: 'root', granted: false, dryRun: false, invalid: false } as const

export function caseOf(row: Row, key: Specimen, state: State): Case {
  const [identifier] = rightNames(key)
  assert.ok(identifier !== undefined)
  const algorithm = row.algorithm === undefined ? '' : algorithmOf(key.kind, row.algorithm.usage)
  return { ...plain, row, key, state, identifier, algorithm }
}

/** How many requests there are at least where each key that the row is about has `each`. */
export function leastOf(row: Row, keys: readonly Specimen[], each: number): number {
  const about = keys.filter(
    ({ kind, grantId }) =>
      (row.symmetricOnly !== true || isSymmetric(kind)) && (row.needsGrant !== true || grantId !== undefined),
  )
  return about.length * each
}
