import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { pagingRefusalTests } from './rules.ts'
import {
  createKey,
  emptyRegion,
  expectRecord,
  listIn,
  listKeysRegion,
  refuse,
  succeed,
  textOf,
  type Answered,
  type Json,
} from './service.ts'

const list = (input: Json = {}): Promise<Answered> => succeed('ListKeys', input, listKeysRegion)
const ids = ({ json }: Answered): string[] => listIn(json, 'Keys').map((key) => textOf(key, 'KeyId'))

async function atLeast(count: number): Promise<readonly string[]> {
  for (let known = ids(await list()).length; known < count; known += 1) await createKey({}, listKeysRegion)
  return ids(await list())
}

describe('ListKeys', () => {
  it('answers an empty list where there are no keys', async () => {
    const { text } = await succeed('ListKeys', {}, emptyRegion)
    assert.equal(text, '{"Keys":[],"Truncated":false}')
  })

  it('lists key id and ARN of every key in any state, in the order of the ids', async () => {
    const [enabled, disabled, pending] = await Promise.all([1, 2, 3].map(() => createKey({}, listKeysRegion)))
    assert.ok(enabled !== undefined && disabled !== undefined && pending !== undefined)
    await succeed('DisableKey', { KeyId: disabled.id }, listKeysRegion)
    await succeed('ScheduleKeyDeletion', { KeyId: pending.id }, listKeysRegion)
    const answered = await list()
    const keys = listIn(answered.json, 'Keys')
    for (const key of [enabled, disabled, pending]) {
      assert.deepEqual(
        keys.find(({ KeyId }) => KeyId === key.id),
        { KeyId: key.id, KeyArn: key.arn },
      )
    }
    assert.deepEqual(ids(answered), ids(answered).toSorted())
    assert.equal(answered.json['Truncated'], false)
    assert.equal('NextMarker' in answered.json, false)
  })

  it('does not list keys of another Region', async () => {
    const key = await createKey()
    assert.equal(ids(await list()).includes(key.id), false)
  })

  it('gives out all keys page by page, each once', async () => {
    const all = await atLeast(5)
    const found: string[] = []
    let Marker: unknown
    let pages = 0
    do {
      const answered = await list({ Limit: 2, ...(Marker === undefined ? {} : { Marker }) })
      found.push(...ids(answered))
      Marker = answered.json['NextMarker']
      assert.equal(answered.json['Truncated'], Marker !== undefined)
      pages += 1
    } while (Marker !== undefined)
    assert.deepEqual(found, all)
    assert.equal(pages, Math.ceil(all.length / 2))
  })

  it('is not truncated when exactly the limit is left', async () => {
    const all = await atLeast(3)
    const { json } = await list({ Limit: all.length })
    assert.deepEqual([json['Truncated'], 'NextMarker' in json], [false, false])
  })

  it('goes on behind a marker when keys were made meanwhile', async () => {
    await atLeast(3)
    const first = await list({ Limit: 1 })
    const key = await createKey({}, listKeysRegion)
    const rest = ids(await list({ Marker: first.json['NextMarker'] }))
    assert.equal(rest.includes(key.id) || key.id < (ids(first)[0] ?? ''), true)
  })

  it('refuses a marker of another list, of another Region, and one that was changed', async () => {
    await atLeast(2)
    const marker = textOf((await list({ Limit: 1 })).json, 'NextMarker')
    // unverified wording
    const refusal = ['InvalidMarkerException', 'The marker is not valid.'] as const
    await refuse('ListAliases', { Marker: marker }, ...refusal, listKeysRegion)
    await refuse('ListKeys', { Marker: marker }, ...refusal)
    await refuse('ListKeys', { Marker: `${marker}A` }, ...refusal, listKeysRegion)
    await refuse('ListKeys', { Marker: marker.slice(1) }, ...refusal, listKeysRegion)
  })

  it('takes an empty body', async () => {
    await succeed('ListKeys', '', listKeysRegion)
  })

  it('records limit and marker, and no keys', async () => {
    await atLeast(2)
    const plain = await list()
    await expectRecord(plain, { eventName: 'ListKeys', readOnly: true, requestParameters: {} })
    const limited = await list({ Limit: 1 })
    await expectRecord(limited, { eventName: 'ListKeys', readOnly: true, requestParameters: { limit: 1 } })
    const Marker = textOf(limited.json, 'NextMarker')
    const next = await list({ Limit: 1, Marker })
    await expectRecord(next, { eventName: 'ListKeys', readOnly: true, requestParameters: { limit: 1, marker: Marker } })
  })

  pagingRefusalTests('ListKeys', 1000, () => Promise.resolve({}))
})
