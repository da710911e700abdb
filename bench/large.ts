/** An installation with very many keys beside one with few: how soon it is ready, what Decrypt costs, what memory it takes. */
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { makeKeys } from '../test/faults/make-keys.ts'
import { createClient, type Client } from './client.ts'
import { member } from './json.ts'
import { drive, record, type DriveSettings, type Figures } from './measure.ts'
import { aligned, type Verdict } from './report.ts'
import { createSigner } from './signer.ts'
import { startService, type StartedServer } from './started-server.ts'
import { readCredentials } from './target.ts'
import { median, medianOf, medianOfTurns, takeTurns, type Case, type Turns } from './turns.ts'
import { usageOf } from './usage.ts'
import { requestBody, sealCiphertexts } from './workload.ts'

const turns = 5
const starts = 3
const fewKeys = 1000
const touchedKeys = 50_000
const readyLimitMillis = 3000
const decryptLimit = 1.1
const pageSize = 1000
const quietMicrosPerSecond = 30_000
const longestQuietSeconds = 600

const names = { few: 'few keys', many: 'many keys' } as const

export interface LargeResults {
  readonly keys: number
  readonly workers: number
  /** From the start of the process to its line that says it is ready: each start. */
  readonly readyMillis: readonly number[]
  /** How long the service went on checking rows after a start. */
  readonly busySeconds: number
  readonly turns: Turns
  readonly idleBytes: number | undefined
  /** One request to each of so many keys, twice: the first time all are strange. */
  readonly touched: number
  readonly touching: readonly Figures[]
}

export async function measureLarge(
  settings: DriveSettings,
  keys: number,
  keep: string | undefined,
  serveArguments: readonly string[],
  progress: (line: string) => void,
): Promise<LargeResults> {
  const workers = availableParallelism()
  const start = (dataDir: string): Promise<StartedServer> =>
    startService(settings.folder, dataDir, workers, serveArguments)
  const few = join(settings.folder, 'few')
  const many = join(keep ?? settings.folder, `keys-${keys}`)
  await make(few, fewKeys)
  await make(many, keys)
  const readyMillis: number[] = []
  const timed = async (): Promise<StartedServer> => {
    const begin = performance.now()
    const server = await start(many)
    readyMillis.push(performance.now() - begin)
    return server
  }
  progress(`starting with ${keys} keys`)
  for (let each = 1; each < starts; each += 1) await (await timed()).stop()
  const large = await timed()
  const small = await start(few)
  try {
    const busySeconds = await quiet(large.pid)
    const idleBytes = usageOf(large.pid)?.residentBytes
    const count = Math.ceil(settings.requests / turns)
    const over = async (name: string, server: StartedServer, dataDir: string): Promise<Case> => {
      const sign = createSigner(readCredentials(dataDir), new URL(server.url).host)
      const client = createClient(server.url, sign, settings.connections)
      const keyIds = await listKeys(client, fewKeys)
      const ciphertexts = await sealCiphertexts(client, keyIds, fewKeys, settings.connections)
      client.close()
      const body = (index: number): string => requestBody('Decrypt', { keyIds, ciphertexts }, name, index)
      return { name, server, sign, operation: 'Decrypt', count, body }
    }
    const cases = [await over(names.few, small, few), await over(names.many, large, many)]
    const found = await takeTurns(settings, cases, turns, (line) => progress(`many keys: ${line}`))
    progress('many keys: using one after another')
    const sign = createSigner(readCredentials(many), new URL(large.url).host)
    const client = createClient(large.url, sign, 1)
    const keyIds = await listKeys(client, Math.min(touchedKeys, keys))
    client.close()
    const touching: Figures[] = []
    for (const label of ['touch-0', 'touch-1']) {
      const request = (index: number) =>
        ['Encrypt', requestBody('Encrypt', { keyIds, ciphertexts: [] }, label, index)] as const
      const recording = record(settings, label, keyIds.length, sign, request)
      touching.push(await drive(settings, recording, keyIds.length, large))
      rmSync(recording, { force: true })
    }
    return { keys, workers, readyMillis, busySeconds, turns: found, idleBytes, touched: keyIds.length, touching }
  } finally {
    await large.stop()
    await small.stop()
  }

  /** Makes an installation, unless an earlier run has. */
  async function make(dataDir: string, count: number): Promise<void> {
    const whole = `${dataDir}.whole`
    if (existsSync(whole)) return
    progress(`making ${count} keys`)
    rmSync(dataDir, { recursive: true, force: true })
    mkdirSync(dataDir, { recursive: true })
    await (await start(dataDir)).stop()
    await makeKeys(dataDir, count)
    writeFileSync(whole, '')
  }
}

