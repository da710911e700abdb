/** One key of each kind that the service makes, with everything that requests about it need: all made by requests. */
import assert from 'node:assert/strict'
import {
  constants,
  createPublicKey,
  generateKeyPairSync,
  publicEncrypt,
  randomBytes,
  type KeyObject,
} from 'node:crypto'
import { operations } from '#kms/service.ts'
import {
  account,
  otherAccount,
  userArn,
  type Answered,
  type InProcessKms,
  type Who,
} from '../support/in-process-kms.ts'
import { isAsymmetric, isSymmetric, kinds, type Kind } from './kinds.ts'
import type { State } from './states.ts'

export type Json = Readonly<Record<string, unknown>>

/** A key and what was made with it while it was enabled; texts of bytes are base64. */
export interface Specimen {
  readonly kind: Kind
  /** The primary of a multi-Region key, with a replica in `replicaRegion`. */
  readonly isPrimary: boolean
  readonly id: string
  readonly account: string
  readonly arn: string
  readonly alias: string
  readonly aliasArn: string
  /** Of symmetric keys that have material. */
  readonly materialId: string | undefined
  readonly ciphertext: string | undefined
  readonly mac: string | undefined
  readonly signature: string | undefined
  readonly encapsulated: string | undefined
  /** None where there is no material: CreateGrant refuses such keys. */
  readonly grantId: string | undefined
  readonly publicKey: string | undefined
  /** A public key with which it agrees on a secret. */
  readonly peer: string
  /** Members of a request that imports its material. */
  readonly material: Json | undefined
}

export const region = 'eu-central-1'
export const replicaRegion = 'eu-west-1'
export const message = 'YQ=='
/** As long as the digests of Ed25519ph. */
export const digest = Buffer.alloc(64, 1).toString('base64')
/** A public key that fits keys of no other curve. */
export const otherPeer = peerOn('prime256v1')

export const keyArn = (id: string, of: string = account): string => `arn:aws:kms:${region}:${of}:key/${id}`
export const aliasArn = (name: string, of: string = account): string => `arn:aws:kms:${region}:${of}:${name}`

const known = (operation: string): boolean => operation in operations

function textIn(json: Json, name: string): string {
  const value = json[name]
  assert.ok(typeof value === 'string', `${name} is no string`)
  return value
}

function jsonOf({ text }: Answered): Json {
  if (text === '') return {}
  const value: unknown = JSON.parse(text)
  assert.ok(typeof value === 'object' && value !== null)
  return { ...value }
}

/** The answer of an operation that must succeed. */
export async function succeed(kms: InProcessKms, operation: string, input: Json, who: Who = 'root'): Promise<Json> {
  const answered = await kms.post(operation, input, who)
  assert.equal(answered.status, 200, `${operation} ${JSON.stringify(input)}: ${answered.text}`)
  return jsonOf(answered)
}

/** The members of the one structure that CreateKey answers. Undefined: this version does not serve such keys. */
async function createKey(
  kms: InProcessKms,
  { spec, usage, origin }: Kind,
  more: Json,
  who: Who,
): Promise<Json | undefined> {
  const input = { KeySpec: spec, KeyUsage: usage, ...(origin === 'AWS_KMS' ? {} : { Origin: origin }), ...more }
  const answered = await kms.post('CreateKey', input, who)
  if (/"UnsupportedOperationException".* is not supported by this version/.test(answered.text)) return undefined
  assert.equal(answered.status, 200, answered.text)
  return jsonOf(answered)['KeyMetadata'] as Json
}

let aliases = 0

/** A new key of `kind`, or undefined where this version serves no such keys. `imported`: whether its material is there. */
export async function specimenOf(
  kms: InProcessKms,
  kind: Kind,
  {
    policy,
    who = 'root',
    imported = true,
    isPrimary = false,
  }: { readonly policy?: string; readonly who?: Who; readonly imported?: boolean; readonly isPrimary?: boolean },
): Promise<Specimen | undefined> {
  const more = { ...(policy === undefined ? {} : { Policy: policy }), ...(isPrimary ? { MultiRegion: true } : {}) }
  const metadata = await createKey(kms, kind, more, who)
  if (metadata === undefined) return undefined
  const id = textIn(metadata, 'KeyId')
  const of = who === 'other account' ? otherAccount : account
  const run = (operation: string, input: Json): Promise<Json> => succeed(kms, operation, { KeyId: id, ...input }, who)
  const alias = `alias/specimen-${(aliases += 1)}`
  await succeed(kms, 'CreateAlias', { AliasName: alias, TargetKeyId: id }, who)
  const material = kind.origin === 'EXTERNAL' ? await importOf(run) : undefined
  const names = { id, account: of, arn: keyArn(id, of), alias, aliasArn: aliasArn(alias, of) }
  const common = { kind, isPrimary, ...names, material }
  if (material !== undefined && !imported) return { ...common, ...nothing }
  if (material !== undefined) await run('ImportKeyMaterial', material)
  const grant = await run('CreateGrant', {
    GranteePrincipal: `arn:aws:iam::${of}:root`,
    // Who may retire it need not be allowed by the key's policy.
    ...(policy === undefined ? {} : { RetiringPrincipal: `arn:aws:iam::${account}:root` }),
    Operations: ['DescribeKey'],
  })
  const specimen = { ...common, ...(await made(kind, run)), grantId: textIn(grant, 'GrantId') }
  if (isPrimary) await run('ReplicateKey', { ReplicaRegion: replicaRegion })
  return specimen
}

