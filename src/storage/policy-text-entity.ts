/** Policy texts that the trail may speak of, as rows. */
import { decoder, hasMembers } from './entity.ts'
import type { Entity, Members } from './entity.ts'

export interface PolicyTextRecord {
  readonly hash: string
  /** Epoch milliseconds: when it was last known to be, or to have been until then, in force. */
  readonly keptAt: number
  readonly text: string
}

const members: Members = { hash: 'string', keptAt: 'number', text: 'string' }

export const policyTextEntity: Entity<PolicyTextRecord> = {
  table: 'policy_text',
  columns: ['hash', 'kept_at'],
  keyLength: 1,
  columnsOf: ({ hash, keptAt }) => [hash, keptAt],
  encode: ({ hash, keptAt, text }) => JSON.stringify({ hash, keptAt, text } satisfies PolicyTextRecord),
  decode: decoder('policy_text', (value): value is PolicyTextRecord => hasMembers(value, members)),
}
