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
        user_id TEXT NOT NULL,
        content TEXT NOT NULL,
        rev INTEGER NOT NULL,
        mac BLOB NOT NULL,
        PRIMARY KEY (access_key_id)
      ) STRICT;
      CREATE INDEX access_key_by_principal ON access_key (account, user_id, access_key_id);

      CREATE TABLE iam (
        account TEXT NOT NULL REFERENCES account (account),
        kind TEXT NOT NULL,
        id TEXT NOT NULL,
        name_key TEXT NOT NULL,
        content TEXT NOT NULL,
        rev INTEGER NOT NULL,
        mac BLOB NOT NULL,
        PRIMARY KEY (account, kind, id)
      ) STRICT;
      CREATE UNIQUE INDEX iam_by_name ON iam (account, kind, name_key);
      CREATE INDEX iam_by_id ON iam (id, kind, account);

      CREATE TABLE policy_text (
        hash TEXT NOT NULL,
        kept_at INTEGER NOT NULL,
        content TEXT NOT NULL,
        rev INTEGER NOT NULL,
        mac BLOB NOT NULL,
        PRIMARY KEY (hash)
      ) STRICT;
      CREATE INDEX policy_text_by_time ON policy_text (kept_at, hash);

      CREATE TABLE key (
        region TEXT NOT NULL,
        account TEXT NOT NULL,
        key_id TEXT NOT NULL,
        deletion_date INTEGER,
        next_rotation INTEGER,
        content TEXT NOT NULL,
        rev INTEGER NOT NULL,
        mac BLOB NOT NULL,
        PRIMARY KEY (region, account, key_id)
      ) STRICT;
      CREATE INDEX key_by_id ON key (key_id, region, account);
      CREATE INDEX key_by_deletion_date ON key (deletion_date) WHERE deletion_date IS NOT NULL;
      CREATE INDEX key_by_next_rotation ON key (next_rotation) WHERE next_rotation IS NOT NULL;

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

      CREATE TABLE key_grant (
        region TEXT NOT NULL,
        account TEXT NOT NULL,
        key_id TEXT NOT NULL,
        grant_id TEXT NOT NULL,
        grantee TEXT NOT NULL,
        retiring TEXT,
        name_key TEXT,
        content TEXT NOT NULL,
        rev INTEGER NOT NULL,
        mac BLOB NOT NULL,
        PRIMARY KEY (region, account, key_id, grant_id),
        FOREIGN KEY (region, account, key_id) REFERENCES key (region, account, key_id)
      ) STRICT;
      CREATE INDEX key_grant_by_grantee ON key_grant (region, account, key_id, grantee, grant_id);
      CREATE INDEX key_grant_by_retiring ON key_grant (region, retiring, account, key_id, grant_id)
        WHERE retiring IS NOT NULL;
      CREATE UNIQUE INDEX key_grant_by_name ON key_grant (region, account, key_id, name_key)
        WHERE name_key IS NOT NULL;

      -- The ids come from the sealed head: without gaps and never used twice, so the trail knows which records it has
      -- already taken over, and one that is missing is noticed.
      CREATE TABLE outbox (
        id INTEGER NOT NULL PRIMARY KEY,
        record TEXT NOT NULL,
        mac BLOB NOT NULL
      ) STRICT;
    `),
}
