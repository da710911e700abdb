/**
 * Every operation that has a key, against every kind of key in every state that this version can bring about, by every name,
 * dry or not, for who may and who may not. What is expected comes from tables of AWS's documentation in this folder and from
 * nothing in the sources, so a rule that is declared wrongly shows.
 */
import assert from 'node:assert/strict'
import { before, describe, it } from 'node:test'
import { operations } from '#kms/service.ts'
import { account, InProcessKms, userArn, type Who } from '../support/in-process-kms.ts'
import { cryptographicRows } from './cryptographic-rows.ts'
import { caseOf, Inquiry, leastOf, nameOfRow } from './inquiry.ts'
import { rightNames, wrongNames } from './identifiers.ts'
import { algorithmsFor, grantOperationsOf, kinds, nameOf } from './kinds.ts'
import { managementRows, withoutKey } from './management-rows.ts'
import type { Company } from './rows.ts'
import { specimensOf, succeed, ways, type Json, type Specimen } from './specimens.ts'
import { states } from './states.ts'

const allRows = [...cryptographicRows, ...managementRows]
const rows = allRows.filter(({ operation }) => operation in operations)

describe('the tables of the matrix', () => {
  it('have a row for each operation, or say that it has no key', () => {
    const known = new Set<string>([...withoutKey, ...allRows.map(({ operation }) => operation)])
    assert.deepEqual(
      Object.keys(operations).filter((name) => !known.has(name)),
      [],
      'Operations without a row: add one to cryptographic-rows.ts or management-rows.ts and the line of "Key states of AWS ' +
        'KMS keys" to states.ts; or, without a key, the name to `withoutKey`.',
    )
  })

  it('know what kinds of keys are served, of which there are never fewer again', async () => {
    const { keys } = await base
    const served = keys.map(({ kind }) => nameOf(kind))
    for (const name of [
      'SYMMETRIC_DEFAULT for ENCRYPT_DECRYPT',
      'HMAC_256 for GENERATE_VERIFY_MAC',
      'RSA_2048 for ENCRYPT_DECRYPT',
      'RSA_2048 for SIGN_VERIFY',
      'ECC_NIST_P256 for SIGN_VERIFY',
      'ECC_NIST_P256 for KEY_AGREEMENT',
      'ECC_NIST_EDWARDS25519 for SIGN_VERIFY',
      'ML_DSA_44 for SIGN_VERIFY',
      'ML_KEM_768 for ENCAPSULATE_DECAPSULATE',
    ]) {
      assert.ok(served.includes(name), `${name} is not served`)
    }
  })
})

const policyFor = (principal: string): string =>
  JSON.stringify({
    Version: '2012-10-17',
    Statement: ['arn:aws:iam::444455556666:root', principal].map((AWS) => ({
      Effect: 'Allow',
      Principal: { AWS },
      Action: 'kms:*',
      Resource: '*',
    })),
  })

const typical = kinds.filter((kind) => kind.typical)

/** The keys that all suites begin with; each brings back how they were made. */
interface Base {
  readonly kms: InProcessKms
  /** Of each typical kind. */
  readonly keys: readonly Specimen[]
  readonly company: Company
  /** Another account's key, which is not for the caller. */
  readonly foreign: Specimen
  /** Keys of another account whose policies allow the caller everything. */
  readonly shared: readonly Specimen[]
  readonly restore: () => void
}

async function makeBase(): Promise<Base> {
  const kms = new InProcessKms()
  const keys = await specimensOf(kms, typical)
  const [sibling] = await specimensOf(kms, typical.slice(0, 1))
  const [foreign] = await specimensOf(kms, typical.slice(0, 1), { who: 'other account' })
  assert.ok(sibling !== undefined && foreign !== undefined)
  const policy = policyFor(`arn:aws:iam::${account}:root`)
  const shared = await specimensOf(kms, typical, { who: 'other account', policy })
  return { kms, keys, company: { sibling }, foreign, shared, restore: kms.snapshot() }
}

const base = makeBase()

