/**
 * The keys between the seal and the key material. From the root key, which a seal protects, HKDF-SHA-256 (RFC 5869) derives
 * one key per purpose; one of them wraps the domain keys, which wrap key material and the secrets of access keys. Only what
 * unseals sees the root key: a `Hierarchy` holds what a running process needs, and can be handed to a worker thread.
 */
import { createSecretKey, hkdfSync } from 'node:crypto'
import type { KeyObject } from 'node:crypto'
import { IntegrityError } from '#base/integrity-error.ts'
import type { SecretBytes } from '#base/secret-bytes.ts'
import { lengthPrefixed, unwrapBytes, wrapBytes } from './aead.ts'
import { HmacKey } from './hmac.ts'

/** Bytes of the root key, of a domain key and of every key derived here. */
export const keyLength = 32

/** What a key derived from the root key is for. The words are part of the derivation: changing one loses the key. */
export type RootPurpose =
  | 'dk-wrap'
  | 'state-mac'
  | 'audit-chain'
  | 'sealed-head'
  | 'backup'
  | 'key-check'
  | 'session-token'
  | 'session-secret'
  | 'grant-token'
  | 'import-token'

/** A domain key at rest. */
export interface WrappedDomainKey {
  /** Counts from 1; a later epoch's key replaces the ones before it for new wraps. */
  readonly epoch: number
  /** AES-256-GCM under the "dk-wrap" key, bound to installation and epoch. Base64. */
  readonly wrapped: string
}

/** The key for `purpose`, in a buffer that the caller owns. */
export function rootKey(root: SecretBytes, installationId: string, purpose: RootPurpose): Buffer {
  const info = `trent/${purpose}/v1`
  return Buffer.from(hkdfSync('sha256', root.insecureSecretAccess(), installationId, info, keyLength))
}

/** The same as a KeyObject, whose bytes are outside the JavaScript heap and cleared when it is freed. */
export function rootKeyObject(root: SecretBytes, installationId: string, purpose: RootPurpose): KeyObject {
  return consume(rootKey(root, installationId, purpose))
}

/** Wraps `domainKey` (32 random bytes, the caller's to overwrite) with `iv` (12 random bytes). */
export function wrapDomainKey(
  root: SecretBytes,
  installationId: string,
  epoch: number,
  domainKey: Buffer,
  iv: Buffer,
): WrappedDomainKey {
  const aad = domainKeyIdentity(installationId, epoch)
  const wrapped = wrapBytes(rootKeyObject(root, installationId, 'dk-wrap'), iv, domainKey, aad)
  return { epoch, wrapped: wrapped.toString('base64') }
}

/** Opens the hierarchy under `root`, which the caller may destroy afterwards. Throws IntegrityError for a damaged or missing domain key. */
export function openHierarchy(
  root: SecretBytes,
  installationId: string,
  domainKeys: readonly WrappedDomainKey[],
  currentEpoch: number,
): Hierarchy {
  const wrapping = rootKeyObject(root, installationId, 'dk-wrap')
  const opened = new Map<number, KeyObject>()
  for (const { epoch, wrapped } of domainKeys) {
    const key = unwrapBytes(wrapping, Buffer.from(wrapped, 'base64'), domainKeyIdentity(installationId, epoch))
    if (key?.length !== keyLength) throw new IntegrityError(`the domain key of epoch ${epoch} is not what was stored`)
    opened.set(epoch, consume(key))
  }
  return new Hierarchy({
    installationId,
    stateMac: rootKeyObject(root, installationId, 'state-mac'),
    auditChain: rootKeyObject(root, installationId, 'audit-chain'),
    sealedHead: rootKeyObject(root, installationId, 'sealed-head'),
    sessionToken: rootKeyObject(root, installationId, 'session-token'),
    sessionSecret: rootKeyObject(root, installationId, 'session-secret'),
    grantToken: rootKeyObject(root, installationId, 'grant-token'),
    importToken: rootKeyObject(root, installationId, 'import-token'),
    domainKeys: opened,
    currentEpoch,
  })
}

export interface HierarchyKeys {
  readonly installationId: string
  readonly stateMac: KeyObject
  readonly auditChain: KeyObject
  readonly sealedHead: KeyObject
  readonly sessionToken: KeyObject
  readonly sessionSecret: KeyObject
  readonly grantToken: KeyObject
  readonly importToken: KeyObject
  readonly domainKeys: ReadonlyMap<number, KeyObject>
  readonly currentEpoch: number
}

