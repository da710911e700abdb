/**
 * The layers and what each may touch, as data. ARCHITECTURE.md shows the same table; layers.test.ts and effects.test.ts hold
 * the sources to it. An exception names one file and says why; one that is no longer needed fails the tests as well.
 */

/** What a layer's files may import. Layers are the folders of src, and the files that lie in src itself. */
export interface Layer {
  readonly rank: number
  /** Other layers, at run time and as types. */
  readonly layers: readonly string[]
  /** Node's own modules. */
  readonly node: readonly string[]
  /** npm packages: each belongs to one layer. */
  readonly packages: readonly string[]
}

const core = ['base', 'aws', 'crypto', 'records', 'policy', 'cloudtrail', 'ports']
const everything = [
  ...core,
  ...['kms', 'sts', 'iam', 'files'],
  ...['gateway', 'cache', 'quota', 'metrics', 'audit', 'seals', 'storage', 'keystores', 'tls', 'oidc', 'faults'],
  ...['http', 'server', 'control', 'cli', 'config', 'seed', 'main.ts', 'system.ts', 'loading'],
]

const files = ['node:fs', 'node:fs/promises', 'node:path']

export const layers: Readonly<Record<string, Layer>> = {
  base: { rank: 0, layers: [], node: ['node:util'], packages: [] },
  crypto: { rank: 1, layers: ['base'], node: ['node:crypto'], packages: [] },
  policy: { rank: 1, layers: ['base'], node: [], packages: [] },
  aws: { rank: 1, layers: ['base', 'crypto', 'policy'], node: ['node:buffer'], packages: [] },
  records: { rank: 1, layers: ['base', 'aws', 'crypto'], node: [], packages: [] },
  cloudtrail: { rank: 1, layers: ['base', 'aws'], node: [], packages: [] },
  ports: {
    rank: 2,
    layers: ['base', 'aws', 'crypto', 'records', 'policy', 'cloudtrail'],
    node: ['node:tls'],
    packages: [],
  },
  kms: { rank: 3, layers: core, node: [], packages: [] },
  sts: { rank: 3, layers: core, node: [], packages: [] },
  iam: { rank: 3, layers: core, node: [], packages: [] },
  files: { rank: 3, layers: core, node: files, packages: [] },
  gateway: { rank: 4, layers: core, node: [], packages: [] },
  cache: { rank: 4, layers: core, node: [], packages: ['lru-cache'] },
  quota: { rank: 4, layers: core, node: [], packages: [] },
  faults: { rank: 4, layers: core, node: [], packages: [] },
  metrics: { rank: 4, layers: core, node: [], packages: ['prom-client'] },
  audit: {
    rank: 4,
    layers: [...core, 'files'],
    node: [...files, 'node:crypto', 'node:sqlite', 'node:timers/promises', 'node:zlib'],
    packages: [],
  },
  seals: {
    rank: 4,
    layers: [...core, 'files'],
    node: [...files, 'node:crypto', 'node:stream', 'node:util'],
    packages: [],
  },
  storage: {
    rank: 4,
    layers: [...core, 'files'],
    node: [...files, 'node:crypto', 'node:sqlite', 'node:timers/promises'],
    packages: [],
  },
  oidc: { rank: 4, layers: core, node: ['node:http', 'node:https', 'node:tls'], packages: ['jose'] },
  keystores: { rank: 4, layers: core, node: ['node:crypto'], packages: [] },
  tls: {
    rank: 4,
    layers: [...core, 'files'],
    node: [...files, 'node:crypto', 'node:net', 'node:os', 'node:tls'],
    packages: ['@peculiar/asn1-schema', '@peculiar/asn1-x509'],
  },
  http: {
    rank: 5,
    layers: [...core, 'gateway'],
    node: ['node:http', 'node:https', 'node:net', 'node:tls'],
    packages: [],
  },
  'system.ts': { rank: 6, layers: core, node: ['node:crypto', 'node:util'], packages: [] },
  config: { rank: 6, layers: everything, node: [...files, 'node:net', 'node:os'], packages: ['yaml'] },
  server: {
    rank: 6,
    layers: everything,
    node: [
      ...files,
      ...['node:child_process', 'node:crypto', 'node:ffi', 'node:http', 'node:https', 'node:module', 'node:net'],
      ...['node:os', 'node:timers/promises', 'node:v8', 'node:worker_threads'],
    ],
    packages: ['pino'],
  },
  seed: { rank: 6, layers: everything, node: ['node:crypto', ...files], packages: [] },
  control: {
    rank: 6,
    layers: everything,
    node: [...files, 'node:crypto', 'node:events', 'node:net', 'node:timers/promises', 'node:worker_threads'],
    packages: [],
  },
  cli: {
    rank: 6,
    layers: everything,
    node: [
      ...files,
      ...['node:crypto', 'node:events', 'node:module', 'node:net', 'node:os', 'node:process', 'node:readline/promises'],
      ...['node:stream', 'node:stream/promises', 'node:tty', 'node:util', 'node:v8'],
    ],
    packages: ['@aws-crypto/client-node', 'commander'],
  },
  loading: {
    rank: 6,
    layers: ['cli'],
    node: [...files, 'node:module', 'node:os', 'node:worker_threads'],
    packages: [],
  },
  'main.ts': { rank: 6, layers: everything, node: [], packages: [] },
}

