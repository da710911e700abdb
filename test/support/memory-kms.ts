/**
 * The ports of KMS in memory, and the steps of a request that are KMS's own (validation, rules between members, targets, the
 * handler, its changes). Material is not wrapped and nobody is authenticated or authorized: that is tested elsewhere.
 */
import { createHash, randomBytes, randomUUID } from 'node:crypto'
import { keyArn, rootArn } from '#base/arn.ts'
import { isRefusal, RefusalError, type ErrorCode, type Refusal } from '#aws/errors.ts'
import type { AuditedResource, Members, RequestFacts } from '#aws/operation.ts'
import { compileInput } from '#aws/validate.ts'
import { parseAccountId, parseKeyMaterialId, parseRegion, parseRequestId } from '#base/brand.ts'
import type { AccountId, KeyMaterialId } from '#base/brand.ts'
import { SecretBytes } from '#base/secret-bytes.ts'
import { verifyAttestation } from '#crypto/attestation.ts'
import { blobMaterial, openBlob, sealBlob } from '#crypto/ciphertext-blob.ts'
import { grantTokenNonceLength, openGrantToken, sealGrantToken } from '#crypto/grant-token.ts'
import { HmacKey } from '#crypto/hmac.ts'
import { importedMaterial } from '#crypto/imported-material.ts'
import { generatePair, randomMaterialLength } from '#crypto/key-pair.ts'
import { createSoftwareImportKeys } from '#keystores/software/import-keys.ts'
import { materialTools, openMaterial } from '#keystores/software/material.ts'
import { after, type MaybeAsync } from '#base/maybe-async.ts'
import { loadGrants } from '#cache/grants.ts'
import type { KmsOperation, KmsPorts } from '#kms/operation.ts'
import { operations, type OperationName } from '#kms/service.ts'
import { compilePolicy } from '#policy/compile.ts'
import type { LiveKey } from '#ports/key-directory.ts'
import type { MaterialKind, MaterialOf, MaterialOwner, OpenedMaterial } from '#ports/key-store.ts'
import type { LastKeyUse } from '#ports/key-usage.ts'
import type { Change, Expectation } from '#records/change.ts'
import type { KeyMaterialRecord, KeyRecord, Stored } from '#records/key.ts'
import { systemKeyPairs } from '../../src/system.ts'
import { newHierarchy } from '../crypto/key-fixtures.ts'
import { MemoryStorage } from './memory-storage.ts'

const present = <T>(value: T | undefined): T => {
  if (value === undefined) throw new TypeError('a literal of this file is not what it must be')
  return value
}

export const region = present(parseRegion('eu-central-1'))
export const otherRegion = present(parseRegion('eu-west-1'))
export const account = present(parseAccountId('111122223333'))
export const otherAccount = present(parseAccountId('444455556666'))
const requestId = present(parseRequestId('01890a5d-ac96-774b-bcce-b302099a8057'))

const tokenKey = new HmacKey('sha256', Buffer.alloc(32, 7))

/** What one request did. */
export interface Outcome {
  readonly output: Members
  readonly changes: readonly Change[]
  readonly resources: readonly AuditedResource[]
  readonly request: Members | undefined
  readonly additional: Members | undefined
}

/** The root user of `of` as a caller. */
export function rootFacts(of: AccountId, now: number): RequestFacts {
  const arn = rootArn(region, of)
  return {
    requestId,
    region,
    account: of,
    callerArn: arn,
    callerUserId: of,
    caller: {
      account: of,
      arn,
      userId: of,
      accessKeyId: undefined,
      subject: {
        kind: 'root',
        account: of,
        names: { direct: [arn], entity: [], account: [arn, of] },
        identity: [],
        boundary: undefined,
        session: undefined,
        serviceControl: [],
      },
      context: { value: () => undefined },
    },
    viaService: undefined,
    now,
  }
}

/** A refusal as the client sees it. */
export interface Refused {
  readonly code: ErrorCode
  readonly message: string | undefined
}

export class MemoryKms {
  readonly memory: MemoryStorage
  readonly keys: MemoryStorage['keys']
  readonly materials: MemoryStorage['materials']
  readonly aliasRecords: MemoryStorage['aliases']
  readonly grants: MemoryStorage['grants']
  readonly policyTexts: MemoryStorage['policyTexts']
  /** What is known of the last uses of keys, by ARN. */
  readonly lastUses = new Map<string, LastKeyUse>()
  /** The users and roles that there are: unique ids by the names that requests give them. Root users are always there. */
  readonly principals = new Map<string, string>()
  /** Decrypted plaintexts and drawn random bytes, to see what became of them. */
  readonly secrets: SecretBytes[] = []
  readonly drawn: Buffer[] = []
  /** DER certificates that chains of attestation documents may begin with. */
  readonly attestationRoots: Buffer[] = []
  now = Date.UTC(2026, 10, 22, 12, 0, 0, 250)
  readonly ports: KmsPorts

