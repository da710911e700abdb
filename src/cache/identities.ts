/**
 * The Identities port: access keys with their signing keys, cached until the access key changes. `home` is a region of the
 * installation: all its regions are of one partition, which ARNs of identities name.
 */
import { rootArn } from '#aws/arn.ts'
import type { AccessKeyId, AccountId, Region } from '#base/brand.ts'
import { after } from '#base/maybe-async.ts'
import { SecretBytes } from '#base/secret-bytes.ts'
import { signingKey } from '#aws/sigv4.ts'
import type { HmacKey } from '#crypto/hmac.ts'
import type { Credential, Identities } from '#ports/identities.ts'
import type { Random } from '#ports/edge.ts'
import type { StorageReader } from '#ports/storage.ts'
import { cacheName } from '#records/change.ts'
import type { AccessKeyRecord } from '#records/identity.ts'
import { CoherentCache } from './coherent-cache.ts'
import type { RevisionSlots } from './revision-slots.ts'

/** Opens the wrapped secret of an access key; the caller owns it. */
export type OpenSecret = (record: AccessKeyRecord) => SecretBytes

interface Signing {
  readonly secret: SecretBytes
  /** By scope: a day, a region, a service. A handful in practice; emptied when it grows. */
  readonly signingKeys: Map<string, HmacKey>
  /** Overwritten, which as a key would be one that anybody knows. */
  destroyed: boolean
}
interface CachedCredential extends Credential, Signing {}

export interface IdentitiesOptions {
  /** How many access keys are cached. Default 10,000. */
  readonly cached?: number
}

const cachedCredentials = 10_000
const signingKeysPerCredential = 64

export function createIdentities(
  storage: StorageReader,
  openSecret: OpenSecret,
  slots: RevisionSlots,
  random: Random,
  home: Region,
  { cached = cachedCredentials }: IdentitiesOptions = {},
): Identities<HmacKey> {
  const credentials = new CoherentCache<CachedCredential>(slots, cached, destroy)
  // Stands in for an access key that does not exist, so that it costs and takes what a known one does.
  const nobody: Signing = { secret: new SecretBytes(random.bytes(40)), signingKeys: new Map(), destroyed: false }
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
              destroyed: false,
            }
            secrets.set(credential, credential)
            return credential
          }),
      ),
    signingKey: (credential, date, region, service) => {
      const holder = (credential === undefined ? undefined : secrets.get(credential)) ?? nobody
      if (holder.destroyed) throw new Error('the access key left the cache before its signature was verified')
      const scope = `${date}${region}/${service}`
      const known = holder.signingKeys.get(scope)
      if (known !== undefined) return known
      const made = signingKey(holder.secret.insecureSecretAccess(), date, region, service)
      if (holder.signingKeys.size >= signingKeysPerCredential) forgetKeys(holder)
      holder.signingKeys.set(scope, made)
      return made
    },
  }
}

function destroy(credential: CachedCredential): void {
  credential.destroyed = true
  credential.secret.destroy()
  forgetKeys(credential)
}

function forgetKeys({ signingKeys }: Signing): void {
  for (const key of signingKeys.values()) key.destroy()
  signingKeys.clear()
}

/** CloudTrail's `userIdentity` of an account's root user. */
function rootIdentity(home: Region, account: AccountId, accessKeyId: AccessKeyId): string {
  return (
    `{"type":"Root","principalId":"${account}","arn":"${rootArn(home, account)}","accountId":"${account}",` +
    `"accessKeyId":${JSON.stringify(accessKeyId)}}`
  )
}
