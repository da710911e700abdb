/**
 * The ports of KMS in memory, and the steps of a request that are KMS's own (validation, rules between members, targets, the
 * handler, its changes). Material is not wrapped and nobody is authenticated or authorized: that is tested elsewhere.
 */
import { createHash, randomBytes, randomUUID } from 'node:crypto'
import { keyArn } from '#aws/arn.ts'
import { isRefusal, RefusalError, type ErrorCode, type Refusal } from '#aws/errors.ts'
import type { AuditedResource, Members, RequestFacts } from '#aws/operation.ts'
import { compileInput } from '#aws/validate.ts'
import { parseAccountId, parseKeyMaterialId, parseRegion, parseRequestId } from '#base/brand.ts'
import type { AliasName, KeyId, KeyMaterialId } from '#base/brand.ts'
import { SecretBytes } from '#base/secret-bytes.ts'
import { blobMaterial, openBlob, sealBlob } from '#crypto/ciphertext-blob.ts'
import type { MaybeAsync } from '#base/maybe-async.ts'
import type { KmsOperation, KmsPorts } from '#kms/operation.ts'
import { operations, type OperationName } from '#kms/service.ts'
import type { LiveKey } from '#ports/key-directory.ts'
import type { SymmetricMaterial } from '#ports/key-store.ts'
import type { Change } from '#records/change.ts'
import type { AliasRecord, KeyMaterialRecord, KeyRecord, Place, Stored } from '#records/key.ts'

const present = <T>(value: T | undefined): T => {
  if (value === undefined) throw new TypeError('a literal of this file is not what it must be')
  return value
}

export const region = present(parseRegion('eu-central-1'))
export const account = present(parseAccountId('111122223333'))
export const otherAccount = present(parseAccountId('444455556666'))
const requestId = present(parseRequestId('01890a5d-ac96-774b-bcce-b302099a8057'))

/** What one request did. */
export interface Outcome {
  readonly output: Members
  readonly changes: readonly Change[]
  readonly resources: readonly AuditedResource[]
  readonly request: Members | undefined
  readonly additional: Members | undefined
}

/** A refusal as the client sees it. */
export interface Refused {
  readonly code: ErrorCode
  readonly message: string | undefined
}

export class MemoryKms {
  readonly keys = new Map<string, Stored<KeyRecord>>()
  readonly materials = new Map<string, KeyMaterialRecord>()
  readonly aliasRecords = new Map<string, Stored<AliasRecord>>()
  /** Decrypted plaintexts and drawn random bytes, to see what became of them. */
  readonly secrets: SecretBytes[] = []
  readonly drawn: Buffer[] = []
  now = Date.UTC(2026, 10, 22, 12, 0, 0, 250)
  readonly ports: KmsPorts