/** One import across layers that the table above forbids. */
export interface ImportException {
  readonly file: string
  readonly target: string
  readonly why: string
}

export const importExceptions: readonly ImportException[] = []

/** What code may do to the world beside its imports. */
export type Effect = 'clock' | 'random' | 'environment' | 'timer'

export interface EffectException {
  readonly file: string
  readonly effect: Effect
  readonly why: string
}

/**
 * Ranks 0 to 5 have no effects but these, timers aside, which ranks 4 and 5 may set. Rank 6 has the clock, the environment
 * and timers, and draws random bytes in the files below.
 */
export const effectExceptions: readonly EffectException[] = [
  {
    file: 'src/http/listener.ts',
    effect: 'clock',
    why: 'how long an answer took, for the metrics: nothing is decided by it',
  },
  { file: 'src/audit/verify.ts', effect: 'clock', why: 'when to let other work go on during a long scan' },
  {
    file: 'src/seals/passphrase.ts',
    effect: 'environment',
    why: 'a passphrase may be in a variable that settings name',
  },
  {
    file: 'src/storage/sqlite/head.ts',
    effect: 'random',
    why: 'the IV of the sealed head, drawn where it is used, once',
  },
  { file: 'src/tls/issue.ts', effect: 'random', why: 'key pairs of the private CA are made by OpenSSL itself' },
]

/** Where rank 6 draws random bytes. */
export const rankSixRandom: Readonly<Record<string, string>> = {
  'src/system.ts': 'the Random port',
  'src/cli/file/partial-file.ts': 'names of unfinished files, in a command without a server',
}

/** The files that may look into SecretBytes, and what for. */
export const secretAccess: Readonly<Record<string, string>> = {
  'src/base/secret-bytes.ts': 'defines it',
  'src/aws/json-encode.ts': 'writes a sensitive member of an answer: the only way out to a client',
  'src/aws/query-encode.ts': 'writes a secret access key into the answer that hands it out',
  'src/cache/identities.ts': 'makes SigV4 signing keys from the secrets of access keys',
  'src/crypto/key-hierarchy.ts': 'derives the keys of each purpose from the root key',
  'src/keystores/software/key-store.ts': 'wraps key material that its owner brought',
  'src/kms/operations/encrypt.ts': 'hands the plaintext to the key store',
  'src/kms/operations/generate-mac.ts': 'hands the message to the key store',
  'src/kms/operations/sign.ts': 'hands the message to the key store',
  'src/kms/operations/verify.ts': 'hands the message to the key store',
  'src/kms/operations/verify-mac.ts': 'hands the message to the key store',
  'src/kms/key/ciphertext.ts': 'hands a decrypted plaintext on, for ReEncrypt and data keys',
  'src/kms/key/recipient.ts': 'encrypts an answer to its attested recipient',
  'src/seed/chosen-materials.ts': 'names the chosen key material of a seed by its id, to compare it with what is there',
  'src/seals/seal.ts': 'wraps the root key and derives the wrapping key',
  'src/seals/passphrase.ts': 'compares the two entries of a new passphrase and feeds argon2id',
  'src/server/identity-check.ts': 'compares a configured root secret with the stored one, in constant time',
}

/** Longest source file, in lines. Tables of data may be longer and are named here. */
export const maximumLines = 500
export const tables: Readonly<Record<string, string>> = {}

/** Words that name a drawer rather than a thing. */
export const forbiddenWords = ['utils', 'util', 'helpers', 'helper', 'common', 'manager', 'misc']

/** Fewer sources than this are a listing that lost some. */
export const fewestSources = 200
