/** From flags, environment and file to Settings: each wins over the one behind it, and all over the defaults. */
import { partitionOf } from '#base/arn.ts'
import { isLoopback } from '#base/loopback.ts'
import { parseRegion } from '#base/brand.ts'
import type { Region } from '#base/brand.ts'
import { flagOf, maxWorkers, options, thisMachine, variableOf } from './options.ts'
import type { Machine, OptionDefinition } from './options.ts'
import type { Address, AuditSettings, PrivateEndpointSettings, RootAccessKey } from './settings.ts'
import type { SealSettings, Settings, TlsSettings } from './settings.ts'
import { Sources } from './sources.ts'
import type { Environment, Flags } from './sources.ts'
import { path } from './values.ts'

const defaultListen: Address = { host: '127.0.0.1', port: 8736 }
const MiB = 2 ** 20

/** What an operator's command needs to work on a directory by itself. */
export type DirectorySettings = Pick<Settings, 'dataDir' | 'seal' | 'anchor'>

/** The settings of a start. Throws ConfigError with all problems. */
export async function loadSettings(
  flags: Flags,
  environment: Environment,
  machine: Machine = thisMachine(),
): Promise<Settings> {
  const sources = await Sources.open(flags, environment, machine)
  const listen = sources.read(options.listen)
  const address = listen?.value ?? defaultListen
  const testProfile = sources.read(options.testProfile)?.value ?? false
  const settings: Settings = {
    dataDir: dataDirOf(sources, machine),
    listen: address,
    metricsListen: metricsAddress(sources, address),
    privateEndpoints: privateEndpointsOf(sources, address),
    trustedProxies: sources.read(options.trustedProxies)?.value ?? [],
    regions: regionsOf(sources),
    account: sources.read(options.account)?.value,
    workers: workersOf(sources, machine),
    publicUrl: sources.read(options.publicUrl)?.value,
    tls: tlsOf(sources),
    allowPlaintext: sources.read(options.allowPlaintext)?.value ?? false,
    seal: sealOf(sources, machine, testProfile),
    anchor: sources.read(options.anchor)?.value,
    oidc: {
      caFile: sources.read(options.oidcCaFile)?.value,
      allowedHosts: sources.read(options.oidcAllowedHosts)?.value,
      keyFiles: (sources.read(options.oidcKeys)?.value ?? []).map(({ id, value }) => ({ issuer: id, file: value })),
    },
    attestation: {
      rootFiles: sources.read(options.attestationRoots)?.value ?? [],
      maxAgeSeconds: sources.read(options.attestationMaxAge)?.value ?? 300,
    },
    audit: auditOf(sources),
    testProfile,
    seed: ofTestProfile(sources, options.seed, testProfile),
    faults: ofTestProfile(sources, options.faults, testProfile) ?? [],
    onDemandRotations: sources.read(options.onDemandRotations)?.value ?? 25,
    clockSkewSeconds: sources.read(options.clockSkew)?.value ?? 900,
    logLevel: sources.read(options.logLevel)?.value ?? 'info',
    rootAccessKey: rootAccessKeyOf(sources, address),
  }
  if (listen !== undefined) refusePlaintext(sources, listen.value, listen.where, settings)
  for (const { listen: privateAddress } of settings.privateEndpoints) {
    refusePlaintext(sources, privateAddress, flagOf(options.privateEndpoints), settings)
  }
  sources.finish()
  return settings
}

/** The same for a command that works on a directory; other settings are not looked at. Throws ConfigError. */
export async function loadDirectorySettings(
  flags: Flags,
  environment: Environment,
  machine: Machine = thisMachine(),
): Promise<DirectorySettings> {
  const sources = await Sources.open(flags, environment, machine)
  const settings = {
    dataDir: dataDirOf(sources, machine),
    seal: sealOf(sources, machine, false),
    anchor: sources.read(options.anchor)?.value,
  }
  sources.finish()
  return settings
}

