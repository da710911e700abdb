import type { Migration } from './migration.ts'

/**
 * Finds the keys whose imported key material has expired. The date stands in the content alone, which the row's MAC covers:
 * rows of the schema before this one stay as they are.
 */
export const importedMaterial: Migration = {
  version: 2,
  name: 'imported key material',
  up: (db) =>
    db.exec(`
      CREATE INDEX key_by_next_expiry
        ON key (
          CASE WHEN json_valid(content) THEN json_extract(content, '$.imported.nextExpiry') END,
          region, account, key_id
        )
        WHERE CASE WHEN json_valid(content) THEN json_extract(content, '$.imported.nextExpiry') END IS NOT NULL;
    `),
}
