/** Records and keys for tests of the storage. */
import { createSecretKey, randomBytes, randomUUID } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  parseAccessKeyId,
  parseAccountId,
  parseAliasName,
  parseGrantId,
  parseKeyId,
  parseKeyMaterialId,
  parseRegion,
} from '#base/brand.ts'
import type { AccountId } from '#base/brand.ts'
import { HmacKey } from '#crypto/hmac.ts'
import type { Commit } from '#ports/storage.ts'
import type { Change, Expectation } from '#records/change.ts'
import type { GrantRecord } from '#records/grant.ts'
import type { UserRecord } from '#records/iam.ts'
import type { AccessKeyRecord, AccountRecord } from '#records/identity.ts'
import type { AliasRecord, KeyMaterialRecord, KeyRecord, Place } from '#records/key.ts'
import { createInstallation } from '#storage/sqlite/installation.ts'
import type { IntegrityKeys } from '#storage/stored-row.ts'

export const place: Place = { region: parseRegion('us-east-1')!, account: parseAccountId('111122223333')! }
export const otherRegion: Place = { ...place, region: parseRegion('eu-west-1')! }
export const otherAccount: Place = { ...place, account: parseAccountId('444455556666')! }

export const account: AccountRecord = accountRecord(place.account)
export const rootAccessKey: AccessKeyRecord = accessKeyRecord('AKIAROOT')

export function accountRecord(id: AccountId, changes: Partial<AccountRecord> = {}): AccountRecord {
  return {
    account: id,
    creationDate: 1_700_000_000_000,
    name: '',
    serviceControl: [],
    resourceControl: [],
    rootSessionsValidFrom: 0,
    ...changes,
  }
}

export function keyId(text: string = randomUUID()) {
  return parseKeyId(text)!
}
/** A key id that sorts as `number` does. */
export function numberedKeyId(number: number) {
  return keyId(`${number.toString(16).padStart(8, '0')}-0000-4000-8000-000000000000`)
}
export function aliasName(name: string) {
  return parseAliasName(`alias/${name}`)!
}
export function accessKeyId(text: string) {
  return parseAccessKeyId(text)!
}
export function materialId(text: string = randomBytes(32).toString('hex')) {
  return parseKeyMaterialId(text)!
}

export function keyRecord(changes: Partial<KeyRecord> = {}): KeyRecord {
  return {
    ...place,
    keyId: keyId(),
    creationDate: 1_700_000_000_001,
    description: 'a key, with "quotes", \u2028 and a lone surrogate \ud800',
    keySpec: 'SYMMETRIC_DEFAULT',
    keyUsage: 'ENCRYPT_DECRYPT',
    origin: 'AWS_KMS',
    keyManager: 'CUSTOMER',
    state: { kind: 'Enabled' },
    tags: [{ TagKey: 'team', TagValue: 'päyments' }],
    policy: JSON.stringify({
      Version: '2012-10-17',
      Statement: [{ Sid: 'Enable IAM User Permissions', Effect: 'Allow', Action: 'kms:*', Resource: '*' }],
    }),
    currentMaterialId: materialId(),
    ...changes,
  }
}

export function currentMaterialOf({ currentMaterialId }: KeyRecord) {
  return currentMaterialId!
}

export function materialOf(key: KeyRecord): KeyMaterialRecord {
  return {
    region: key.region,
    account: key.account,
    keyId: key.keyId,
    materialId: currentMaterialOf(key),
    creationDate: key.creationDate,
    origin: key.origin,
    keySpec: key.keySpec,
    keyUsage: key.keyUsage,
    exportable: false,
    epoch: 1,
    wrapped: 'd3JhcHBlZCBrZXkgbWF0ZXJpYWwsIHNpeHR5IGJ5dGVzIGxvbmcgaW4gYWxsIGhlcmUu',
  }
}

export function aliasRecord(name: string, target: KeyRecord): AliasRecord {
  return {
    region: target.region,
    account: target.account,
    name: aliasName(name),
    targetKeyId: target.keyId,
    creationDate: 1_700_000_000_002,
    lastUpdatedDate: 1_700_000_000_002,
  }
}

export function accessKeyRecord(id: string, changes: Partial<AccessKeyRecord> = {}): AccessKeyRecord {
  return {
    accessKeyId: accessKeyId(id),
    account: place.account,
    principal: { kind: 'root' },
    status: 'Active',
    creationDate: 1_700_000_000_003,
    epoch: 1,
    wrappedSecret: 'd3JhcHBlZCBzZWNyZXQ=',
    ...changes,
  }
}

/** A grant id that sorts as `number` does. */
export function grantId(number: number) {
  return parseGrantId(number.toString(16).padStart(64, '0'))!
}

export function grantRecord(key: KeyRecord, number: number, changes: Partial<GrantRecord> = {}): GrantRecord {
  return {
    region: key.region,
    account: key.account,
    keyId: key.keyId,
    grantId: grantId(number),
    grantee: { name: 'AIDAGRANTEE', given: 'arn:aws:iam::111122223333:user/Grantee', kind: 'AWS' },
    retiring: undefined,
    issuingAccount: 'arn:aws:iam::111122223333:root',
    operations: ['Encrypt', 'Decrypt'],
    encryptionContextEquals: undefined,
    encryptionContextSubset: undefined,
    sourceArn: undefined,
    name: '',
    nameKey: undefined,
    creationDate: 1_700_000_000_004,
    ...changes,
  }
}

export function userRecord(name: string, changes: Partial<UserRecord> = {}): UserRecord {
  return {
    kind: 'user',
    account: place.account,
    id: `AIDA-${name}`,
    name,
    creationDate: 1_700_000_000_005,
    path: '/',
    inline: [],
    attached: [],
    groups: [],
    boundary: undefined,
    tags: [],
    sessionsValidFrom: 0,
    ...changes,
  }
}

export function keyAdded(key: KeyRecord): Change {
  return { kind: 'key added', key, material: materialOf(key) }
}

export function commitOf(changes: readonly Change[], expectations: readonly Expectation[] = [], record = '{}'): Commit {
  return { changes, expectations, record }
}

/** Always the same keys, so that child processes and worker threads have them too. */
export function testKeys(installationId = 'a-test-installation'): IntegrityKeys {
  return {
    installationId,
    stateMac: new HmacKey('sha256', Buffer.alloc(32, 1)),
    sealedHeadKey: createSecretKey(Buffer.alloc(32, 2)),
  }
}

/** A directory that is removed at the end of the test, after `beforeRemoval`. */
export function temporaryDirectory(
  t: { after: (work: () => void) => void },
  beforeRemoval?: (dir: string) => void,
): string {
  const dir = mkdtempSync(join(tmpdir(), 'trent-storage-'))
  t.after(() => {
    beforeRemoval?.(dir)
    rmSync(dir, { recursive: true, force: true })
  })
  return dir
}

/** A database with an installation in `dir`. */
export function installedDatabase(dir: string, keys: IntegrityKeys = testKeys()): string {
  const file = join(dir, 'keys.db')
  createInstallation({
    file,
    keys,
    created: 1_700_000_000_000,
    domainKey: { epoch: 1, wrapped: 'd3JhcHBlZA==' },
    account,
    accessKey: rootAccessKey,
    records: ['{"eventName":"CreateInstallation"}'],
  })
  return file
}