  /** `later`: ports answer as those of a remote database do. */
  constructor(answers: 'at once' | 'later' = 'at once') {
    const answer = <T>(value: T): MaybeAsync<T> => (answers === 'later' ? Promise.resolve(value) : value)
    const memory = new MemoryStorage(answers)
    this.memory = memory
    this.keys = memory.keys
    this.materials = memory.materials
    this.aliasRecords = memory.aliases
    this.grants = memory.grants
    this.policyTexts = memory.policyTexts
    const ofKey = (key: LiveKey): KeyMaterialRecord[] =>
      [...memory.materials.values()].filter(({ keyId }) => keyId === key.record.keyId)
    const record = (owner: MaterialOwner, bytes: Buffer): KeyMaterialRecord => ({
      region: owner.region,
      account: owner.account,
      keyId: owner.keyId,
      materialId: materialIdOf(bytes),
      creationDate: owner.creationDate,
      origin: owner.origin,
      keySpec: owner.keySpec,
      keyUsage: owner.keyUsage,
      exportable: false,
      epoch: 1,
      wrapped: bytes.toString('base64'),
    })
    this.ports = {
      directory: {
        key: (place, keyId) => after(memory.reader.key(place, keyId), liveKey),
        keyAnywhere: (keyRegion, keyId) =>
          after(memory.reader.accountOfKey(keyRegion, keyId), (owner) =>
            owner === undefined
              ? undefined
              : after(memory.reader.key({ region: keyRegion, account: owner }, keyId), liveKey),
          ),
        alias: (place, name) => memory.reader.alias(place, name),
        grants: (place, keyId, name) => loadGrants(memory.reader, place, keyId, name),
        aliasNamesOf: (place, keyId) => memory.reader.aliasNamesOf(place, keyId),
        currentMaterial: (key, kind) =>
          answer(
            ofKind(
              this.#open(present(ofKey(key).find((one) => one.materialId === key.record.currentMaterialId))),
              kind,
            ),
          ),
        material: (key, prefix) => {
          const found = ofKey(key).find(({ materialId }) => materialId.startsWith(prefix))
          return answer(found === undefined ? undefined : ofKind(this.#open(found), 'symmetric'))
        },
      },
      storage: memory.reader,
      principals: {
        storedName: (given) => answer(this.#storedName(given)),
        shownName: (stored) => answer([...this.principals].find(([, id]) => id === stored)?.[0] ?? stored),
      },
      grantTokens: {
        seal: (content) => sealGrantToken(tokenKey, content, randomBytes(grantTokenNonceLength)),
        open: (token) => openGrantToken(tokenKey, token),
      },
      keyStore: {
        generate: (owner) => {
          const length = randomMaterialLength(owner.keySpec, owner.region)
          if (length !== undefined) return answer(record(owner, randomBytes(length)))
          return generatePair(owner.keySpec, systemKeyPairs).then(({ privateKey }) => record(owner, privateKey))
        },
        adopt: (owner, brought) =>
          after(importedMaterial(owner.keySpec, brought.insecureSecretAccess(), owner.region), (bytes) =>
            answer(bytes === undefined ? undefined : record(owner, bytes)),
          ),
        replicate: (original, owner) => answer(record(owner, Buffer.from(original.wrapped, 'base64'))),
        open: (record) => answer(this.#open(record)),
      },
      importKeys: createSoftwareImportKeys({
        hierarchy: newHierarchy(),
        random: { bytes: randomBytes },
        keyPairs: systemKeyPairs,
      }),
      regions: [region, otherRegion],
      attestation: {
        verify: (document) =>
          verifyAttestation(document, { roots: this.attestationRoots, now: Date.now(), maxAgeMs: 300_000 }),
      },
      keyUsage: { lastUse: (key) => answer(this.lastUses.get(key) ?? { use: undefined, trackedSince: 0 }) },
      limits: { onDemandRotations: 25 },
      keyPairs: (spec) => generatePair(spec, systemKeyPairs),
      random: {
        bytes: (size) => {
          const bytes = randomBytes(size)
          this.drawn.push(bytes)
          return bytes
        },
        fill: (target) => void randomBytes(target.length).copy(target),
        uuid: () => randomUUID(),
        requestId: () => requestId,
      },
    }
  }

  /**
   * Runs one request of the root user of `as` to its end and applies its changes; throws RefusalError. `body` is what the SDK
   * would send.
   */
  async run(
    name: OperationName,
    body: Readonly<Record<string, unknown>> = {},
    as: AccountId = account,
  ): Promise<Outcome> {
    const operation: KmsOperation = operations[name]
    const facts = rootFacts(as, this.now)
    const input = orThrow<Members>(compileInput(operation.input)(Buffer.from(JSON.stringify(body))))
    const refused = operation.check(input)
    if (refused !== undefined) throw new RefusalError(refused)
    const targets: Record<string, unknown> = {}
    const resources: AuditedResource[] = []
    const expectations: Expectation[] = []
    for (const target of operation.targets) {
      if (target.applies?.(input, facts) === false) continue
      targets[target.name] = orThrow(await target.resolve(input, facts, this.ports))
    }
    for (const target of operation.targets) {
      const resource = targets[target.name]
      if (resource === undefined) continue
      const inadmissible = target.admit(resource, operation.name)
      if (inadmissible !== undefined) throw new RefusalError(inadmissible)
      const seen = target.seen?.(resource)
      if (seen !== undefined) expectations.push(seen)
      const audited = target.audited(resource)
      if (audited !== undefined) resources.push(audited)
    }
    const fail = (code: ErrorCode, message?: string): never => {
      throw new RefusalError({ refused: true, code, message })
    }
    const {
      output,
      changes,
      expectations: more = [],
    } = await operation.handle({ facts, targets, ports: this.ports, fail }, input)
    if (operation.effect === 'change') {
      const outcome = this.memory.commit({
        changes,
        expectations: [...expectations, ...more],
        record: JSON.stringify(name),
      })
      if (outcome !== 'committed') throw new TypeError(`${name} met a conflict`)
    }
    const created = operation.audit.created(targets, output)
    return {
      output,
      changes,
      resources: created === undefined ? resources : [...resources, created],
      request: operation.audit.requestExtra(input, targets),
      additional: operation.audit.additional(targets, output),
    }
  }

  /** What `run` was refused with. Throws when it was not. */
  async refusal(
    name: OperationName,
    body: Readonly<Record<string, unknown>> = {},
    as: AccountId = account,
  ): Promise<Refused> {
    try {
      await this.run(name, body, as)
    } catch (error) {
      if (error instanceof RefusalError) return { code: error.refusal.code, message: error.refusal.message }
      throw error
    }
    throw new TypeError(`${name} was not refused`)
  }

  /** The id of a new key. */
  async createKey(body: Readonly<Record<string, unknown>> = {}): Promise<string> {
    const { changes } = await this.run('CreateKey', body)
    const [added] = changes
    if (added?.kind !== 'key added') throw new TypeError('CreateKey added no key')
    return added.key.keyId
  }

  #storedName(given: string): string | undefined {
    if (/^[0-9]{12}$/.test(given)) return `arn:aws:iam::${given}:root`
    if (/^arn:aws:iam::[0-9]{12}:root$/.test(given)) return given
    return this.principals.get(given) ?? [...this.principals.values()].find((id) => id === given)
  }

  #open(record: KeyMaterialRecord): OpenedMaterial {
    const bytes = Buffer.from(record.wrapped, 'base64')
    if (record.keySpec !== 'SYMMETRIC_DEFAULT')
      return present(openMaterial(record, bytes, materialTools(this.ports.random)))
    const material = blobMaterial(bytes, record.keyId, record.materialId)
    return {
      kind: 'symmetric',
      materialId: record.materialId,
      encrypt: (plaintext, context) => sealBlob(material, randomBytes(24), plaintext, context),
      decrypt: (blob, context) => {
        const plaintext = openBlob(material, blob, context)
        if (plaintext === undefined) return undefined
        const secret = new SecretBytes(plaintext)
        this.secrets.push(secret)
        return secret
      },
    }
  }
}

function isKind<K extends MaterialKind>(material: OpenedMaterial, kind: K): material is MaterialOf<K> {
  return material.kind === kind
}

function ofKind<K extends MaterialKind>(material: OpenedMaterial, kind: K): MaterialOf<K> {
  if (!isKind(material, kind)) throw new TypeError(`material is ${material.kind}, not ${kind}`)
  return material
}

function orThrow<T>(value: T | Refusal): T {
  if (isRefusal(value)) throw new RefusalError(value)
  return value
}

function liveKey(record: Stored<KeyRecord> | undefined): LiveKey | undefined {
  if (record === undefined) return undefined
  const { region: keyRegion, account: owner, keyId, policy } = record
  return {
    record,
    arn: keyArn(keyRegion, owner, keyId),
    policy: compilePolicy(policy),
    opened: { first: undefined, more: undefined },
  }
}

function materialIdOf(bytes: Buffer): KeyMaterialId {
  return present(parseKeyMaterialId(createHash('sha256').update(bytes).digest('hex')))
}
