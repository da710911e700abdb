/**
 * The Identities port: access keys with their signing keys and callers. Long-term access keys are cached until they change,
 * temporary ones as their token was opened; who calls with them is looked up anew as soon as anything of the account has
 * changed.
 */
import type { AccessKeyId } from '#base/brand.ts'
import { after, type MaybeAsync } from '#base/maybe-async.ts'
import { SecretBytes } from '#base/secret-bytes.ts'
import { signingKey } from '#aws/sigv4.ts'
import type { HmacKey } from '#crypto/hmac.ts'
import { sameToken } from '#crypto/session-token.ts'
import type { Caller } from '#policy/principal.ts'
import type { Credential, Identities } from '#ports/identities.ts'
import type { Random } from '#ports/edge.ts'
import type { OpenedSession, Session } from '#ports/sessions.ts'
import type { StorageReader } from '#ports/storage.ts'
import { cacheName } from '#records/change.ts'
import type { AccessKeyRecord } from '#records/identity.ts'
import { userIdentityOf } from './caller-identity.ts'
import { CoherentCache } from './coherent-cache.ts'
import type { Principals } from './principals.ts'
import type { RevisionSlots } from './revision-slots.ts'
import { entityOf, entityOfSession, type Entity, type Standing } from './standing.ts'

export interface CredentialOpeners {
  /** Opens the wrapped secret of an access key; the caller owns it. */
  secret(record: AccessKeyRecord): SecretBytes
  /** The session of a token that this installation has made; undefined for every other text. */
  session(token: string): OpenedSession | undefined
}

export interface IdentitiesOptions {
  /** How many access keys are cached, long-term and temporary ones each. Default 10,000. */
  readonly cached?: number
}

interface LatestKey {
  readonly date: string
  readonly region: string
  readonly service: string
  readonly key: HmacKey
}

interface Signing {
  readonly secret: SecretBytes
  /** By scope: a day, a region, a service. A handful in practice; emptied when it grows. */
  readonly signingKeys: Map<string, HmacKey>
  /** The one that was asked for last, by the parts of its scope. */
  latestKey: LatestKey | undefined
  /** Overwritten, which as a key would be one that anybody knows. */
  destroyed: boolean
}

/** An access key whose secret is at hand. */
interface Held extends Signing {
  readonly accessKeyId: AccessKeyId
  readonly entity: Entity
  readonly status: Credential['status']
  /** Of temporary credentials. */
  readonly session: Session | undefined
  /** Of temporary credentials, ASCII. */
  readonly token: Buffer | undefined
  /** As of which `latest` is what it is: undefined, too, when the session was revoked. */
  standing: Standing | undefined
  latest: Credential | undefined
}

const signingKeysPerCredential = 64