/** A setting that means something with the test profile only. */
function ofTestProfile<T>(sources: Sources, option: OptionDefinition<T>, testProfile: boolean): T | undefined {
  const given = sources.read(option)
  if (given === undefined || testProfile) return given?.value
  sources.problem(given.where, `this is for tests only; add ${flagOf(options.testProfile)}, or leave it out`)
  return undefined
}

function dataDirOf(sources: Sources, machine: Machine): string {
  return sources.read(options.dataDir)?.value ?? path('data', machine.cwd)
}

function refusePlaintext(sources: Sources, value: Address, where: string, settings: Settings): void {
  if (isLoopback(value.host) || settings.tls.kind !== 'off' || settings.allowPlaintext) return
  sources.problem(
    where,
    `${value.host}:${value.port} can be reached from other machines and plaintexts would cross the network unencrypted; ` +
      'add --tls self-signed (or --tls-cert and --tls-key), or --allow-plaintext if something in front of trent speaks TLS',
  )
}

function metricsAddress(sources: Sources, listen: Address): Address | undefined {
  const metrics = sources.read(options.metricsListen)
  if (metrics === undefined) return undefined
  if (metrics.value.port !== 0 && metrics.value.port === listen.port && metrics.value.host === listen.host) {
    sources.problem(metrics.where, 'this is the address that requests are served on; choose another port')
  }
  return metrics.value
}

function privateEndpointsOf(sources: Sources, listen: Address): readonly PrivateEndpointSettings[] {
  const given = sources.read(options.privateEndpoints)
  const vpcs = sources.read(options.privateEndpointVpcs)
  const policies = sources.read(options.privateEndpointPolicies)
  const endpoints = given?.value ?? []
  const ids = endpoints.map(({ id }) => id)
  for (const given of [vpcs, policies]) {
    const stranger = given?.value.find(({ id }) => !ids.includes(id))
    if (given === undefined || stranger === undefined) continue
    sources.problem(
      given.where,
      `there is no private endpoint ${stranger.id}; give it an address with ${flagOf(options.privateEndpoints)} ${stranger.id}=HOST:PORT`,
    )
  }
  if (given !== undefined) {
    const twice = ids.find((id, index) => ids.indexOf(id) < index)
    if (twice !== undefined)
      sources.problem(given.where, `${twice} is there twice; give each private endpoint one address`)
    const taken = endpoints.find(
      ({ value: { host, port } }) => port !== 0 && port === listen.port && host === listen.host,
    )
    if (taken !== undefined) {
      sources.problem(given.where, `${taken.id} has the address that requests are served on; choose another port`)
    }
  }
  return endpoints.map(({ id, value }) => ({
    id,
    listen: value,
    vpc: vpcs?.value.find((each) => each.id === id)?.value,
    policyFile: policies?.value.find((each) => each.id === id)?.value,
  }))
}

function regionsOf(sources: Sources): readonly [Region, ...Region[]] {
  const given = sources.read(options.regions)
  const [first, ...rest] = given?.value ?? []
  if (given === undefined || first === undefined) {
    const region = parseRegion('us-east-1')
    if (region === undefined) throw new TypeError('the default region does not parse')
    return [region]
  }
  const repeated = rest.find((region, index) => region === first || rest.indexOf(region) < index)
  if (repeated !== undefined) sources.problem(given.where, `${repeated} is there twice; write each region once`)
  const stranger = rest.find((region) => partitionOf(region) !== partitionOf(first))
  if (stranger !== undefined) {
    sources.problem(
      given.where,
      `${first} is in the partition ${partitionOf(first)} and ${stranger} in ${partitionOf(stranger)}; ` +
        'one server serves one partition: start another one for the other',
    )
  }
  return [first, ...rest]
}

function workersOf(sources: Sources, { cores, platform }: Machine): number {
  const workers = sources.read(options.workers)?.value ?? Math.min(cores, maxWorkers)
  // Elsewhere SO_REUSEPORT is missing, or doesn't share connections out (https://nodejs.org/api/net.html#serverlisten).
  return platform === 'linux' || platform === 'freebsd' ? workers : 1
}

