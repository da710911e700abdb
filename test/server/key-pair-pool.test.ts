import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { generateKeyPairSync, sign, verify } from 'node:crypto'
import { describe, it } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import type { KeyPair, KeyPairRequest } from '#crypto/key-pair.ts'
import { createKeyPairPool, patienceMs } from '#server/key-pair-pool.ts'
import { startKeyPairMaker } from '#server/key-pair-process.ts'

const rsa = (modulusLength: number): KeyPairRequest => ({ type: 'rsa', modulusLength, publicExponent: 65537 })
const forever = 60_000

/** A pool of pairs that tell by whom they were made: aside, for each of which somebody must say `go`, or at a request's priority. */
function setUp({ perSize = 2, patience = forever } = {}) {
  const made: { readonly pair: KeyPair; readonly size: number; readonly by: 'request' | 'pool' }[] = []
  const making: ((failure?: Error) => void)[] = []
  const failures: unknown[] = []
  const clock = { now: 1_000_000 }
  const makers = { started: 0, ended: 0 }
  const state = { generates: true }
  const make = (size: number, by: 'request' | 'pool'): KeyPair => {
    const pair = generateKeyPairSync('rsa', { modulusLength: 512 })
    made.push({ pair, size, by })
    return pair
  }
  const pool = createKeyPairPool({
    generate: (request) =>
      state.generates
        ? Promise.resolve(make(request.type === 'rsa' ? request.modulusLength : 0, 'request'))
        : Promise.reject(new Error('no memory')),
    startMaker: (signal) => {
      makers.started += 1
      return {
        make: (size) =>
          new Promise((resolve, reject) => {
            signal.addEventListener('abort', () => reject(new Error('ended')))
            making.push((failure) => (failure === undefined ? resolve(make(size, 'pool')) : reject(failure)))
          }),
        end: () => {
          makers.ended += 1
        },
      }
    },
    perSize,
    patienceMs: () => patience,
    failed: (error, before) => failures.push([error, before]),
    now: () => clock.now,
  })
  const makerOf = (pair: KeyPair) => made.find((each) => each.pair === pair)
  /** Lets one more be made aside; whether any was wanted. */
  const go = async (failure?: Error): Promise<boolean> => {
    const next = making.shift()
    next?.(failure)
    await delay(0)
    return next !== undefined
  }
  return { pool, made, making, makers, failures, clock, state, makerOf, go }
}

