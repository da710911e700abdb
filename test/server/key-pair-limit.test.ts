import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { KeyPair, KeyPairRequest } from '#crypto/key-pair.ts'
import { systemKeyPairs } from '../../src/system.ts'
import { limitedRsa } from '../../src/server/key-pair-limit.ts'

const rsa: KeyPairRequest = { type: 'rsa', modulusLength: 2048, publicExponent: 65537 }

describe('RSA pairs in the making', () => {
  it('are never more than allowed, and come in the order of their requests', async () => {
    const pair = await systemKeyPairs({ type: 'ed25519' })
    const begun: PromiseWithResolvers<KeyPair>[] = []
    const limited = limitedRsa(() => {
      const one = Promise.withResolvers<KeyPair>()
      begun.push(one)
      return one.promise
    }, 2)
    const ended: number[] = []
    const all = [0, 1, 2, 3].map((index) => limited(rsa).then(() => ended.push(index)))
    await new Promise(setImmediate)
    assert.equal(begun.length, 2)
    begun[1]?.reject(new Error('no entropy'))
    await assert.rejects(Promise.resolve(all[1]), /no entropy/)
    await new Promise(setImmediate)
    assert.equal(begun.length, 3, 'one that failed gives its place away')
    begun[0]?.resolve(pair)
    await new Promise(setImmediate)
    assert.equal(begun.length, 4)
    begun[2]?.resolve(pair)
    begun[3]?.resolve(pair)
    await Promise.all([all[0], all[2], all[3]])
    assert.deepEqual(ended, [0, 2, 3])
  })

  it('hold up no other pairs', async () => {
    const limited = limitedRsa(
      (request) => (request.type === 'rsa' ? new Promise(() => undefined) : systemKeyPairs(request)),
      1,
    )
    limited(rsa).catch(assert.fail)
    limited(rsa).catch(assert.fail)
    assert.equal((await limited({ type: 'ed25519' })).privateKey.asymmetricKeyType, 'ed25519')
  })
})
