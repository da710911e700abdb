/**
 * Fills the database of an installation whose server is stopped with keys, in big transactions: making 100,000 of them
 * over the wire would take minutes. As a command: node test/faults/make-keys.ts DIR COUNT
 */
import { parseKeyId } from '#base/brand.ts'
import { loadSettings } from '#config/load-settings.ts'
import { createSoftwareKeyStore } from '#keystores/software/key-store.ts'
import { defaultKeyPolicy } from '#kms/key/default-policy.ts'
import type { Change } from '#records/change.ts'
import type { KeyRecord } from '#records/key.ts'
import { openInstallation } from '#server/installation.ts'
import { createLog } from '#server/log.ts'
import { allocateClockOffset, systemClock, systemRandom, systemKeyPairs } from '../../src/system.ts'

const keysPerCommit = 500
const commitsAtOnce = 10

/** Adds `count` keys to the installation in `directory`. */
export async function makeKeys(directory: string, count: number): Promise<void> {
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
    const added = async (): Promise<Change> => {
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
      return { kind: 'key added', key, material }
    }
    let rest = count
    while (rest > 0) {
      const commits: { changes: Change[]; expectations: []; record: string }[] = []
      for (; rest > 0 && commits.length < commitsAtOnce; rest -= Math.min(rest, keysPerCommit)) {
        const changes: Change[] = []
        for (let index = 0; index < Math.min(rest, keysPerCommit); index += 1) changes.push(await added())
        commits.push({ changes, expectations: [], record: '{"eventName":"MakeKeys"}' })
      }
      for (const outcome of storage.commitAll(commits)) {
        if (outcome !== 'committed') throw outcome instanceof Error ? outcome : new Error(outcome)
      }
    }
    storage.checkpoint()
  } finally {
    installation.close()
  }
}

if (import.meta.main) await makeKeys(process.argv[2] ?? '', Number(process.argv[3]))
