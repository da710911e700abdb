/** Decrypt with a key of 10,000 materials, whose rows are made in the database itself, beside a key that has one. */
import { join } from 'node:path'
import { canonicalContext } from '#crypto/encryption-context.ts'
import type { Change } from '#records/change.ts'
import { makeRows } from '../test/faults/make-keys.ts'
import { createClient } from './client.ts'
import type { DriveSettings } from './measure.ts'
import { aligned, type Verdict } from './report.ts'
import { createSigner } from './signer.ts'
import { startService } from './started-server.ts'
import { readCredentials } from './target.ts'
import { medianOf, medianOfTurns, takeTurns, type Case, type Turns } from './turns.ts'

const turns = 5
const limit = 1.1
const names = {
  fresh: 'one material',
  one: 'one old of many',
  some: 'spread over 64 old ones',
  many: 'spread over all',
} as const

/** `blobs` of each material: more than one for few materials, so that a drive does not repeat one blob alone. */
interface Seeded {
  readonly keyId: string
  readonly fresh: readonly string[]
  readonly old: readonly string[]
  readonly sameOld: readonly string[]
}

const blobsOfOne = 1000

export interface MaterialResults {
  readonly materials: number
  readonly turns: Turns
  /** Milliseconds that one page of ListKeyRotations takes: 1,000 entries. */
  readonly listMillis: number
}

export async function measureMaterials(
  settings: DriveSettings,
  materials: number,
  serveArguments: readonly string[],
  progress: (line: string) => void,
): Promise<MaterialResults> {
  const dataDir = join(settings.folder, 'materials')
  // The first start makes the installation.
  await (await startService(settings.folder, dataDir, 1, serveArguments)).stop()
  progress(`making ${materials} materials`)
  const seeded = await seed(dataDir, materials)
  const service = await startService(settings.folder, dataDir, 1, serveArguments)
  const sign = createSigner(readCredentials(dataDir), new URL(service.url).host)
  const client = createClient(service.url, sign, 1)
  try {
    const count = Math.ceil(settings.requests / turns)
    const over = (name: string, blobs: readonly string[]): Case => ({
      name,
      server: service,
      sign,
      operation: 'Decrypt',
      count,
      body: (index) => JSON.stringify({ CiphertextBlob: blobs[index % blobs.length] }),
    })
    const cases = [
      over(names.fresh, seeded.fresh),
      over(names.one, seeded.sameOld),
      over(names.some, seeded.old.slice(0, 64)),
      over(names.many, seeded.old),
    ]
    const found = await takeTurns(settings, cases, turns, (line) => progress(`a key of many materials: ${line}`))
    const listed: number[] = []
    for (let each = 0; each < turns; each += 1) {
      const begin = performance.now()
      await client.call('ListKeyRotations', JSON.stringify({ KeyId: seeded.keyId, Limit: 1000 }))
      listed.push(performance.now() - begin)
    }
    return { materials, turns: found, listMillis: listed.toSorted((a, b) => a - b)[turns >> 1] ?? Number.NaN }
  } finally {
    client.close()
    await service.stop()
  }
}

async function seed(dataDir: string, materials: number): Promise<Seeded> {
  const context = canonicalContext(undefined)
  if (context === undefined) throw new Error('no context is a context')
  const old: string[] = []
  const sameOld: string[] = []
  const fresh: string[] = []
  let keyId = ''
  await makeRows(dataDir, async ({ keyStore, newKey, now, store }) => {
    const blob = async (record: Parameters<typeof keyStore.open>[0], count: number, into: string[]): Promise<void> => {
      const opened = await keyStore.open(record)
      if (opened.kind !== 'symmetric') throw new Error('not a symmetric key')
      for (let made = 0; made < count; made += 1) {
        into.push((await opened.encrypt(Buffer.alloc(32, made), context)).toString('base64'))
      }
    }
    const changes = async function* (): AsyncGenerator<Change> {
      const one = await newKey()
      await blob(one.material, blobsOfOne, fresh)
      yield { kind: 'key added', ...one }
      const { key, material } = await newKey()
      keyId = key.keyId
      await blob(material, 1, old)
      await blob(material, blobsOfOne, sameOld)
      yield { kind: 'key added', key, material }
      for (let made = 1; made < materials; made += 1) {
        const next = { ...(await keyStore.generate(key)), rotated: { date: now() + made, type: 'ON_DEMAND' as const } }
        await blob(next, 1, old)
        yield { kind: 'key rotated', key: { ...key, currentMaterialId: next.materialId }, material: next }
      }
    }
    await store(changes())
  })
  return { keyId, fresh, old, sameOld }
}

export function materialVerdicts({ turns: found }: MaterialResults): Verdict[] {
  return [names.one, names.some, names.many].map((name) => {
    const measured = medianOfTurns(found, (figure) => {
      const cpu = (of: string): number => figure(of, ({ cpuMicros }) => cpuMicros)
      return cpu(name) / cpu(names.fresh)
    })
    const met = measured === undefined ? undefined : measured <= limit
    return { target: `Decrypt, ${name}: CPU over that of a key with one material`, measured, limit, met }
  })
}

/** The measurements as a text table: medians of the turns. */
export function materialTable({ listMillis, materials, turns: found }: MaterialResults): string {
  const rows = [['Decrypt', 'CPU µs', 'requests/s', 'p99 ms', 'RSS MiB', '']]
  for (const name of Object.values(names)) {
    const of = (figure: Parameters<typeof medianOf>[2], digits: number): string =>
      medianOf(found, name, figure)?.toFixed(digits) ?? '-'
    rows.push([
      name,
      of(({ cpuMicros }) => cpuMicros, 1),
      of(({ requestsPerSecond }) => requestsPerSecond, 0),
      of(({ p99Millis }) => p99Millis, 2),
      of(({ residentBytes }) => (residentBytes ?? Number.NaN) / 1024 / 1024, 1),
      `turns ${(found.get(name) ?? []).map(({ cpuMicros }) => cpuMicros?.toFixed(0) ?? '-').join(' ')}`,
    ])
  }
  return `${aligned(rows, 1)}\na page of 1,000 of ${materials} rotations takes ${listMillis.toFixed(1)} ms`
}