export function createIdentities(
  storage: Pick<StorageReader, 'accessKey'>,
  principals: Principals,
  open: CredentialOpeners,
  slots: RevisionSlots,
  random: Random,
  { cached = 10_000 }: IdentitiesOptions = {},
): Identities<HmacKey> {
  // Apart, so that a client that makes sessions without end displaces nobody's long-term access key.
  const longTerm = new CoherentCache<Held>(slots, cached, { dispose: destroy })
  // A session brings its policies, which take memory in proportion to its token: those with long ones are fewer.
  const temporary = new CoherentCache<Held>(slots, cached, { dispose: destroy, weigh: weightOf })
  // Stands in for an access key that does not exist, so that it costs and takes what a known one does.
  const nobody: Signing = {
    secret: new SecretBytes(random.bytes(40)),
    signingKeys: new Map(),
    latestKey: undefined,
    destroyed: false,
  }
  // The only way from a Credential to what signing needs; outside this module a Credential has no secret.
  const holders = new WeakMap<Credential, Held>()

  function loadLongTerm(id: AccessKeyId): MaybeAsync<Held | undefined> {
    return longTerm.load(id, cacheName.accessKey(id), () =>
      after(storage.accessKey(id), (record) => {
        if (record === undefined) return undefined
        const { account, principal, status } = record
        const entity =
          principal.kind === 'root' ? entityOf(account, 'root', account) : entityOf(account, 'user', principal.userId)
        return held(id, entity, status, open.secret(record), undefined, undefined)
      }),
    )
  }

  function loadTemporary(id: AccessKeyId, token: string): MaybeAsync<Held | undefined> {
    const opened = open.session(token)
    if (opened?.accessKeyId !== id) {
      opened?.secretAccessKey.destroy()
      return undefined
    }
    const { session, secretAccessKey } = opened
    const made = held(id, entityOfSession(session), 'Active', secretAccessKey, session, Buffer.from(token))
    // What was opened can't change: it is only bounded.
    return temporary.load(id, cacheName.accessKey(id), () => made)
  }

  /** The credential for which `key` stands now. */
  function credentialOf(key: Held | undefined): MaybeAsync<Credential | undefined> {
    if (key === undefined) return undefined
    const standing = principals.standing(key.entity)
    return standing instanceof Promise
      ? standing.then((arrived) => credentialAs(key, arrived))
      : credentialAs(key, standing)
  }

  function credentialAs(key: Held, standing: Standing | undefined): MaybeAsync<Credential | undefined> {
    if (standing === undefined) return undefined
    if (key.standing === standing) return key.latest
    const { session, accessKeyId } = key
    const caller =
      session === undefined
        ? principals.caller(standing, accessKeyId)
        : principals.sessionCaller(standing, accessKeyId, session)
    return after(caller, (found) => {
      key.latest = found === undefined ? undefined : credential(key, standing, found)
      key.standing = standing
      return key.latest
    })
  }

  function credential(key: Held, standing: Standing, caller: Caller): Credential {
    const made: Credential = {
      caller,
      userIdentity: userIdentityOf(caller, key.accessKeyId, standing, key.session),
      status: key.status,
      expiresAt: key.session?.expiresAt,
    }
    holders.set(made, key)
    return made
  }

  return {
    credential: (id, sessionToken) => {
      if (sessionToken === undefined) {
        const known = longTerm.fresh(id)
        return known === undefined ? after(loadLongTerm(id), credentialOf) : credentialOf(known)
      }
      const known = temporary.fresh(id)
      if (known?.token === undefined) return after(loadTemporary(id, sessionToken), credentialOf)
      return sameToken(known.token, sessionToken) ? credentialOf(known) : undefined
    },
    resourceControl: principals.resourceControl,
    signingKey: (credential, date, region, service) => {
      const holder = (credential === undefined ? undefined : holders.get(credential)) ?? nobody
      if (holder.destroyed) throw new Error('the access key left the cache before its signature was verified')
      const latest = holder.latestKey
      if (latest?.date === date && latest.region === region && latest.service === service) return latest.key
      const made = signingKeyOf(holder, date, region, service)
      holder.latestKey = { date, region, service, key: made }
      return made
    },
  }
}

function signingKeyOf(holder: Signing, date: string, region: string, service: string): HmacKey {
  const scope = `${date}${region}/${service}`
  const known = holder.signingKeys.get(scope)
  if (known !== undefined) return known
  const made = signingKey(holder.secret.insecureSecretAccess(), date, region, service)
  if (holder.signingKeys.size >= signingKeysPerCredential) forgetKeys(holder)
  holder.signingKeys.set(scope, made)
  return made
}

function held(
  accessKeyId: AccessKeyId,
  entity: Entity,
  status: Credential['status'],
  secret: SecretBytes,
  session: Session | undefined,
  token: Buffer | undefined,
): Held {
  const unknown = { standing: undefined, latest: undefined }
  return {
    accessKeyId,
    entity,
    status,
    secret,
    session,
    token,
    signingKeys: new Map(),
    latestKey: undefined,
    destroyed: false,
    ...unknown,
  }
}

const tokenLengthPerPlace = 512

function weightOf({ token }: Held): number {
  return 1 + Math.floor((token?.length ?? 0) / tokenLengthPerPlace)
}

function destroy(key: Held): void {
  key.destroyed = true
  key.secret.destroy()
  forgetKeys(key)
}

function forgetKeys(holder: Signing): void {
  for (const key of holder.signingKeys.values()) key.destroy()
  holder.signingKeys.clear()
  holder.latestKey = undefined
}
