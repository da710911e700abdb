/** Encrypt under half load, alone and while one client has RSA-4096 data key pairs made without pause: by turns. */
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { createClient } from './client.ts'
import { drive, record, type DriveSettings } from './measure.ts'
import { playPaced, type PacedFigures } from './paced.ts'
import { aligned, type Verdict } from './report.ts'
import { createSigner } from './signer.ts'
import { startService } from './started-server.ts'
import { readCredentials } from './target.ts'
import { median } from './turns.ts'
import { createKeys, requestBody } from './workload.ts'

const turns = 5
const keys = 100
const limitMillis = 20

export interface PairResults {
  /** What the service did at full load just before: half of it is the load. */
  readonly fullPerSecond: number
  readonly alone: readonly PacedFigures[]
  readonly withPairs: readonly (PacedFigures & { readonly pairsPerSecond: number })[]
}

export async function measurePairs(
  settings: DriveSettings,
  serveArguments: readonly string[],
  progress: (line: string) => void,
): Promise<PairResults> {
  const dataDir = join(settings.folder, 'pairs')
  const service = await startService(settings.folder, dataDir, availableParallelism(), serveArguments)
  const sign = createSigner(readCredentials(dataDir), new URL(service.url).host)
  const client = createClient(service.url, sign, settings.connections)
  try {
    const keyIds = await createKeys(client, keys, settings.connections)
    const fixture = { keyIds, ciphertexts: [] }
    const recordingOf = (label: string, count: number): string =>
      record(settings, label, count, sign, (index) => ['Encrypt', requestBody('Encrypt', fixture, label, index)])
    let fullPerSecond = 0
    // The first one warms up.
    for (const label of ['full-0', 'full-1']) {
      progress(`Encrypt at full load: ${label}`)
      const count = settings.requests
      ;({ requestsPerSecond: fullPerSecond } = await drive(settings, recordingOf(label, count), count, service))
    }
    const paced = async (label: string): Promise<PacedFigures> => {
      const recording = recordingOf(label, Math.ceil(settings.requests / turns))
      return await playPaced(service.url, recording, fullPerSecond / 2, settings.connections)
    }
    const alone: PacedFigures[] = []
    const withPairs: (PacedFigures & { readonly pairsPerSecond: number })[] = []
    for (let turn = 1; turn <= turns; turn += 1) {
      progress(`RSA-4096 pairs beside Encrypt: turn ${turn} of ${turns}`)
      alone.push(await paced(`alone-${turn}`))
      const ending = new AbortController()
      let pairs = 0
      const pairing = (async () => {
        while (!ending.signal.aborted) {
          const body = JSON.stringify({ KeyId: keyIds[0], KeyPairSpec: 'RSA_4096' })
          await client.call('GenerateDataKeyPair', body)
          pairs += 1
        }
      })()
      const begin = performance.now()
      const beside = await paced(`beside-${turn}`)
      ending.abort()
      await pairing
      withPairs.push({ ...beside, pairsPerSecond: (1000 * pairs) / (performance.now() - begin) })
    }
    return { fullPerSecond, alone, withPairs }
  } finally {
    client.close()
    await service.stop()
  }
}

export function pairVerdicts({ withPairs }: PairResults): Verdict[] {
  const measured = median(withPairs.map(({ p99Millis }) => p99Millis))
  const met = measured === undefined ? undefined : measured < limitMillis
  return [{ target: 'p99 ms of Encrypt under half load beside RSA-4096 pairs', measured, limit: limitMillis, met }]
}

/** The measurements as a text table: medians of the turns. */
export function pairTable({ fullPerSecond, alone, withPairs }: PairResults): string {
  const rows = [['Encrypt under half load', 'requests/s', 'p50 ms', 'p99 ms', 'max ms', 'late ms', 'pairs/s', '']]
  const add = (name: string, figures: readonly PacedFigures[], pairs: number | undefined): void => {
    const of = (figure: (one: PacedFigures) => number, digits: number): string =>
      median(figures.map(figure))?.toFixed(digits) ?? '-'
    rows.push([
      name,
      of(({ requestsPerSecond }) => requestsPerSecond, 0),
      of(({ p50Millis }) => p50Millis, 2),
      of(({ p99Millis }) => p99Millis, 2),
      of(({ maxMillis }) => maxMillis, 1),
      of(({ late99Millis }) => late99Millis, 2),
      pairs?.toFixed(1) ?? '-',
      `p99 of turns ${figures.map(({ p99Millis }) => p99Millis.toFixed(1)).join(' ')}`,
    ])
  }
  add('alone', alone, undefined)
  add('beside RSA-4096 pairs', withPairs, median(withPairs.map(({ pairsPerSecond }) => pairsPerSecond)))
  return `${aligned(rows, 1)}\nfull load: ${fullPerSecond.toFixed(0)} requests/s`
}
