import type { Migration } from './migration.ts'

/**
 * Lists the key materials of a key page by page, in the order of their rotations. The date stands in the content alone, as in
 * the schema before this one; the first material of a key has none and precedes every date.
 */
export const materialsByRotation: Migration = {
  version: 3,
  name: 'key materials by rotation',
  up: (db) =>
    db.exec(`
      CREATE INDEX key_material_by_rotation
        ON key_material (
          region, account, key_id,
          ifnull(CASE WHEN json_valid(content) THEN json_extract(content, '$.rotated.date') END, -9007199254740991),
          material_id
        );
    `),
}
