import assert from 'node:assert/strict'
import { createHmac, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { describe, it } from 'node:test'
import { inspect } from 'node:util'
import { Worker } from 'node:worker_threads'
import { IntegrityError } from '#base/integrity-error.ts'
import { SecretBytes } from '#base/secret-bytes.ts'
import { unwrapBytes, wrapBytes } from '#crypto/aead.ts'
import { importHierarchy, openHierarchy, rootKey, wrapDomainKey } from '#crypto/key-hierarchy.ts'
import { flipped, newHierarchy } from './key-fixtures.ts'

const rootBytes = randomBytes(32)
const root = (): SecretBytes => new SecretBytes(Buffer.from(rootBytes))
const domainKey = randomBytes(32)
const wrapped = wrapDomainKey(root(), 'inst-1', 1, domainKey, randomBytes(12))

describe('the key hierarchy', () => {
  it('derives a key of its own for each purpose and installation', () => {
    const keys = (['dk-wrap', 'state-mac', 'audit-chain', 'sealed-head', 'backup', 'key-check'] as const).flatMap(
      (purpose) => ['inst-1', 'inst-2'].map((id) => rootKey(root(), id, purpose).toString('hex')),
    )
    assert.equal(new Set(keys).size, 12)
    assert.ok(!keys.includes(rootBytes.toString('hex')))
  })

  it('opens domain keys by epoch and keeps working when the root key is gone', () => {
    const second = wrapDomainKey(root(), 'inst-1', 2, randomBytes(32), randomBytes(12))
    const secret = root()
    const hierarchy = openHierarchy(secret, 'inst-1', [wrapped, second], 2)
    secret.destroy()
    assert.equal(hierarchy.currentEpoch, 2)
    assert.deepEqual(hierarchy.domainKey(1).export(), domainKey)
    assert.notDeepEqual(hierarchy.domainKey(2).export(), domainKey)
    const expected = createHmac('sha256', rootKey(root(), 'inst-1', 'state-mac'))
      .update('row')
      .digest('hex')
    assert.equal(hierarchy.stateMac.hex('row'), expected)
    assert.notEqual(hierarchy.auditChain.hex('row'), expected)
  })

  it('refuses a domain key that was changed, or belongs to another epoch, installation or root', () => {
    const open = (id: string, epoch: number, bytes: Buffer, secret = root()): unknown =>
      openHierarchy(secret, id, [{ epoch, wrapped: bytes.toString('base64') }], epoch)
    const bytes = Buffer.from(wrapped.wrapped, 'base64')
    open('inst-1', 1, bytes)
    for (let index = 0; index < bytes.length; index += 1) {
      assert.throws(() => open('inst-1', 1, flipped(bytes, index)), IntegrityError)
    }
    assert.throws(() => open('inst-1', 2, bytes), IntegrityError)
    assert.throws(() => open('inst-2', 1, bytes), IntegrityError)
    assert.throws(() => open('inst-1', 1, bytes, new SecretBytes(flipped(rootBytes, 0))), IntegrityError)
    assert.throws(() => open('inst-1', 1, Buffer.alloc(0)), IntegrityError)
  })

  it('refuses to run without the current domain key, or to use one that is not there', () => {
    assert.throws(() => openHierarchy(root(), 'inst-1', [wrapped], 2), IntegrityError)
    assert.throws(() => newHierarchy().domainKey(7), IntegrityError)
  })

  it('reaches a worker thread whole, without the root key, and the handed over bytes are overwritten', async () => {
    const hierarchy = newHierarchy('inst-ü', [1, 2, 9], root())
    const shared = hierarchy.exportForThread()
    assert.ok(!Buffer.from(shared).includes(rootBytes))
    const worker = new Worker(new URL('hierarchy-thread.ts', import.meta.url), { workerData: shared })
    const [answer] = (await once(worker, 'message')) as [unknown]
    assert.deepEqual(answer, [
      'inst-ü',
      9,
      hierarchy.stateMac.hex('x'),
      hierarchy.auditChain.hex('x'),
      ...[1, 2, 9].map((epoch) => createHmac('sha256', hierarchy.domainKey(epoch)).update('x').digest('hex')),
      createHmac('sha256', hierarchy.sealedHeadKey).update('x').digest('hex'),
    ])
    assert.deepEqual(Buffer.from(shared), Buffer.alloc(shared.byteLength))
    await worker.terminate()
  })

  it('imports what it exported only once', () => {
    const hierarchy = newHierarchy()
    const shared = hierarchy.exportForThread()
    const imported = importHierarchy(shared)
    const secret = wrapBytes(hierarchy.domainKey(1), randomBytes(12), rootBytes, Buffer.alloc(0))
    assert.deepEqual(unwrapBytes(imported.domainKey(1), secret, Buffer.alloc(0)), rootBytes)
    assert.throws(() => importHierarchy(shared), IntegrityError)
  })

  it('prints no key', () => {
    const hierarchy = openHierarchy(root(), 'inst-1', [wrapped], 1)
    const shown = inspect(hierarchy, { depth: 10, showHidden: true }) + JSON.stringify(hierarchy)
    for (const key of [domainKey, rootBytes, rootKey(root(), 'inst-1', 'state-mac')]) {
      assert.ok(!shown.includes(key.toString('hex')))
      assert.ok(!shown.includes(inspect(key).slice(8, 40)))
      assert.ok(!shown.includes(JSON.stringify([...key]).slice(1, 20)))
    }
  })
})
