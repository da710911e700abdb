/**
 * The first start on an empty data directory creates the installation: root key, account, root user with one access key. Its
 * order is seal, anchor, credentials, database; the trail comes after. So a start that ends in between can be told from an
 * installation that lost its database, and is simply repeated.
 */
import { existsSync } from 'node:fs'
import type { Settings } from '#config/settings.ts'
import { openHierarchy, wrapDomainKey, keyLength } from '#crypto/key-hierarchy.ts'
import { ivLength } from '#crypto/aead.ts'
import { wrapSecret } from '#keystores/software/secret-wrap.ts'
import type { Random } from '#ports/edge.ts'
import type { AccessKeyRecord } from '#records/identity.ts'
import type { SeedAccount } from '#seed/seed.ts'
import { writeDurably } from '#files/durable-file.ts'
import type { Unsealed } from '#seals/seal.ts'
import { descriptorPath } from '#seals/descriptor.ts'
import { openAnchor } from '#storage/anchor.ts'
import { createInstallation } from '#storage/sqlite/installation.ts'
import { StorageError } from '#storage/storage-error.ts'
import { newAccessKeyId, newAccountId, newSecret } from './new-access-key.ts'
import { anchorFile, credentialsFile, databaseFile, trailFile } from './files.ts'

/** Where the anchor is. */
export function anchorOf({ anchor, dataDir }: Settings): string {
  return anchor ?? anchorFile(dataDir)
}

/**
 * Throws StorageError when a directory without a database shows that it had one: what a first start makes last is there without
 * what it makes before, or a trail, which it does not make at all. Nothing may be made anew then.
 */
export function refuseRemains(settings: Settings): void {
  const { dataDir } = settings
  const anchor = anchorOf(settings)
  const anchored = existsSync(anchor)
  const isSealed = existsSync(descriptorPath(dataDir))
  const remains = [
    ...(existsSync(trailFile(dataDir)) ? [trailFile(dataDir)] : []),
    ...(anchored && !isSealed ? [anchor] : []),
    ...(existsSync(credentialsFile(dataDir)) && !(anchored && isSealed) ? [credentialsFile(dataDir)] : []),
  ]
  const [remaining] = remains
  if (remaining === undefined) return
  throw new StorageError(
    'missing',
    `The database ${databaseFile(dataDir)} is missing, but ${remaining} is there: an installation was here, and nothing is created in its place. ` +
      'Put the database back (was it moved, or is its disk not mounted?) or restore a backup; to start anew, choose an empty data directory.',
  )
}

/** What a seed says of the account that a first start makes, where the settings don't. */
export type FirstAccount = Pick<SeedAccount, 'account' | 'name' | 'rootAccessKey'>

/** Creates the installation. The caller holds the directory's lock, has the seal open, and keeps the root key. */
export async function createFirstInstallation(
  settings: Settings,
  { root, installationId }: Unsealed,
  random: Random,
  now: number,
  first?: FirstAccount,
): Promise<void> {
  const domainKey = random.bytes(keyLength)
  const wrapped = wrapDomainKey(root, installationId, 1, domainKey, random.bytes(ivLength))
  domainKey.fill(0)
  const hierarchy = openHierarchy(root, installationId, [wrapped], 1)
  const account = settings.account ?? first?.account ?? newAccountId(random)
  const seeded = account === first?.account ? first : undefined
  const chosen = settings.rootAccessKey ?? seeded?.rootAccessKey
  const accessKeyId = chosen?.id ?? newAccessKeyId(random)
  const secret = chosen === undefined ? newSecret(random) : Buffer.from(chosen.secret, 'utf8')
  const accessKey: AccessKeyRecord = {
    accessKeyId,
    account,
    principal: { kind: 'root' },
    status: 'Active',
    creationDate: now,
    ...wrapSecret(hierarchy, random, { account, accessKeyId }, secret),
  }
  const credentials = Buffer.from(
    `[default]\naws_access_key_id = ${accessKeyId}\naws_secret_access_key = ${secret.toString('utf8')}\n`,
    'utf8',
  )
  try {
    // Refuses the anchor of a database that there was, before anything of it is replaced.
    openAnchor(anchorOf(settings), hierarchy.stateMac, 'new').close()
    // Before the installation exists: a start that ends in between leaves none, and the next one writes another key here.
    await writeDurably(credentialsFile(settings.dataDir), credentials, 0o600, random)
  } finally {
    credentials.fill(0)
    secret.fill(0)
  }
  createInstallation({
    file: databaseFile(settings.dataDir),
    keys: hierarchy,
    created: now,
    domainKey: wrapped,
    account: {
      account,
      creationDate: now,
      name: seeded?.name ?? '',
      serviceControl: [],
      resourceControl: [],
      rootSessionsValidFrom: 0,
    },
    accessKey,
    records: [],
  })
}
