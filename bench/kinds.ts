/**
 * What the kinds of keys cost that are not symmetric: server CPU per request beside the bare cryptography of Node.js and beside
 * DescribeKey, which costs what every request does. For RSA the rate too, with a worker on each core, beside bare loops on as many
 * and beside an echo on as many threads that does nothing but sign.
 */
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import type { BareKind } from './bare.ts'
import { startBareLoop, type BareLoop } from './bare-loop.ts'
import { createClient, type Client } from './client.ts'
import { createKeysOf, keyOf, kindBodies, type KeyKind } from './kind-bodies.ts'
import type { DriveSettings } from './measure.ts'
import { aligned, type Verdict } from './report.ts'
import { createSigner, type Signer } from './signer.ts'
import { startEcho, startService, type StartedServer } from './started-server.ts'
import { readCredentials } from './target.ts'
import { medianOf, medianOfTurns, takeTurns, warmUp, type Case, type OtherCase, type Turns } from './turns.ts'

const turns = 5
const describeLimit = 1.2
const rateLimit = 0.88

/** A case of one worker: what is asked of which keys, and the bare cryptography that it can't do without. */
interface KindCase {
  readonly name: string
  readonly bare: BareKind
  readonly key: KeyKind
  readonly operation: string
  /** What share of a quick case's requests is sent: the slow ones would take minutes. */
  readonly share: number
  body(keyId: string, index: number): string
}

const signing = 'SIGN_VERIFY'
const p256: KindCase = {
  name: 'Sign ECDSA P-256',
  bare: 'P-256',
  key: { KeySpec: 'ECC_NIST_P256', KeyUsage: signing },
  operation: 'Sign',
  share: 1,
  body: (keyId) => kindBodies.sign(keyId, 'ECDSA_SHA_256'),
}
const rsa = (name: string, bare: BareKind, algorithm: string): KindCase => ({
  name,
  bare,
  key: { KeySpec: 'RSA_2048', KeyUsage: signing },
  operation: 'Sign',
  share: 0.25,
  body: (keyId) => kindBodies.sign(keyId, algorithm),
})
const rsaCases = [
  rsa('Sign RSA-2048 PSS', 'RSA-2048 PSS', 'RSASSA_PSS_SHA_256'),
  rsa('Sign RSA-2048 PKCS1', 'RSA-2048 PKCS1', 'RSASSA_PKCS1_V1_5_SHA_256'),
]
const symmetric = { KeySpec: 'SYMMETRIC_DEFAULT', KeyUsage: 'ENCRYPT_DECRYPT' }
const kindCases: readonly KindCase[] = [
  p256,
  {
    ...p256,
    name: 'Sign Ed25519',
    bare: 'Ed25519',
    key: { KeySpec: 'ECC_NIST_EDWARDS25519', KeyUsage: signing },
    body: (keyId) => kindBodies.sign(keyId, 'ED25519_SHA_512'),
  },
  {
    ...p256,
    name: 'Sign ML-DSA-65',
    bare: 'ML-DSA-65',
    key: { KeySpec: 'ML_DSA_65', KeyUsage: signing },
    share: 0.1,
    body: (keyId) => kindBodies.sign(keyId, 'ML_DSA_SHAKE_256'),
  },
  ...rsaCases,
  {
    ...rsa('Sign RSA-2048 PSS, DIGEST', 'RSA-2048 PSS', 'RSASSA_PSS_SHA_256'),
    body: (keyId, index) => kindBodies.signDigest(keyId, 'RSASSA_PSS_SHA_256', index),
  },
  {
    name: 'GenerateMac HMAC_256',
    bare: 'HMAC',
    key: { KeySpec: 'HMAC_256', KeyUsage: 'GENERATE_VERIFY_MAC' },
    operation: 'GenerateMac',
    share: 1,
    body: (keyId) => kindBodies.mac(keyId),
  },
  {
    name: 'DeriveSharedSecret P-256',
    bare: 'ECDH',
    key: { KeySpec: 'ECC_NIST_P256', KeyUsage: 'KEY_AGREEMENT' },
    operation: 'DeriveSharedSecret',
    share: 1,
    body: (keyId) => kindBodies.agree(keyId),
  },
  {
    name: 'GenerateDataKeyPair P-256',
    bare: 'pair P-256',
    key: symmetric,
    operation: 'GenerateDataKeyPair',
    share: 1,
    body: (keyId) => kindBodies.pair(keyId, 'ECC_NIST_P256'),
  },
  {
    name: 'GenerateDataKeyPair RSA-2048',
    bare: 'pair RSA-2048',
    key: symmetric,
    operation: 'GenerateDataKeyPair',
    share: 0.003,
    body: (keyId) => kindBodies.pair(keyId, 'RSA_2048'),
  },
]

const describeName = 'DescribeKey'
const echoName = 'echo'
const signingEchoName = 'echo that signs RSA-2048 PSS'
const bareName = (name: string): string => `bare ${name}`

export interface KindResults {
  readonly oneWorker: Turns
  /** RSA alone, with a worker on each core. */
  readonly allCores: Turns
  readonly cores: number
}

