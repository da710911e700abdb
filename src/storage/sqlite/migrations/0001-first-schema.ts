import type { Migration } from './migration.ts'

// The entity tables have a rowid and a unique index for the primary key, so that listing ids and names reads an index
// alone and never the rows, whose content (a key policy is up to 32 kB) would be most of what a WITHOUT ROWID table reads.
export const firstSchema: Migration = {
  version: 1,
  name: 'first schema',
  up: (db) =>
    db.exec(`
      CREATE TABLE installation (
        id TEXT NOT NULL PRIMARY KEY,
        created INTEGER NOT NULL
      ) STRICT;

      CREATE TABLE domain_key (
        epoch INTEGER NOT NULL PRIMARY KEY,
        created INTEGER NOT NULL,
        wrapped TEXT NOT NULL
      ) STRICT;

      CREATE TABLE head (
        only INTEGER NOT NULL PRIMARY KEY CHECK (only = 1),
        sealed BLOB NOT NULL
      ) STRICT;

      CREATE TABLE account (
        account TEXT NOT NULL,
        content TEXT NOT NULL,
        rev INTEGER NOT NULL,
        mac BLOB NOT NULL,
        PRIMARY KEY (account)
      ) STRICT;

      CREATE TABLE access_key (
        access_key_id TEXT NOT NULL,
        account TEXT NOT NULL REFERENCES account (account),
        content TEXT NOT NULL,
        rev INTEGER NOT NULL,
        mac BLOB NOT NULL,
        PRIMARY KEY (access_key_id)
      ) STRICT;
      CREATE INDEX access_key_by_account ON access_key (account, access_key_id);

      CREATE TABLE key (
        region TEXT NOT NULL,
        account TEXT NOT NULL,
        key_id TEXT NOT NULL,
        deletion_date INTEGER,
        content TEXT NOT NULL,
        rev INTEGER NOT NULL,
        mac BLOB NOT NULL,
        PRIMARY KEY (region, account, key_id)
      ) STRICT;
      CREATE INDEX key_by_deletion_date ON key (deletion_date) WHERE deletion_date IS NOT NULL;

      CREATE TABLE key_material (
        region TEXT NOT NULL,
        account TEXT NOT NULL,
        key_id TEXT NOT NULL,
        material_id TEXT NOT NULL,
        content TEXT NOT NULL,
        rev INTEGER NOT NULL,
        mac BLOB NOT NULL,
        PRIMARY KEY (region, account, key_id, material_id),
        FOREIGN KEY (region, account, key_id) REFERENCES key (region, account, key_id)
      ) STRICT;

      CREATE TABLE alias (
        region TEXT NOT NULL,
        account TEXT NOT NULL,
        name TEXT NOT NULL,
        target_key_id TEXT NOT NULL,
        content TEXT NOT NULL,
        rev INTEGER NOT NULL,
        mac BLOB NOT NULL,
        PRIMARY KEY (region, account, name),
        FOREIGN KEY (region, account, target_key_id) REFERENCES key (region, account, key_id)
      ) STRICT;
      CREATE INDEX alias_by_target ON alias (region, account, target_key_id, name);

      -- The ids come from the sealed head: without gaps and never used twice, so the trail knows which records it has
      -- already taken over, and one that is missing is noticed.
      CREATE TABLE outbox (
        id INTEGER NOT NULL PRIMARY KEY,
        record TEXT NOT NULL,
        mac BLOB NOT NULL
      ) STRICT;
    `),
}
