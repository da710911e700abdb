/**
 * How records become rows: the table, the columns that find a row, and the content, which is the record as JSON text with
 * its members in one order. The MAC of a row covers every column, so a row that verifies was found by what its content says.
 */
import { IntegrityError } from '#base/integrity-error.ts'

/** What a column may hold besides content, revision and MAC. */
export type ColumnValue = string | number | null

export interface Entity<T> {
  readonly table: TableName
  /** The primary key's columns, then those of the table's other indexes. */
  readonly columns: readonly string[]
  /** How many of `columns` are the primary key. */
  readonly keyLength: number
  /** The values of `columns`, in their order. */
  readonly columnsOf: (record: T) => readonly ColumnValue[]
  /** The record as JSON text: only its own members, always in the same order. */
  readonly encode: (record: T) => string
  /** The record in `content`, which must be text that a MAC vouches for. Throws IntegrityError when it is no such record. */
  readonly decode: (content: string) => T
}

export const tableNames = [
  'account',
  'access_key',
  'iam',
  'key',
  'key_material',
  'alias',
  'key_grant',
  'policy_text',
] as const
export type TableName = (typeof tableNames)[number]

/** What `typeof` says of each member; with a question mark it may be missing, and is undefined then. */
export type Members = Readonly<
  Record<string, 'string' | 'number' | 'boolean' | 'object' | 'string?' | 'number?' | 'object?'>
>

/**
 * Whether `value` is an object with these members; those that may be missing and are, are set to undefined, as the record
 * had them before JSON left them out.
 */
// The check is light because the text carries our own MAC: it guards against content of another version of Trent, not
// against an attacker. Each record type has one guard beside its entity, the only place that vouches for the type.
export function hasMembers(value: unknown, members: Members): boolean {
  if (typeof value !== 'object' || value === null) return false
  for (const name in members) {
    const kind = members[name]
    const member: unknown = Reflect.get(value, name)
    if (member === undefined && kind?.endsWith('?') === true) Reflect.set(value, name, undefined)
    else if (member === null || typeof member !== kind?.replace('?', '')) return false
  }
  return true
}

/** `decode` of an entity whose records `guard` knows. */
export function decoder<T>(table: TableName, guard: (value: unknown) => value is T): (content: string) => T {
  return (content) => {
    const value: unknown = JSON.parse(content)
    if (!guard(value))
      throw new IntegrityError(`The content of a row of table ${table} is not of the form that it must have.`)
    return value
  }
}