const nothing = {
  materialId: undefined,
  ciphertext: undefined,
  mac: undefined,
  signature: undefined,
  encapsulated: undefined,
  publicKey: undefined,
  peer: otherPeer,
  grantId: undefined,
} as const

/** What the key makes of the message, with its first algorithm. */
async function made(
  kind: Kind,
  run: (operation: string, input: Json) => Promise<Json>,
): Promise<
  Omit<Specimen, 'kind' | 'isPrimary' | 'id' | 'account' | 'arn' | 'alias' | 'aliasArn' | 'grantId' | 'material'>
> {
  const [algorithm] = kind.algorithms
  const when = async (applies: boolean, operation: string, input: Json, member: string): Promise<string | undefined> =>
    applies && known(operation) ? textIn(await run(operation, input), member) : undefined
  const is = (usage: Kind['usage']): boolean => kind.usage === usage
  const encryption = { Plaintext: message, EncryptionAlgorithm: algorithm }
  const publicKey = await when(isAsymmetric(kind), 'GetPublicKey', {}, 'PublicKey')
  const metadata = (await run('DescribeKey', {}))['KeyMetadata'] as Json
  return {
    materialId: isSymmetric(kind) ? textIn(metadata, 'CurrentKeyMaterialId') : undefined,
    ciphertext: await when(is('ENCRYPT_DECRYPT'), 'Encrypt', encryption, 'CiphertextBlob'),
    mac: await when(is('GENERATE_VERIFY_MAC'), 'GenerateMac', { Message: message, MacAlgorithm: algorithm }, 'Mac'),
    signature: await when(is('SIGN_VERIFY'), 'Sign', { Message: message, SigningAlgorithm: algorithm }, 'Signature'),
    encapsulated: await when(
      is('ENCAPSULATE_DECAPSULATE'),
      'Encapsulate',
      { EncapsulationAlgorithm: algorithm },
      'SharedSecretCiphertextBlob',
    ),
    publicKey,
    peer: publicKey !== undefined && is('KEY_AGREEMENT') ? peerLike(publicKey) : otherPeer,
  }
}

/** A public key on the curve of `publicKey`. */
function peerLike(publicKey: string): string {
  const key = createPublicKey({ key: Buffer.from(publicKey, 'base64'), format: 'der', type: 'spki' })
  return peerOn(key.asymmetricKeyDetails?.namedCurve ?? '')
}

function peerOn(namedCurve: string): string {
  const { publicKey } = generateKeyPairSync('ec', { namedCurve })
  return derOf(publicKey).toString('base64')
}

function derOf(key: KeyObject): Buffer {
  return key.export({ format: 'der', type: 'spki' })
}

/** Fresh symmetric material, wrapped as "Importing key material" says. */
async function importOf(run: (operation: string, input: Json) => Promise<Json>): Promise<Json> {
  const wrapping = { WrappingAlgorithm: 'RSAES_OAEP_SHA_256', WrappingKeySpec: 'RSA_2048' }
  const parameters = await run('GetParametersForImport', wrapping)
  const key = createPublicKey({
    key: Buffer.from(textIn(parameters, 'PublicKey'), 'base64'),
    format: 'der',
    type: 'spki',
  })
  const wrapped = publicEncrypt({ key, padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: 'sha256' }, randomBytes(32))
  return {
    ImportToken: parameters['ImportToken'],
    EncryptedKeyMaterial: wrapped.toString('base64'),
    ExpirationModel: 'KEY_MATERIAL_DOES_NOT_EXPIRE',
  }
}

/** One key of each of `wanted` that is served. */
export async function specimensOf(
  kms: InProcessKms,
  wanted: readonly Kind[],
  made: Parameters<typeof specimenOf>[2] = {},
): Promise<readonly Specimen[]> {
  kms.memory.principals.set(userArn, 'AIDAIOSFODNN7EXAMPLE')
  const specimens = await Promise.all(wanted.map((kind) => specimenOf(kms, kind, made)))
  return specimens.filter((specimen) => specimen !== undefined)
}

/** Brings keys that are enabled into a state, or makes such as are in it; answers those that are. */
type Way = (kms: InProcessKms, keys: readonly Specimen[]) => Promise<readonly Specimen[]>

function afterAll(operation: string): Way {
  return async (kms, keys) => {
    await Promise.all(keys.map(({ id }) => succeed(kms, operation, { KeyId: id })))
    return keys
  }
}

/**
 * How keys get into a state, by requests. The others have no way: no key is ever Creating or Updating, for what AWS does in the
 * background is done with the answer here, and only keys in custom key stores are Unavailable.
 */
export const ways: Readonly<Partial<Record<State, Way>>> = {
  Enabled: (_kms, keys) => Promise.resolve(keys),
  Disabled: afterAll('DisableKey'),
  PendingDeletion: afterAll('ScheduleKeyDeletion'),
  PendingReplicaDeletion: withReplicas,
  PendingImport: withoutMaterial,
}

/** Multi-Region keys of the same kinds: a primary whose replica is still there waits for its end. */
async function withReplicas(kms: InProcessKms, keys: readonly Specimen[]): Promise<readonly Specimen[]> {
  const primaries = await specimensOf(
    kms,
    keys.map(({ kind }) => kind),
    { isPrimary: true },
  )
  return afterAll('ScheduleKeyDeletion')(kms, primaries)
}

function withoutMaterial(kms: InProcessKms): Promise<readonly Specimen[]> {
  const imported = kinds.filter(({ origin }) => origin === 'EXTERNAL')
  return specimensOf(kms, imported, { imported: false })
}
