/**
 * The cryptography of one kind of key by itself, as Node.js offers it: no HTTP, no service. Runs each count that it reads from
 * standard input, a line each, and answers with a line of JSON. Run: node bench/bare.ts KIND
 */
import {
  constants,
  createHmac,
  diffieHellman,
  generateKeyPairSync,
  randomBytes,
  sign,
  type KeyObject,
} from 'node:crypto'
import { createInterface } from 'node:readline'
import { signedMessage } from './kind-bodies.ts'

const der = {
  privateKeyEncoding: { type: 'pkcs8', format: 'der' },
  publicKeyEncoding: { type: 'spki', format: 'der' },
} as const

/** What is done again and again, by kind. */
const kinds = {
  'P-256': () => {
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
    return () => sign('sha256', signedMessage, privateKey)
  },
  'RSA-2048 PKCS1': () => {
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
    return () => sign('sha256', signedMessage, privateKey)
  },
  'RSA-2048 PSS': () => {
    const { privateKey: key } = generateKeyPairSync('rsa', { modulusLength: 2048 })
    const padded = { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_DIGEST }
    return () => sign('sha256', signedMessage, padded)
  },
  Ed25519: () => signer(generateKeyPairSync('ed25519').privateKey),
  'ML-DSA-65': () => signer(generateKeyPairSync('ml-dsa-65').privateKey),
  HMAC: () => {
    const key = randomBytes(32)
    return () => createHmac('sha256', key).update(signedMessage).digest()
  },
  ECDH: () => {
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
    const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
    return () => diffieHellman({ privateKey, publicKey })
  },
  'pair P-256': () => () => generateKeyPairSync('ec', { namedCurve: 'P-256', ...der }),
  'pair RSA-2048': () => () => generateKeyPairSync('rsa', { modulusLength: 2048, ...der }),
} satisfies Record<string, () => () => unknown>

export type BareKind = keyof typeof kinds

function signer(key: KeyObject): () => Buffer {
  return () => sign(null, signedMessage, key)
}

function serve(kind: string | undefined): void {
  const prepare = Object.entries(kinds).find(([name]) => name === kind)?.[1]
  if (prepare === undefined) throw new Error(`${kind ?? ''}: not one of ${Object.keys(kinds).join(', ')}`)
  const once = prepare()
  createInterface({ input: process.stdin }).on('line', (line) => {
    const count = Number(line)
    const cpu = process.cpuUsage()
    const begin = performance.now()
    for (let index = 0; index < count; index += 1) once()
    const seconds = (performance.now() - begin) / 1000
    const { user, system } = process.cpuUsage(cpu)
    console.log(JSON.stringify({ seconds, cpuMicros: user + system }))
  })
}

if (import.meta.main) serve(process.argv[2])
