/** The sealed head: one row that says what all the others are. */
import { randomBytes } from 'node:crypto'
import type { DatabaseSync } from 'node:sqlite'
import { IntegrityError } from '#base/integrity-error.ts'
import { ivLength } from '#crypto/aead.ts'
import { sha256Hex } from '#crypto/hmac.ts'
import { openHead, sealHead } from '#crypto/row-mac.ts'
import type { SealedHead } from '#crypto/row-mac.ts'
import type { IntegrityKeys } from '../stored-row.ts'

/** What an anchor remembers of a head. */
export interface HeadMark {
  /** One more with each commit. */
  readonly revision: number
  /** SHA-256 of the sealed head, in hex: it has a random IV, so no two heads have the same. */
  readonly digest: string
}

export interface OpenedHead {
  readonly head: SealedHead
  readonly mark: HeadMark
}

/** Throws IntegrityError when the head is missing or not what was stored. */
export function readHead(db: DatabaseSync, keys: IntegrityKeys): OpenedHead {
  return openSealedHead(keys, sealedHeadIn(db))
}

/** The head as it is stored; undefined when it is missing. */
export function sealedHeadIn(db: DatabaseSync): Buffer | undefined {
  const sealed = db.prepare('SELECT sealed FROM head WHERE only = 1').get()?.['sealed']
  return sealed instanceof Uint8Array ? Buffer.from(sealed) : undefined
}

/** The head in `sealed`. Throws IntegrityError when there is none, or it is not what was stored. */
export function openSealedHead(keys: IntegrityKeys, sealed: Buffer | undefined): OpenedHead {
  if (sealed === undefined) throw new IntegrityError('The sealed head of the database is missing.')
  const head = openHead(keys.sealedHeadKey, keys.installationId, sealed)
  return { head, mark: { revision: head.revision, digest: sha256Hex(sealed) } }
}

/** Seals `head` and stores it, in a transaction of the caller. */
export function writeHead(db: DatabaseSync, keys: IntegrityKeys, head: SealedHead): HeadMark {
  const sealed = sealHead(keys.sealedHeadKey, keys.installationId, head, randomBytes(ivLength))
  db.prepare(
    'INSERT INTO head (only, sealed) VALUES (1, ?) ON CONFLICT (only) DO UPDATE SET sealed = excluded.sealed',
  ).run(sealed)
  return { revision: head.revision, digest: sha256Hex(sealed) }
}
