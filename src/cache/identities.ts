/**
 * The Identities port: access keys with their signing keys, cached until the access key changes. `home` is a region of the
 * installation: all its regions are of one partition, which ARNs of identities name.
 */
import { rootArn } from '#aws/arn.ts'
import type { AccessKeyId, AccountId, Region } from '#base/brand.ts'
import { after } from '#base/maybe-async.ts'
import { signingKey } from '#aws/sigv4.ts'
import type { HmacKey } from '#crypto/hmac.ts'
import type { Credential, Identities } from '#ports/identities.ts'
import type { Random } from '#ports/edge.ts'
import type { StorageReader } from '#ports/storage.ts'
import { cacheName } from '#records/change.ts'
import type { AccessKeyRecord } from '#records/identity.ts'
import { CoherentCache } from './coherent-cache.ts'
import type { RevisionSlots } from './revision-slots.ts'

/** Opens the wrapped secret of an access key into a buffer that the caller owns. */
export type OpenSecret = (record: AccessKeyRecord) => Buffer

interface CachedCredential extends Credential {
  readonly secret: Buffer
  /** By scope: a day, a region, a service. A handful in practice; emptied when it grows. */
  readonly signingKeys: Map<string, HmacKey>
}

const cachedCredentials = 10_000
const signingKeysPerCredential = 64

export function createIdentities(
  storage: StorageReader,
  openSecret: OpenSecret,
  slots: RevisionSlots,
  random: Random,
  home: Region,
): Identities<HmacKey> {
  const credentials = new CoherentCache<CachedCredential>(slots, cachedCredentials)
  // Stands in for an access key that does not exist, so that it costs and takes what a known one does.
  const nobody = { secret: random.bytes(40), signingKeys: new Map<string, HmacKey>() }
  // The only holders of what signing needs beside a Credential; outside this module a Credential has no secret.
  const secrets = new WeakMap<Credential, CachedCredential>()

  return {
    credential: (id) =>
      credentials.get(
        id,
        () => cacheName.accessKey(id),
        () =>
          after(storage.accessKey(id), (record) => {
            if (record === undefined) return undefined
            const credential: CachedCredential = {
              caller: { kind: record.principal.kind, account: record.account, accessKeyId: record.accessKeyId },
              userIdentity: rootIdentity(home, record.account, record.accessKeyId),
              status: record.status,
              secret: openSecret(record),
              signingKeys: new Map(),
            }
            secrets.set(credential, credential)
            return credential
          }),
      ),
    signingKey: (credential, date, region, service) => {
      const holder = (credential === undefined ? undefined : secrets.get(credential)) ?? nobody
      const scope = `${date}${region}/${service}`
      const known = holder.signingKeys.get(scope)
      if (known !== undefined) return known
      const made = signingKey(holder.secret, date, region, service)
      if (holder.signingKeys.size >= signingKeysPerCredential) holder.signingKeys.clear()
      holder.signingKeys.set(scope, made)
      return made
    },
  }
}

/** CloudTrail's `userIdentity` of an account's root user. */
function rootIdentity(home: Region, account: AccountId, accessKeyId: AccessKeyId): string {
  return (
    `{"type":"Root","principalId":"${account}","arn":"${rootArn(home, account)}","accountId":"${account}",` +
    `"accessKeyId":${JSON.stringify(accessKeyId)}}`
  )
}
