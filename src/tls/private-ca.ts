/**
 * `--tls self-signed`: a private certificate authority in DIR/tls and a server certificate from it, for clients that trust
 * DIR/tls/ca.crt. The authority stays, so that clients need to be told once; the server's certificate is renewed.
 */
import { dayMs } from '#base/day.ts'
import { createPrivateKey, createPublicKey, X509Certificate } from 'node:crypto'
import { mkdir, readFile } from 'node:fs/promises'
import { isIP } from 'node:net'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { tlsMaterial } from './material.ts'
import type { TlsMaterial } from '#ports/tls.ts'
import type { Clock, Random } from '#ports/edge.ts'
import { writeDurably } from '#files/durable-file.ts'
import { fileReason, isMissing } from '#files/file-reason.ts'
import type { IssuedPair, Period } from './issue.ts'
import { TlsError } from './tls-error.ts'

export interface PrivateCaOptions {
  /** DIR/tls; made when there is none. */
  readonly directory: string
  /** DNS names and IP addresses that clients call: see `serverNames`. */
  readonly names: readonly string[]
  readonly clock: Clock
  readonly random: Random
}

const hour = 3_600_000
const authorityLifetime = 3653 * dayMs
// Some clients accept no server certificate that lives longer than 398 days.
const serverLifetime = 397 * dayMs
const renewalMargin = 30 * dayMs

/** Where the authority's certificate is, for the trust stores of clients. */
export function authorityFile(directory: string): string {
  return join(directory, 'ca.crt')
}

/** What names a server goes by come from. */
export interface ServerNaming {
  readonly listen: { readonly host: string; readonly port?: number }
  readonly publicUrl: string | undefined
}

/** What clients may call the server: loopback, this machine's name, the address listened on and the public one. */
export function serverNames({ listen, publicUrl }: ServerNaming): readonly string[] {
  const publicHost = publicUrl === undefined ? [] : [new URL(publicUrl).hostname.replace(/^\[(.*)\]$/, '$1')]
  const names = ['localhost', '127.0.0.1', '::1', hostname(), listen.host, ...publicHost]
  // Wildcard addresses are nobody's name.
  const usable = names.filter((name) => name !== '0.0.0.0' && name !== '::' && (isIP(name) > 0 || isDnsName(name)))
  return [...new Set(usable.map((name) => name.toLowerCase()))]
}

function isDnsName(name: string): boolean {
  return (
    name.length <= 253 &&
    name.split('.').every((label) => /^[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?$/.test(label))
  )
}

/** The material to serve with; issues what is missing, due, or for other names. Throws TlsError. */
export async function privateCaMaterial(options: PrivateCaOptions): Promise<TlsMaterial> {
  const { cert, key } = (await currentServer(options)) ?? (await renew(options))
  return tlsMaterial(cert, key)
}

/** To be called about daily: new material when the server's certificate was renewed, else undefined. Throws TlsError. */
export async function renewIfDue(options: PrivateCaOptions): Promise<TlsMaterial | undefined> {
  if ((await currentServer(options)) !== undefined) return undefined
  const { cert, key } = await renew(options)
  return tlsMaterial(cert, key)
}

/** The pair that is there, unless it is to be replaced. */
async function currentServer(options: PrivateCaOptions): Promise<IssuedPair | undefined> {
  const { directory, names, clock } = options
  const pair = await readPair(directory, 'server')
  const authority = await readPair(directory, 'ca')
  if (pair === undefined || authority === undefined) return undefined
  const certificate = parsed(pair, directory, 'server')
  // A start that ended between the two files leaves a key without its certificate: the next one issues both again.
  if (certificate === undefined) return undefined
  const now = clock.machineNow()
  const isOurs = certificate.verify(parsed(authority, directory, 'ca')?.publicKey ?? certificate.publicKey)
  const isFresh = certificate.validToDate.getTime() - now > renewalMargin && certificate.validFromDate.getTime() <= now
  return isOurs && isFresh && names.every((name) => covers(certificate, name)) ? pair : undefined
}

function covers(certificate: X509Certificate, name: string): boolean {
  return (isIP(name) === 0 ? certificate.checkHost(name) : certificate.checkIP(name)) !== undefined
}

async function renew(options: PrivateCaOptions): Promise<IssuedPair> {
  const { directory, names, clock, random } = options
  const issue = await import('./issue.ts')
  try {
    await mkdir(directory, { recursive: true, mode: 0o700 })
  } catch (error) {
    throw unwritable(directory, error)
  }
  const now = clock.machineNow()
  const periodOf = (lifetime: number): Period => ({ from: now - hour, to: now - hour + lifetime })
  let authority = await readPair(directory, 'ca')
  if (authority === undefined) {
    const commonName = `Trent private CA ${random.bytes(4).toString('hex')}`
    authority = issue.issueAuthority(commonName, periodOf(authorityLifetime), random)
    await writePair(directory, 'ca', authority, random)
  }
  const certificate = parsed(authority, directory, 'ca')
  const file = authorityFile(directory)
  if (certificate === undefined) {
    throw new TlsError(`${file} and ca.key beside it do not belong together; ${howToStartOver(directory)}`)
  }
  const end = certificate.validToDate.getTime()
  if (end - now < renewalMargin) {
    throw new TlsError(
      `the private CA ${file} ends on ${certificate.validToDate.toISOString()}; ${howToStartOver(directory)}`,
    )
  }
  const privateKey = createPrivateKey(authority.key)
  const issuer = {
    commonName: certificate.subject.replace(/^CN=/, ''),
    privateKey,
    publicKey: createPublicKey(privateKey),
  }
  const { from, to } = periodOf(serverLifetime)
  const server = issue.issueServer(issuer, names, { from, to: Math.min(to, end) }, random)
  await writePair(directory, 'server', server, random)
  return server
}

function howToStartOver(directory: string): string {
  return `restore both from a backup, or remove ${directory} for a new CA, which clients then have to trust`
}

type PairName = 'ca' | 'server'

async function readPair(directory: string, name: PairName): Promise<IssuedPair | undefined> {
  const cert = await readText(join(directory, `${name}.crt`))
  const key = await readText(join(directory, `${name}.key`))
  return cert === undefined || key === undefined ? undefined : { cert, key }
}

async function readText(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    if (isMissing(error)) return undefined
    throw new TlsError(`cannot read ${path}: ${fileReason(error)}`, { cause: error })
  }
}

/** The certificate of a pair, or undefined when key and certificate don't belong together. */
function parsed({ cert, key }: IssuedPair, directory: string, name: PairName): X509Certificate | undefined {
  try {
    const certificate = new X509Certificate(cert)
    return certificate.checkPrivateKey(createPrivateKey(key)) ? certificate : undefined
  } catch (error) {
    throw new TlsError(`${join(directory, name)}.crt or .key is damaged; ${howToStartOver(directory)}`, {
      cause: error,
    })
  }
}

async function writePair(directory: string, name: PairName, { cert, key }: IssuedPair, random: Random): Promise<void> {
  try {
    // The certificate last: without it the pair doesn't count.
    await writeDurably(join(directory, `${name}.key`), Buffer.from(key), 0o600, random)
    await writeDurably(join(directory, `${name}.crt`), Buffer.from(cert), 0o644, random)
  } catch (error) {
    throw unwritable(directory, error)
  }
}

function unwritable(directory: string, error: unknown): TlsError {
  return new TlsError(
    `cannot write to ${directory}: ${fileReason(error)}; make it writable for the user that runs trent`,
    {
      cause: error,
    },
  )
}