  /** `later`: ports answer as those of a remote database do. */
  constructor(answers: 'at once' | 'later' = 'at once') {
    const answer = <T>(value: T): MaybeAsync<T> => (answers === 'later' ? Promise.resolve(value) : value)
    this.ports = {
      directory: {
        key: (place, keyId) => answer(this.#liveKey(place, keyId)),
        alias: (place, name) => answer(this.aliasRecords.get(aliasId(place, name))),
        currentMaterial: (key) =>
          answer(this.#material(key, ({ materialId }) => materialId === key.record.currentMaterialId)),
        material: (key, prefix) =>
          answer(
            [...this.materials.values()].some(
              ({ keyId, materialId }) => keyId === key.record.keyId && materialId.startsWith(prefix),
            )
              ? this.#material(key, ({ materialId }) => materialId.startsWith(prefix))
              : undefined,
          ),
      },
      storage: {
        key: (place, keyId) => this.keys.get(keyName(place, keyId)),
        material: () => undefined,
        alias: (place, name) => this.aliasRecords.get(aliasId(place, name)),
        keyIds: (place, after, limit) =>
          answer(
            [...this.keys.values()]
              .filter((key) => key.region === place.region && key.account === place.account)
              .map(({ keyId }) => keyId)
              .sort()
              .filter((keyId) => after === undefined || keyId > after)
              .slice(0, limit),
          ),
        aliases: (place, after, limit, target) =>
          answer(
            [...this.aliasRecords.values()]
              .filter((alias) => alias.region === place.region && alias.account === place.account)
              .filter(({ targetKeyId }) => target === undefined || targetKeyId === target)
              .sort((left, right) => (left.name < right.name ? -1 : 1))
              .filter(({ name }) => after === undefined || name > after)
              .slice(0, limit),
          ),
        accessKey: () => undefined,
        keysDueForDeletion: () => [],
        close: () => undefined,
      },
      keyStore: {
        generate: (owner) => {
          const bytes = randomBytes(32)
          return answer({
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
        },
        open: (record) => answer(this.#open(record)),
      },
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

  /** Runs one request to its end and applies its changes; throws RefusalError. `body` is what the SDK would send. */
  async run(name: OperationName, body: Readonly<Record<string, unknown>> = {}): Promise<Outcome> {
    const operation: KmsOperation = operations[name]
    const facts: RequestFacts = {
      requestId,
      region,
      account,
      callerArn: 'arn:aws:iam::111122223333:root',
      callerUserId: '111122223333',
      now: this.now,
    }
    const input = orThrow<Members>(compileInput(operation.input)(Buffer.from(JSON.stringify(body))))
    const refused = operation.check(input)
    if (refused !== undefined) throw new RefusalError(refused)
    const targets: Record<string, unknown> = {}
    const resources: AuditedResource[] = []
    for (const target of operation.targets) {
      if (target.applies?.(input) === false) continue
      targets[target.name] = orThrow(await target.resolve(input, facts, this.ports))
    }
    for (const target of operation.targets) {
      const resource = targets[target.name]
      if (resource === undefined) continue
      const inadmissible = target.admit(resource, operation.name)
      if (inadmissible !== undefined) throw new RefusalError(inadmissible)
      const audited = target.audited(resource)
      if (audited !== undefined) resources.push(audited)
    }
    const fail = (code: ErrorCode, message?: string): never => {
      throw new RefusalError({ refused: true, code, message })
    }
    const { output, changes } = await operation.handle({ facts, targets, ports: this.ports, fail }, input)
    for (const change of changes) this.apply(change)
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
  async refusal(name: OperationName, body: Readonly<Record<string, unknown>> = {}): Promise<Refused> {
    try {
      await this.run(name, body)
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

  apply(change: Change): void {
    switch (change.kind) {
      case 'key added':
        this.keys.set(keyName(change.key, change.key.keyId), { ...change.key, rev: 1 })
        this.materials.set(change.material.materialId, change.material)
        return
      case 'key changed': {
        const name = keyName(change.key, change.key.keyId)
        this.keys.set(name, { ...change.key, rev: (this.keys.get(name)?.rev ?? 0) + 1 })
        return
      }
      case 'alias added':
        this.aliasRecords.set(aliasId(change.alias, change.alias.name), { ...change.alias, rev: 1 })
        return
      case 'alias changed': {
        const name = aliasId(change.alias, change.alias.name)
        this.aliasRecords.set(name, { ...change.alias, rev: (this.aliasRecords.get(name)?.rev ?? 0) + 1 })
        return
      }
      case 'alias removed':
        this.aliasRecords.delete(aliasId(change.place, change.name))
        return
      case 'key deleted':
      case 'account added':
      case 'access key added':
      case 'access key changed':
      case 'access key removed':
        throw new TypeError(`no operation of KMS makes the change '${change.kind}'`)
    }
  }

  #liveKey(place: Place, keyId: KeyId): LiveKey | undefined {
    const record = this.keys.get(keyName(place, keyId))
    return record === undefined ? undefined : { record, arn: keyArn(place.region, place.account, keyId), opened: [] }
  }

  #material(key: LiveKey, wanted: (material: KeyMaterialRecord) => boolean): SymmetricMaterial {
    const found = [...this.materials.values()].find(
      (material) => material.keyId === key.record.keyId && wanted(material),
    )
    return this.#open(present(found))
  }

  #open(record: KeyMaterialRecord): SymmetricMaterial {
    const material = blobMaterial(Buffer.from(record.wrapped, 'base64'), record.keyId, record.materialId)
    return {
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

function orThrow<T>(value: T | Refusal): T {
  if (isRefusal(value)) throw new RefusalError(value)
  return value
}

const keyName = (place: Place, keyId: KeyId): string => `${place.region}/${place.account}/${keyId}`
const aliasId = (place: Place, name: AliasName): string => `${place.region}/${place.account}/${name}`

function materialIdOf(bytes: Buffer): KeyMaterialId {
  return present(parseKeyMaterialId(createHash('sha256').update(bytes).digest('hex')))
}