/** The keys of a running process. It prints nothing of them. */
export class Hierarchy {
  readonly installationId: string
  /** The epoch whose domain key wraps what is new. */
  readonly currentEpoch: number
  /** Authenticates rows (row-mac.ts). */
  readonly stateMac: HmacKey
  /** Authenticates the chain of audit records. */
  readonly auditChain: HmacKey
  /** Derives the keys that seal session tokens (session-token.ts). */
  readonly sessionToken: HmacKey
  /** Derives the secret access keys of temporary credentials. */
  readonly sessionSecret: HmacKey
  /** Authenticates grant tokens (grant-token.ts). */
  readonly grantToken: HmacKey
  /** Derives the keys that seal import tokens (import-token.ts). */
  readonly importToken: HmacKey
  readonly #keys: HierarchyKeys

  constructor(keys: HierarchyKeys) {
    if (!keys.domainKeys.has(keys.currentEpoch)) {
      throw new IntegrityError(`the domain key of the current epoch ${keys.currentEpoch} is missing`)
    }
    this.installationId = keys.installationId
    this.currentEpoch = keys.currentEpoch
    this.stateMac = macKey(keys.stateMac)
    this.auditChain = macKey(keys.auditChain)
    this.sessionToken = macKey(keys.sessionToken)
    this.sessionSecret = macKey(keys.sessionSecret)
    this.grantToken = macKey(keys.grantToken)
    this.importToken = macKey(keys.importToken)
    this.#keys = keys
  }

  /** The domain key of `epoch`. Throws IntegrityError when there is none. */
  domainKey(epoch: number): KeyObject {
    const key = this.#keys.domainKeys.get(epoch)
    if (key === undefined) throw new IntegrityError(`there is no domain key of epoch ${epoch}`)
    return key
  }

  /** Seals the head of the row integrity (row-mac.ts). */
  get sealedHeadKey(): KeyObject {
    return this.#keys.sealedHead
  }

  /**
   * Everything above for one worker thread. Pass it as it is (shared, so that no copy stays behind); the thread's
   * `importHierarchy` overwrites it. If the thread never runs, overwrite it yourself.
   */
  exportForThread(): SharedArrayBuffer {
    const { stateMac, auditChain, sealedHead, sessionToken, sessionSecret, grantToken, importToken } = this.#keys
    const { domainKeys, currentEpoch } = this.#keys
    const id = Buffer.from(this.installationId)
    const tokens = [sessionToken, sessionSecret, grantToken, importToken]
    const records = [stateMac, auditChain, sealedHead, ...tokens, ...domainKeys.values()]
    const shared = new SharedArrayBuffer(12 + id.length + domainKeys.size * 4 + records.length * keyLength)
    const image = Buffer.from(shared)
    let at = image.writeUInt32BE(id.length, 0)
    at = image.writeUInt32BE(currentEpoch, at)
    at = image.writeUInt32BE(domainKeys.size, at)
    at += id.copy(image, at)
    for (const epoch of domainKeys.keys()) at = image.writeUInt32BE(epoch, at)
    for (const key of records) {
      const bytes = key.export()
      at += bytes.copy(image, at)
      bytes.fill(0)
    }
    return shared
  }
}

/** The hierarchy that `exportForThread` handed over; overwrites `shared`. */
export function importHierarchy(shared: SharedArrayBuffer): Hierarchy {
  const image = Buffer.from(shared)
  try {
    const idLength = image.readUInt32BE(0)
    const count = image.readUInt32BE(8)
    const epochsStart = 12 + idLength
    const keyAt = (index: number): KeyObject => {
      const start = epochsStart + count * 4 + index * keyLength
      return createSecretKey(image.subarray(start, start + keyLength))
    }
    const domainKeys = new Map<number, KeyObject>()
    for (let index = 0; index < count; index += 1) {
      domainKeys.set(image.readUInt32BE(epochsStart + index * 4), keyAt(7 + index))
    }
    return new Hierarchy({
      installationId: image.toString('utf8', 12, epochsStart),
      stateMac: keyAt(0),
      auditChain: keyAt(1),
      sealedHead: keyAt(2),
      sessionToken: keyAt(3),
      sessionSecret: keyAt(4),
      grantToken: keyAt(5),
      importToken: keyAt(6),
      domainKeys,
      currentEpoch: image.readUInt32BE(4),
    })
  } finally {
    image.fill(0)
  }
}

function domainKeyIdentity(installationId: string, epoch: number): Buffer {
  return lengthPrefixed('domain-key', installationId, String(epoch))
}

/** A KeyObject of `bytes`, which are overwritten. */
function consume(bytes: Buffer): KeyObject {
  const key = createSecretKey(bytes)
  bytes.fill(0)
  return key
}

function macKey(key: KeyObject): HmacKey {
  const bytes = key.export()
  const mac = new HmacKey('sha256', bytes)
  bytes.fill(0)
  return mac
}