function tlsOf(sources: Sources): TlsSettings {
  const tls = sources.read(options.tls)
  const cert = sources.read(options.tlsCert)
  const key = sources.read(options.tlsKey)
  const file = cert ?? key
  if (file === undefined) return { kind: tls?.value ?? 'off' }
  if (tls !== undefined) {
    sources.problem(tls.where, `${flagOf(options.tls)} and ${file.where} contradict each other; give one of them`)
  }
  if (cert === undefined || key === undefined) {
    const missing = cert === undefined ? options.tlsCert : options.tlsKey
    sources.problem(file.where, `a certificate and its key go together; give ${flagOf(missing)} as well`)
    return { kind: 'off' }
  }
  return { kind: 'files', cert: cert.value, key: key.value }
}

function sealOf(sources: Sources, machine: Machine, testProfile: boolean): SealSettings {
  const seal = sources.read(options.seal)
  const file = sources.read(options.sealPassphraseFile)
  const variable = sources.read(options.sealPassphrase)
  const choice = seal?.value ?? { type: 'key-file', path: undefined }
  if (testProfile && seal !== undefined && (choice.type !== 'key-file' || choice.path !== undefined)) {
    sources.problem(
      seal.where,
      `${flagOf(options.testProfile)} is for tests and works with the default seal only; leave one of the two out`,
    )
  }
  if (choice.type === 'key-file') {
    const unused = file ?? variable
    if (unused !== undefined) {
      sources.problem(
        unused.where,
        'a passphrase is given, but the seal is a key file; add --seal passphrase, or remove it',
      )
    }
    return { kind: 'key-file', path: choice.path }
  }
  if (file !== undefined && variable !== undefined) {
    sources.problem(file.where, `the passphrase is also in ${variable.where}; give it in one place`)
  }
  if (file !== undefined) return { kind: 'passphrase', source: { kind: 'file', path: file.value } }
  if (variable !== undefined) {
    return { kind: 'passphrase', source: { kind: 'environment', variable: variableOf(options.sealPassphrase) } }
  }
  if (!machine.interactive) {
    sources.problem(
      seal?.where ?? flagOf(options.seal),
      'there is no passphrase and no terminal to ask for it; give --seal-passphrase-file, or set TRENT_SEAL_PASSPHRASE',
    )
  }
  return { kind: 'passphrase', source: { kind: 'terminal' } }
}

function auditOf(sources: Sources): AuditSettings {
  return {
    onFailure: sources.read(options.auditOnFailure)?.value ?? 'refuse',
    spoolBytes: sources.read(options.auditSpoolSize)?.value ?? 64 * MiB,
    retentionDays: sources.read(options.auditRetention)?.value ?? 90,
    retentionBytes: sources.read(options.auditRetentionSize)?.value ?? 10 * 1024 * MiB,
    minFreeBytes: sources.read(options.auditMinFree)?.value ?? 64 * MiB,
  }
}

function rootAccessKeyOf(sources: Sources, listen: Address): RootAccessKey | undefined {
  const id = sources.read(options.rootAccessKeyId)
  const secret = sources.read(options.rootSecretAccessKey)
  if (id === undefined || secret === undefined) {
    const half = id ?? secret
    const missing = id === undefined ? options.rootAccessKeyId : options.rootSecretAccessKey
    // A half that is wrong has been reported already.
    if (half !== undefined && !sources.has(missing)) {
      sources.problem(half.where, `an access key has two halves; set ${variableOf(missing)} as well`)
    }
    return undefined
  }
  const isShort = id.value.length < 16 || secret.value.length < 40
  if (isShort && !isLoopback(listen.host)) {
    const half = id.value.length < 16 ? id : secret
    sources.problem(
      half.where,
      'the access key is too short for an address that others can reach; ' +
        'use at least 16 characters for its id and 40 for its secret, or listen on loopback',
    )
  }
  return { id: id.value, secret: secret.value }
}