/** Waits until a process has next to nothing to do, and answers the seconds that took. */
async function quiet(pid: number): Promise<number> {
  const begin = performance.now()
  const seconds = (): number => (performance.now() - begin) / 1000
  for (let last = usageOf(pid)?.cpuMicros; last !== undefined && seconds() < longestQuietSeconds;) {
    await sleep(1000)
    const now = usageOf(pid)?.cpuMicros ?? 0
    if (now - last < quietMicrosPerSecond) return seconds() - 1
    last = now
  }
  return seconds()
}

async function listKeys(client: Client, count: number): Promise<readonly string[]> {
  const found: string[] = []
  let marker: unknown
  do {
    const { body } = await client.call('ListKeys', JSON.stringify({ Limit: pageSize, Marker: marker }))
    const page = member(body, 'Keys')
    if (!Array.isArray(page)) throw new Error('ListKeys answered no keys')
    for (const each of page) found.push(String(member(each, 'KeyId')))
    marker = member(body, 'NextMarker')
  } while (marker !== undefined && found.length < count)
  return found.slice(0, count)
}

export function largeVerdicts({ keys, readyMillis, turns: found }: LargeResults): Verdict[] {
  const ready = median(readyMillis)
  const cpu = medianOfTurns(found, (figure) => {
    const of = (name: string): number => figure(name, ({ cpuMicros }) => cpuMicros)
    return of(names.many) / of(names.few)
  })
  const verdict = (target: string, measured: number | undefined, limit: number): Verdict => ({
    target,
    measured,
    limit,
    met: measured === undefined ? undefined : measured <= limit,
  })
  return [
    verdict(`ms until ready with ${keys} keys`, ready, readyLimitMillis),
    verdict(`Decrypt: CPU with ${keys} keys over that with ${fewKeys}`, cpu, decryptLimit),
  ]
}

/** The measurements as text: medians of the turns. */
export function largeTable(results: LargeResults): string {
  const { busySeconds, idleBytes, keys, readyMillis, touched, touching, turns: found, workers } = results
  const mebibytes = (bytes: number | undefined): string =>
    bytes === undefined ? '-' : (bytes / workers / 1024 / 1024).toFixed(1)
  const rows = [['', 'CPU µs', 'requests/s', 'p99 ms', 'RSS MiB per worker', '']]
  for (const name of Object.values(names)) {
    const of = (figure: Parameters<typeof medianOf>[2], digits: number): string =>
      medianOf(found, name, figure)?.toFixed(digits) ?? '-'
    rows.push([
      `Decrypt, ${name === names.few ? fewKeys : keys} keys, ${fewKeys} in use`,
      of(({ cpuMicros }) => cpuMicros, 1),
      of(({ requestsPerSecond }) => requestsPerSecond, 0),
      of(({ p99Millis }) => p99Millis, 2),
      mebibytes(medianOf(found, name, ({ residentBytes }) => residentBytes)),
      `turns ${(found.get(name) ?? []).map(({ cpuMicros }) => cpuMicros?.toFixed(0) ?? '-').join(' ')}`,
    ])
  }
  for (const [time, { cpuMicros, p99Millis, requestsPerSecond, residentBytes }] of touching.entries()) {
    rows.push([
      `Encrypt, ${keys} keys, ${touched} in use, ${time === 0 ? 'first' : 'second'} time`,
      cpuMicros?.toFixed(1) ?? '-',
      requestsPerSecond.toFixed(0),
      p99Millis.toFixed(2),
      mebibytes(residentBytes),
      '',
    ])
  }
  const ready = readyMillis.map((millis) => millis.toFixed(0)).join(', ')
  return (
    `${aligned(rows, 1)}\nready after ${ready} ms, then busy with checking rows for ${busySeconds.toFixed(0)} s; ` +
    `${workers} workers, ${mebibytes(idleBytes)} MiB each before the first request`
  )
}
