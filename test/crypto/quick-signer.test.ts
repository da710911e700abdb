import assert from 'node:assert/strict'
import { createPublicKey, hash, verify } from 'node:crypto'
import { it } from 'node:test'
import { setTimeout as wait } from 'node:timers/promises'
import { quickSigner } from '#crypto/quick-signer.ts'
import { sign } from '#crypto/signing.ts'
import { acceleratePrimitives } from '../../src/server/accelerate.ts'
import { pairOf, tools } from './asymmetric-fixtures.ts'

it('a thread signs with P-256 by a signer of its own once one was wanted and has proved itself', async () => {
  const { privateKey } = await pairOf('ECC_NIST_P256')
  const publicKey = createPublicKey(privateKey)
  const message = Buffer.from('What is to be signed')
  const signed = (): void => {
    const input = { algorithm: 'ECDSA_SHA_256', messageType: 'RAW', message } as const
    const signature = sign(privateKey, 'ECC_NIST_P256', input, tools)
    assert.ok(signature instanceof Buffer)
    assert.ok(verify('sha256', message, publicKey, signature))
    const digest = {
      algorithm: 'ECDSA_SHA_256',
      messageType: 'DIGEST',
      message: hash('sha256', message, 'buffer'),
    } as const
    const ofDigest = sign(privateKey, 'ECC_NIST_P256', digest, tools)
    assert.ok(ofDigest instanceof Buffer)
    assert.ok(verify('sha256', message, publicKey, ofDigest))
  }
  assert.equal(quickSigner(), undefined)
  signed()
  assert.equal(await acceleratePrimitives(), true)
  signed()
  for (let tries = 0; quickSigner() === undefined && tries < 500; tries += 1) await wait(10)
  const quick = quickSigner()
  assert.ok(quick !== undefined)
  assert.equal(quick.supports({ kind: 'ecdsa', curve: 'P-256' }), true)
  assert.equal(quick.supports({ kind: 'ecdsa', curve: 'P-384' }), false)
  // A prepared context is used again, and again after what it can't sign.
  for (let count = 0; count < 20; count += 1) signed()
  assert.throws(() => quick.sign({ kind: 'ecdsa', curve: 'P-256' }, publicKey, Buffer.alloc(32)))
  signed()
})
