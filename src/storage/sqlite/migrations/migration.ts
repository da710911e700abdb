import type { DatabaseSync } from 'node:sqlite'

/** One step of the schema. Never changed once released: databases in the field have run it. */
export interface Migration {
  readonly version: number
  readonly name: string
  /** Runs inside a transaction of the caller. */
  readonly up: (db: DatabaseSync) => void
}
