import type { DatabaseSync, StatementSync } from 'node:sqlite'
import { iamEntity } from '../iam-entity.ts'
import { accessKeyEntity, accountEntity } from '../identity-entities.ts'
import { aliasEntity, grantEntity, keyEntity, keyMaterialEntity } from '../key-entities.ts'
import { policyTextEntity } from '../policy-text-entity.ts'
import { rowColumns, selectRow } from './rows.ts'

/** All that a reader asks, prepared once. */
// Listing key ids reads the index of the primary key alone, and counting grants does.
export function statements(db: DatabaseSync) {
  return {
    key: selectRow(db, keyEntity),
    alias: selectRow(db, aliasEntity),
    accessKey: selectRow(db, accessKeyEntity),
    material: db.prepare(
      `SELECT ${rowColumns(keyMaterialEntity)} FROM key_material
       WHERE region = ? AND account = ? AND key_id = ? AND material_id >= ? AND material_id < ?
       ORDER BY material_id LIMIT 1`,
    ),
    materials: db.prepare(
      `SELECT ${rowColumns(keyMaterialEntity)} FROM key_material WHERE region = ? AND account = ? AND key_id = ?`,
    ),
    materialsByRotation: db.prepare(
      `SELECT ${rowColumns(keyMaterialEntity)} FROM key_material
       WHERE region = ? AND account = ? AND key_id = ?
         -- Of two values together the index would not be asked.
         AND ${rotationDate} >= ? AND (${rotationDate}, material_id) > (?, ?)
       ORDER BY ${rotationDate}, material_id LIMIT ?`,
    ),
    keyIds: db.prepare(
      `SELECT key_id FROM key WHERE region = ? AND account = ? AND key_id > ? ORDER BY key_id LIMIT ?`,
    ),
    accountOfKey: db.prepare('SELECT account FROM key WHERE key_id = ? AND region = ? ORDER BY account LIMIT 1'),
    aliases: db.prepare(
      `SELECT ${rowColumns(aliasEntity)} FROM alias
       WHERE region = ? AND account = ? AND name > ? ORDER BY name LIMIT ?`,
    ),
    aliasesOf: db.prepare(
      `SELECT ${rowColumns(aliasEntity)} FROM alias
       WHERE region = ? AND account = ? AND target_key_id = ? AND name > ? ORDER BY name LIMIT ?`,
    ),
    grant: selectRow(db, grantEntity),
    grants: db.prepare(
      `SELECT ${rowColumns(grantEntity)} FROM key_grant
       WHERE region = ? AND account = ? AND key_id = ? AND grant_id > ? ORDER BY grant_id LIMIT ?`,
    ),
    grantsOf: db.prepare(
      `SELECT ${rowColumns(grantEntity)} FROM key_grant
       WHERE region = ? AND account = ? AND key_id = ? AND grantee = ? AND grant_id > ? ORDER BY grant_id LIMIT ?`,
    ),
    grantCount: db.prepare('SELECT count(*) AS count FROM key_grant WHERE region = ? AND account = ? AND key_id = ?'),
    grantNamed: db.prepare(
      `SELECT ${rowColumns(grantEntity)} FROM key_grant
       WHERE region = ? AND account = ? AND key_id = ? AND name_key = ?`,
    ),
    retirable: db.prepare(
      `SELECT ${rowColumns(grantEntity)} FROM key_grant
       WHERE region = ? AND retiring = ? AND (account, key_id, grant_id) > (?, ?, ?)
       ORDER BY account, key_id, grant_id LIMIT ?`,
    ),
    account: selectRow(db, accountEntity),
    accessKeysOf: db.prepare(
      `SELECT ${rowColumns(accessKeyEntity)} FROM access_key WHERE account = ? AND user_id = ? ORDER BY access_key_id`,
    ),
    // An OIDC provider's id is its name, which other accounts may have as well.
    iamById: db.prepare(`SELECT ${rowColumns(iamEntity)} FROM iam WHERE id = ? AND kind = ? ORDER BY account LIMIT 1`),
    iamByName: db.prepare(`SELECT ${rowColumns(iamEntity)} FROM iam WHERE account = ? AND kind = ? AND name_key = ?`),
    iamList: db.prepare(
      `SELECT ${rowColumns(iamEntity)} FROM iam
       WHERE account = ? AND kind = ? AND name_key > ? ORDER BY name_key LIMIT ?`,
    ),
    policyText: selectRow(db, policyTextEntity),
    accounts: db.prepare(`SELECT ${rowColumns(accountEntity)} FROM account ORDER BY account`),
    // In an order that no two keys share, so that a page goes on where the one before it ended.
    dueForDeletion: dueKeys(db, 'key.deletion_date'),
    dueForRotation: dueKeys(db, 'key.next_rotation'),
    withExpiredMaterial: dueKeys(db, nextExpiry),
  }
}

// In the words of the index. A column of its own would be part of each row's MAC, and those of databases in the field are
// without it.
const nextExpiry = "CASE WHEN json_valid(key.content) THEN json_extract(key.content, '$.imported.nextExpiry') END"

/** What the first material of a key has for the date of its rotation. */
export const beforeAllRotations = Number.MIN_SAFE_INTEGER
const rotationDate =
  "ifnull(CASE WHEN json_valid(content) THEN json_extract(content, '$.rotated.date') END, -9007199254740991)"

function dueKeys(db: DatabaseSync, date: string): StatementSync {
  return db.prepare(
    `SELECT ${rowColumns(keyEntity)} FROM key
     WHERE ${date} <= ? AND (${date}, region, account, key_id) > (?, ?, ?, ?)
     ORDER BY ${date}, region, account, key_id`,
  )
}