/** Measures on services of its own, in `settings.folder`; the requests of a run are shared out among the turns. */
export async function measureKinds(
  settings: DriveSettings,
  serveArguments: readonly string[],
  progress: (line: string) => void,
): Promise<KindResults> {
  const dataDir = join(settings.folder, 'kinds')
  const count = Math.max(1, Math.ceil(settings.requests / turns))
  const cores = availableParallelism()
  const run = async (workers: number, chosen: readonly KindCase[], share: number, isWhole: boolean): Promise<Turns> => {
    progress(`the kinds of keys, ${workers} worker(s): creating keys`)
    const service = await startService(settings.folder, dataDir, workers, serveArguments)
    const sign = createSigner(readCredentials(dataDir), new URL(service.url).host)
    const connections = settings.connections * workers
    const client = createClient(service.url, sign, settings.connections)
    const bare: BareLoop[] = []
    let echo: StartedServer | undefined
    try {
      const cases: (Case | OtherCase)[] = []
      const keyIds = await createKeysOf(client, symmetric)
      const body = (index: number): string => kindBodies.describe(keyOf(keyIds, index))
      const describe = { name: describeName, server: service, sign, operation: 'DescribeKey', count, body, connections }
      progress(`the kinds of keys, ${workers} worker(s): warming up`)
      // Each worker compiles for itself, first what all requests pass through.
      await warmUp(settings, describe, settings.warmUp * workers)
      for (const each of chosen) {
        const requests = Math.max(4, Math.ceil(count * each.share * share))
        const kind = { ...(await caseOf(each, service, client, sign, requests)), connections }
        await warmUp(settings, kind, Math.max(4, Math.ceil(settings.warmUp * each.share * workers)))
        cases.push(kind)
        const loop = startBareLoop(bareName(each.name), each.bare, isWhole ? 1 : cores, requests)
        bare.push(loop)
        cases.push(loop)
      }
      if (isWhole) {
        const { shape } = await client.call('DescribeKey', body(0))
        echo = await startEcho(settings.folder, shape)
        cases.push(describe, { ...describe, name: echoName, server: echo })
      } else {
        const [kind] = cases
        if (kind !== undefined && 'body' in kind) {
          const { shape } = await client.call(kind.operation, kind.body(0))
          echo = await startEcho(settings.folder, shape, workers, 'signs')
          cases.push({ ...kind, name: signingEchoName, server: echo })
        }
      }
      return await takeTurns(settings, cases, turns, (line) => progress(`the kinds of keys: ${line}`))
    } finally {
      client.close()
      for (const loop of bare) loop.stop()
      await echo?.stop()
      await service.stop()
    }
  }
  return { oneWorker: await run(1, kindCases, 1, true), allCores: await run(cores, rsaCases, 2, false), cores }
}

async function caseOf(
  each: KindCase,
  server: StartedServer,
  client: Client,
  sign: Signer,
  count: number,
): Promise<Case> {
  const keyIds = await createKeysOf(client, each.key)
  const { name, operation } = each
  return { name, server, sign, operation, count, body: (index) => each.body(keyOf(keyIds, index), index) }
}

export function kindVerdicts({ oneWorker, allCores, cores }: KindResults): Verdict[] {
  const ecdsa = medianOfTurns(oneWorker, (figure) => {
    const cpu = (name: string): number => figure(name, ({ cpuMicros }) => cpuMicros)
    const [echo, describe] = [cpu(echoName), cpu(describeName)]
    return cpu(p256.name) / (echo + cpu(bareName(p256.name)) + describeLimit * (describe - echo))
  })
  const verdict = (target: string, measured: number | undefined, limit: number, atLeast: boolean): Verdict => ({
    target,
    measured,
    limit,
    met: measured === undefined ? undefined : atLeast ? measured >= limit : measured <= limit,
  })
  return [
    verdict("Sign ECDSA P-256: CPU over echo + bare + 1.2 times DescribeKey's own", ecdsa, 1, false),
    ...rsaCases.map(({ name }) => {
      const rate = medianOfTurns(allCores, (figure) => {
        const perSecond = (of: string): number => figure(of, ({ requestsPerSecond }) => requestsPerSecond)
        return perSecond(name) / perSecond(bareName(name))
      })
      return verdict(`${name}: rate over bare loops on ${cores} cores, at least`, rate, rateLimit, true)
    }),
  ]
}

/** The measurements as a text table: medians of the turns. */
export function kindTable({ oneWorker, allCores, cores }: KindResults): string {
  const rows = [['kind', 'workers', 'CPU µs', 'bare µs', 'beyond', 'requests/s', 'bare/s', 'p50 ms', 'p99 ms', '']]
  const add = (turnsOf: Turns, name: string, workers: string, bare = bareName(name)): void => {
    const of = (which: string, figure: Parameters<typeof medianOf>[2], digits: number): string => {
      const value = medianOf(turnsOf, which, figure)
      return value === undefined || Number.isNaN(value) ? '-' : value.toFixed(digits)
    }
    const beyond = medianOfTurns(turnsOf, (figure) => {
      return figure(name, ({ cpuMicros }) => cpuMicros) - figure(bare, ({ cpuMicros }) => cpuMicros)
    })
    rows.push([
      name,
      workers,
      of(name, ({ cpuMicros }) => cpuMicros, 1),
      of(bare, ({ cpuMicros }) => cpuMicros, 1),
      beyond?.toFixed(1) ?? '-',
      of(name, ({ requestsPerSecond }) => requestsPerSecond, 0),
      of(bare, ({ requestsPerSecond }) => requestsPerSecond, 0),
      of(name, ({ p50Millis }) => p50Millis, 2),
      of(name, ({ p99Millis }) => p99Millis, 2),
      `turns ${(turnsOf.get(name) ?? []).map(({ cpuMicros }) => cpuMicros?.toFixed(0) ?? '-').join(' ')}`,
    ])
  }
  for (const name of [echoName, describeName]) add(oneWorker, name, name === echoName ? '-' : '1')
  for (const { name } of kindCases) add(oneWorker, name, '1')
  for (const { name } of rsaCases) add(allCores, name, String(cores))
  add(allCores, signingEchoName, String(cores), bareName(rsaCases[0]?.name ?? ''))
  return aligned(rows, 1)
}