describe('the pool of key pairs', () => {
  it('makes nothing before the first pair of a size is asked for, which gets the first one', async () => {
    const { pool, made, making, makers, makerOf, go } = setUp()
    await delay(0)
    assert.deepEqual([making.length, makers.started], [0, 0])
    const asked = pool.keyPairs(rsa(2048))
    assert.ok(await go())
    const first = await asked
    assert.deepEqual([makerOf(first)?.by, makerOf(first)?.size], ['pool', 2048])
    assert.ok(await go())
    const second = await pool.keyPairs(rsa(2048))
    assert.notEqual(first, second)
    assert.equal(made.length, 2)
  })

  it('keeps so many of each size and no more, makes one at a time, gives each out once, and then ends the process', async () => {
    const { pool, making, makers, makerOf, go } = setUp({ perSize: 3 })
    const asked = [pool.keyPairs(rsa(2048)), pool.keyPairs(rsa(4096))]
    let made = 0
    while (await go()) {
      made += 1
      assert.ok(making.length <= 1)
    }
    assert.equal(made, 8)
    assert.deepEqual(makers, { started: 1, ended: 1 })
    const sizes = [2048, 2048, 2048, 4096]
    const taken = await Promise.all([...asked, ...sizes.map((size) => pool.keyPairs(rsa(size)))])
    assert.deepEqual(
      taken.map((pair) => makerOf(pair)?.size),
      [2048, 4096, ...sizes],
    )
    assert.equal(new Set(taken).size, 6)
    assert.equal(makers.started, 2)
  })

  it('makes those first that somebody waits for, in their order', async () => {
    const { pool, makerOf, go } = setUp()
    const asked = [2048, 4096, 2048, 3072].map((size) => pool.keyPairs(rsa(size)))
    for (let count = 0; count < asked.length; count += 1) assert.ok(await go())
    const pairs = await Promise.all(asked)
    assert.deepEqual(
      pairs.map((pair) => makerOf(pair)?.size),
      [2048, 4096, 2048, 3072],
    )
    assert.equal(new Set(pairs).size, 4)
  })

  it('has one generated for who waited long enough, and keeps the one that comes from aside afterwards', async () => {
    const { pool, making, makerOf, go } = setUp({ patience: 1 })
    const [first, second] = await Promise.all([pool.keyPairs(rsa(2048)), pool.keyPairs(rsa(2048))])
    assert.deepEqual([makerOf(first)?.by, makerOf(second)?.by], ['request', 'request'])
    assert.notEqual(first, second)
    assert.equal(making.length, 1)
    assert.ok(await go())
    assert.equal(makerOf(await pool.keyPairs(rsa(2048)))?.by, 'pool')
  })

  it('tells who waits when none can be generated either', async () => {
    const { pool, state, go, makerOf } = setUp({ patience: 1 })
    state.generates = false
    await assert.rejects(pool.keyPairs(rsa(2048)), { message: 'no memory' })
    assert.ok(await go())
    assert.equal(makerOf(await pool.keyPairs(rsa(2048)))?.by, 'pool')
  })

  it('has pairs of no other kind', async () => {
    const { pool, making } = setUp()
    await pool.keyPairs({ type: 'ed25519' })
    await pool.keyPairs({ type: 'rsa', modulusLength: 2048, publicExponent: 3 })
    await delay(0)
    assert.equal(making.length, 0)
  })

  it('has all generated that wait when nothing can be made aside, reports that, and tries again with the next pair', async () => {
    const { pool, failures, makers, makerOf, go } = setUp()
    const asked = [2048, 4096, 2048].map((size) => pool.keyPairs(rsa(size)))
    assert.ok(await go(new Error('no process')))
    const pairs = await Promise.all(asked)
    assert.deepEqual(
      pairs.map((pair) => [makerOf(pair)?.by, makerOf(pair)?.size]),
      [
        ['request', 2048],
        ['request', 4096],
        ['request', 2048],
      ],
    )
    assert.deepEqual([failures.length, makers.ended], [1, 1])
    assert.ok(!(await go()))
    const next = pool.keyPairs(rsa(2048))
    assert.ok(await go())
    assert.equal(makerOf(await next)?.by, 'pool')
  })

  it('reports once a second that it could not be filled, and how often since', async () => {
    const { pool, failures, clock, go } = setUp()
    const failure = new Error('no process')
    const fails = async (): Promise<void> => {
      const asked = pool.keyPairs(rsa(2048))
      assert.ok(await go(failure))
      await asked
    }
    for (let count = 0; count < 5; count += 1) await fails()
    assert.deepEqual(failures, [[failure, 0]])
    clock.now += 1000
    await fails()
    await fails()
    assert.deepEqual(failures, [
      [failure, 0],
      [failure, 4],
    ])
  })

  it('forgets its pairs when it is closed, ends what it makes without a word, and has the rest generated', async () => {
    const { pool, making, failures, makers, makerOf, go } = setUp()
    const first = pool.keyPairs(rsa(2048))
    assert.ok(await go())
    assert.equal(makerOf(await first)?.by, 'pool')
    const waiting = pool.keyPairs(rsa(4096))
    pool.close()
    assert.equal(makerOf(await waiting)?.by, 'request')
    assert.equal(makerOf(await pool.keyPairs(rsa(2048)))?.by, 'request')
    assert.deepEqual([failures, making.length, makers], [[], 1, { started: 1, ended: 1 }])
  })

  it('is patient for a quarter of a second with RSA-2048, and sixteen times as long with RSA-4096', () => {
    assert.deepEqual([patienceMs(2048), patienceMs(4096)], [250, 4000])
  })
})

describe('the process that makes RSA keys', () => {
  it('makes pairs of the sizes, another each time', async () => {
    const maker = startKeyPairMaker(new AbortController().signal)
    const one = await maker.make(2048)
    const two = await maker.make(2048)
    const large = await maker.make(3072)
    maker.end()
    const content = Buffer.from('content')
    assert.deepEqual(
      [one.publicKey.asymmetricKeyDetails?.modulusLength, one.publicKey.asymmetricKeyDetails?.publicExponent],
      [2048, 65537n],
    )
    assert.equal(large.publicKey.asymmetricKeyDetails?.modulusLength, 3072)
    assert.ok(verify('sha256', content, one.publicKey, sign('sha256', content, one.privateKey)))
    assert.ok(!one.publicKey.equals(two.publicKey))
    await assert.rejects(maker.make(2048), { message: /ended with/ })
  })

  it('is ended at once', async () => {
    const ending = new AbortController()
    const making = startKeyPairMaker(ending.signal).make(16_384)
    const start = Date.now()
    ending.abort()
    await assert.rejects(making, { name: 'AbortError' })
    assert.ok(Date.now() - start < 2000)
  })

  it('says so when it ends by itself', async () => {
    const maker = startKeyPairMaker(new AbortController().signal)
    // Less than OpenSSL makes.
    await assert.rejects(maker.make(8), { message: 'the process that makes RSA keys ended with 1' })
  })

  it('that can not be started for want of file descriptors leaves the server as it was', () => {
    const script = `
      const { openSync } = await import('node:fs')
      const { startKeyPairMaker } = await import('#server/key-pair-process.ts')
      try {
        for (;;) openSync('/dev/null', 'r')
      } catch {}
      await startKeyPairMaker(new AbortController().signal).make(2048).catch(({ code }) => console.log(code))
      await new Promise((resolve) => setTimeout(resolve, 20))
      console.log('goes on')`
    const args = ['-c', 'ulimit -n 64; exec "$0" --input-type=module --eval "$1"', process.execPath, script]
    const { stdout, stderr } = spawnSync('sh', args, { encoding: 'utf8' })
    assert.equal(stdout, 'EMFILE\ngoes on\n', stderr)
  })
})