describe('operations on keys', async () => {
  const { kms, company, foreign, shared, restore, keys: all } = await base
  const callers: readonly Who[] = ['root', 'user']

  for (const state of states) {
    const way = ways[state]
    if (way === undefined) continue
    describe(`in state ${state}`, () => {
      let keys: readonly Specimen[]
      before(async () => {
        restore()
        keys = await way(kms, all)
      })

      for (const row of rows) {
        it(`${nameOfRow(row)} answers as the tables say, whatever the key, its name and the caller`, async () => {
          const inquiry = new Inquiry(kms, company)
          for (const key of keys) {
            const right = caseOf(row, key, state)
            const names = row.member === undefined ? [right.identifier] : rightNames(key)
            for (const identifier of names) {
              for (const who of callers) await inquiry.ask({ ...right, identifier, who })
              await inquiry.ask({ ...right, identifier, dryRun: true })
            }
          }
          inquiry.end(leastOf(row, keys, 3))
        })

        it(`${nameOfRow(row)} refuses wrong names and invalid members before it looks at caller and key`, async () => {
          const inquiry = new Inquiry(kms, company)
          const [key] = keys
          assert.ok(key !== undefined)
          const right = caseOf(row, key, state)
          const names = row.member === undefined ? [] : wrongNames(key, foreign)
          for (const identifier of names) {
            // The foreign message names the caller.
            for (const who of callers) await inquiry.ask({ ...right, identifier, who: foreignAs(who, identifier.form) })
            if (row.invalid !== undefined && identifier.form !== 'empty' && identifier.form !== 'too long') {
              await inquiry.ask({ ...right, identifier, invalid: true })
            }
          }
          for (const who of callers) await inquiry.ask({ ...right, who, invalid: true })
          inquiry.end(leastOf(row, keys.slice(0, 1), 2))
        })
      }
    })
  }

  describe('of another account', () => {
    before(restore)

    for (const row of rows) {
      if (row.member === undefined) continue
      it(`${nameOfRow(row)} is allowed by the key policy only where keys may be used across accounts`, async () => {
        const inquiry = new Inquiry(kms, company)
        for (const key of shared) {
          for (const identifier of rightNames(key)) {
            for (const dryRun of [false, true]) {
              await inquiry.ask({ ...caseOf(row, key, 'Enabled'), identifier, dryRun })
            }
          }
        }
        inquiry.end(shared.length * 2)
      })
    }
  })

  describe('with a grant for everything that there are grants for', () => {
    let keys: readonly Specimen[]
    let sibling: Specimen
    before(async () => {
      restore()
      const granted = async (key: Specimen): Promise<Specimen> => {
        const Operations = grantOperationsOf(key.kind)
        const grant = await succeed(kms, 'CreateGrant', { KeyId: key.id, GranteePrincipal: userArn, Operations })
        return { ...key, grantId: String(grant['GrantId']) }
      }
      keys = await Promise.all(all.map(granted))
      sibling = await granted(company.sibling)
    })

    for (const row of rows) {
      it(`${nameOfRow(row)} is allowed to the grantee only where grants can allow it`, async () => {
        const inquiry = new Inquiry(kms, { sibling })
        for (const key of keys) {
          for (const dryRun of [false, true]) {
            await inquiry.ask({ ...caseOf(row, key, 'Enabled'), who: 'user', granted: true, dryRun })
          }
        }
        inquiry.end(leastOf(row, keys, 2))
      })
    }
  })

  describe('with each algorithm', () => {
    let keys: readonly Specimen[]
    before(async () => {
      restore()
      const others = kinds.filter((kind) => !kind.typical)
      keys = [...all, ...(await specimensOf(kms, others))]
    })

    for (const row of rows) {
      const { algorithm: named } = row
      if (named === undefined) continue
      it(`${nameOfRow(row)} takes those of the key spec and no others`, async () => {
        const inquiry = new Inquiry(kms, company)
        for (const key of keys) {
          for (const algorithm of algorithmsFor(named.usage)) {
            const input = { ...caseOf(row, key, 'Enabled'), algorithm }
            await inquiry.ask({ ...input, key: await withMade(kms, key, algorithm) })
          }
        }
        inquiry.end(keys.length)
      })
    }
  })
})

/** Permission of a user for other accounts' keys is not what these tests are about. */
function foreignAs(who: Who, form: string): Who {
  return form.startsWith('foreign') ? 'root' : who
}

/** The key with what it has made with `algorithm`, where that is one of its. */
async function withMade(kms: InProcessKms, key: Specimen, algorithm: string): Promise<Specimen> {
  const { id, kind } = key
  if (!kind.algorithms.includes(algorithm)) return key
  const run = (operation: string, input: Json): Promise<Json> => succeed(kms, operation, { KeyId: id, ...input })
  if (kind.usage === 'ENCRYPT_DECRYPT') {
    const { CiphertextBlob } = await run('Encrypt', { Plaintext: 'YQ==', EncryptionAlgorithm: algorithm })
    return { ...key, ciphertext: String(CiphertextBlob) }
  }
  if (kind.usage === 'SIGN_VERIFY') {
    const hashed = algorithm === 'ED25519_PH_SHA_512'
    const message = hashed
      ? { Message: Buffer.alloc(64, 1).toString('base64'), MessageType: 'DIGEST' }
      : { Message: 'YQ==' }
    const { Signature } = await run('Sign', { ...message, SigningAlgorithm: algorithm })
    return { ...key, signature: String(Signature) }
  }
  return key
}
