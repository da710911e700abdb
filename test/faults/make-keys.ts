/**
 * Fills the database of an installation whose server is stopped with keys, in big transactions: making 100,000 of them
 * over the wire would take minutes. As a command: node test/faults/make-keys.ts DIR COUNT
 */
import { parseKeyId } from '#base/brand.ts'
import { loadSettings } from '#config/load-settings.ts'
import { createSoftwareKeyStore } from '#keystores/software/key-store.ts'
import { defaultKeyPolicy } from '#kms/key/default-policy.ts'
import type { KeyStore } from '#ports/key-store.ts'
import type { Change } from '#records/change.ts'
import type { KeyMaterialRecord, KeyRecord } from '#records/key.ts'
import { openInstallation } from '#server/installation.ts'
import { createLog } from '#server/log.ts'
import { allocateClockOffset, systemClock, systemRandom, systemKeyPairs } from '../../src/system.ts'

const changesPerCommit = 500
const commitsAtOnce = 10

/** A key that is not stored yet. */
export interface NewKey {
  readonly key: KeyRecord
  readonly material: KeyMaterialRecord
}

/** What rows are made with. */
export interface RowMaker {
  readonly keyStore: KeyStore
  /** Epoch milliseconds. */
  readonly now: () => number
  readonly newKey: () => Promise<NewKey>
  /** Stores what the changes say, many in a transaction. */
  readonly store: (changes: AsyncIterable<Change>) => Promise<void>
}

/** Opens the installation in `directory`, whose server is stopped, for as long as `make` takes. */
export async function makeRows(directory: string, make: (maker: RowMaker) => Promise<void>): Promise<void> {
  const settings = await loadSettings({ 'data-dir': directory }, {})
  const clock = systemClock(allocateClockOffset())
  const random = systemRandom()
  const installation = await openInstallation(settings, clock, random, createLog('error', {}))
  try {
    const { hierarchy, storage, reader } = installation
    const account = reader.accounts()[0]?.account
    if (account === undefined) throw new Error('no account')
    const place = { region: settings.regions[0], account }
    const policy = defaultKeyPolicy(place)
    const keyStore = createSoftwareKeyStore({ hierarchy, random, keyPairs: systemKeyPairs })
    const newKey = async (): Promise<NewKey> => {
      const keyId = parseKeyId(random.uuid())
      if (keyId === undefined) throw new Error('no key id')
      const owner = {
        ...place,
        keyId,
        creationDate: clock.now(),
        origin: 'AWS_KMS',
        keySpec: 'SYMMETRIC_DEFAULT',
        keyUsage: 'ENCRYPT_DECRYPT',
      } as const
      const material = await keyStore.generate(owner)
      const key: KeyRecord = {
        ...owner,
        description: '',
        keyManager: 'CUSTOMER',
        state: { kind: 'Enabled' },
        tags: [],
        policy,
        currentMaterialId: material.materialId,
      }
      return { key, material }
    }
    const commit = (commits: readonly (readonly Change[])[]): void => {
      const records = commits.map((changes) => ({ changes, expectations: [], record: '{"eventName":"MakeKeys"}' }))
      for (const outcome of storage.commitAll(records)) {
        if (outcome !== 'committed') throw outcome instanceof Error ? outcome : new Error(outcome)
      }
    }
    const store = async (changes: AsyncIterable<Change>): Promise<void> => {
      let waiting: Change[][] = [[]]
      for await (const change of changes) {
        waiting.at(-1)?.push(change)
        if (waiting.at(-1)?.length !== changesPerCommit) continue
        if (waiting.length === commitsAtOnce) {
          commit(waiting)
          waiting = []
        }
        waiting.push([])
      }
      commit(waiting.filter(({ length }) => length > 0))
    }
    await make({ keyStore, now: () => clock.now(), newKey, store })
    storage.checkpoint()
  } finally {
    installation.close()
  }
}

/** Adds `count` keys to the installation in `directory`. */
export async function makeKeys(directory: string, count: number): Promise<void> {
  await makeRows(directory, async ({ newKey, store }) => {
    const added = async function* (): AsyncGenerator<Change> {
      for (let made = 0; made < count; made += 1) yield { kind: 'key added', ...(await newKey()) }
    }
    await store(added())
  })
}

if (import.meta.main) await makeKeys(process.argv[2] ?? '', Number(process.argv[3]))
