/** What the configuration says of account and root access key must be what the installation has: neither changes by a start. */
import { timingSafeEqual } from 'node:crypto'
import type { Settings } from '#config/settings.ts'
import { ConfigError } from '#config/config-error.ts'
import type { Hierarchy } from '#crypto/key-hierarchy.ts'
import { unwrapSecret } from '#keystores/software/secret-wrap.ts'
import type { AccessKeyRecord } from '#records/identity.ts'
import type { SqliteReader } from '#storage/sqlite/reader.ts'

/** Throws ConfigError when `settings` ask for another account or another root access key than the installation's. */
export function requireSameIdentity(settings: Settings, storage: SqliteReader, hierarchy: Hierarchy): void {
  const accounts = storage.accounts()
  if (settings.account !== undefined && !accounts.some(({ account }) => account === settings.account)) {
    throw new ConfigError([
      `--account ${settings.account}: this installation's account is ${accounts.map(({ account }) => account).join(', ')}; ` +
        'leave the setting out, or start with another --data-dir',
    ])
  }
  const wanted = settings.rootAccessKey
  if (wanted === undefined) return
  const stored = storage.accessKey(wanted.id)
  if (stored === undefined || !hasSecret(stored, wanted.secret, hierarchy)) {
    throw new ConfigError([
      'TRENT_ROOT_ACCESS_KEY_ID and TRENT_ROOT_SECRET_ACCESS_KEY differ from the root access key of this installation: ' +
        'they set it at the first start only; unset them, or use the one in its credentials file',
    ])
  }
}

/** Whether `text` is the secret of an access key. */
export function hasSecret(stored: AccessKeyRecord, text: string, hierarchy: Hierarchy): boolean {
  const secret = Buffer.from(text, 'utf8')
  const known = unwrapSecret(hierarchy, stored)
  const same = known.length === secret.length && timingSafeEqual(known.insecureSecretAccess(), secret)
  known.destroy()
  secret.fill(0)
  return same
}
