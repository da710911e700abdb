import assert from 'node:assert/strict'
import { it } from 'node:test'
import { pageOf, recordAt } from '../audit/records.ts'
import { commitOf } from '../storage/fixtures.ts'
import { writerOn } from './fixtures.ts'

it('tells every outcome of a group, also behind one that can not be told', (t) => {
  const { writer, reports } = writerOn(t)
  const told: string[] = []
  const throwing = (): void => {
    throw new Error('the worker is gone')
  }
  writer.page(pageOf([recordAt(1, 7)], 1), throwing)
  writer.page(pageOf([recordAt(2, 8)], 2), (failure) => void told.push(`page ${String(failure)}`))
  writer.commit(commitOf([], [], '"one"'), throwing)
  writer.commit(commitOf([], [], '"two"'), (outcome) => void told.push(`commit ${String(outcome)}`))
  writer.flush()
  assert.deepEqual(told, ['page undefined', 'commit committed'])
  assert.equal(reports.length, 2)
})
