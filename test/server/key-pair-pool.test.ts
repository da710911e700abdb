import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { generateKeyPairSync, sign, verify } from 'node:crypto'
import { describe, it } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import type { KeyPair, KeyPairRequest } from '#crypto/key-pair.ts'
import { createKeyPairPool } from '#server/key-pair-pool.ts'
import { rsaPairAside } from '#server/key-pair-process.ts'

const rsa = (modulusLength: number): KeyPairRequest => ({ type: 'rsa', modulusLength, publicExponent: 65537 })

/** A pool of pairs that tell by whom they were made, for each of which somebody must say `go`. */
function setUp(perSize = 2) {
  const made: { readonly pair: KeyPair; readonly size: number; readonly by: 'request' | 'pool' }[] = []
  const waiting: ((failure?: Error) => void)[] = []
  const failures: unknown[] = []
  const clock = { now: 1_000_000 }
  const make = (size: number, by: 'request' | 'pool'): KeyPair => {
    const pair = generateKeyPairSync('rsa', { modulusLength: 512 })
    made.push({ pair, size, by })
    return pair
  }
  const pool = createKeyPairPool({
    generate: (request) => Promise.resolve(make(request.type === 'rsa' ? request.modulusLength : 0, 'request')),
    refill: (size, signal) =>
      new Promise((resolve, reject) => {
        signal.addEventListener('abort', () => reject(new Error('ended')))
        waiting.push((failure) => (failure === undefined ? resolve(make(size, 'pool')) : reject(failure)))
      }),
    perSize,
    failed: (error, before) => failures.push([error, before]),
    now: () => clock.now,
  })
  const makerOf = (pair: KeyPair) => made.find((each) => each.pair === pair)
  /** Lets the pool make one more; whether it wanted to. */
  const go = async (failure?: Error): Promise<boolean> => {
    const next = waiting.shift()
    next?.(failure)
    await delay(0)
    return next !== undefined
  }
  return { pool, made, waiting, failures, clock, makerOf, go }
}

describe('the pool of key pairs', () => {
  it('makes nothing before the first pair of a size is asked for, and never keeps anybody waiting', async () => {
    const { pool, made, waiting, makerOf, go } = setUp()
    await delay(0)
    assert.equal(waiting.length, 0)
    const first = await pool.keyPairs(rsa(2048))
    assert.equal(makerOf(first)?.by, 'request')
    const second = await pool.keyPairs(rsa(2048))
    assert.equal(makerOf(second)?.by, 'request')
    assert.ok(await go())
    const third = await pool.keyPairs(rsa(2048))
    assert.equal(makerOf(third)?.by, 'pool')
    assert.equal(new Set([first, second, third]).size, 3)
    assert.equal(made.length, 3)
  })

  it('keeps so many of each size and no more, makes one at a time, and gives each out once', async () => {
    const { pool, waiting, makerOf, go } = setUp(3)
    await pool.keyPairs(rsa(2048))
    await pool.keyPairs(rsa(4096))
    let made = 0
    while (await go()) {
      made += 1
      assert.ok(waiting.length <= 1)
    }
    assert.equal(made, 6)
    const taken = await Promise.all([2048, 2048, 2048, 2048, 4096].map((size) => pool.keyPairs(rsa(size))))
    assert.deepEqual(
      taken.map((pair) => [makerOf(pair)?.by, makerOf(pair)?.size]),
      [
        ['pool', 2048],
        ['pool', 2048],
        ['pool', 2048],
        ['request', 2048],
        ['pool', 4096],
      ],
    )
    assert.equal(new Set(taken).size, 5)
  })

  it('has pairs of no other kind', async () => {
    const { pool, waiting } = setUp()
    await pool.keyPairs({ type: 'ed25519' })
    await pool.keyPairs({ type: 'rsa', modulusLength: 2048, publicExponent: 3 })
    await delay(0)
    assert.equal(waiting.length, 0)
  })

  it('reports that it could not be filled, and tries again with the next pair', async () => {
    const { pool, failures, makerOf, go } = setUp()
    await pool.keyPairs(rsa(2048))
    assert.ok(await go(new Error('no process')))
    assert.equal(failures.length, 1)
    assert.ok(!(await go()))
    await pool.keyPairs(rsa(2048))
    assert.ok(await go())
    assert.equal(makerOf(await pool.keyPairs(rsa(2048)))?.by, 'pool')
  })

  it('reports once a second that it could not be filled, and how often since', async () => {
    const { pool, failures, clock, go } = setUp()
    const failure = new Error('no process')
    const fails = async (): Promise<void> => {
      await pool.keyPairs(rsa(2048))
      assert.ok(await go(failure))
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

  it('forgets its pairs when it is closed, ends what it makes without a word, and lets requests go on', async () => {
    const { pool, waiting, failures, makerOf, go } = setUp()
    await pool.keyPairs(rsa(2048))
    assert.ok(await go())
    pool.close()
    await delay(0)
    assert.equal(makerOf(await pool.keyPairs(rsa(2048)))?.by, 'request')
    await delay(0)
    assert.deepEqual([failures, waiting.length], [[], 1])
  })
})

describe('the process that makes RSA keys', () => {
  it('makes a pair of the size, another each time', async () => {
    const { signal } = new AbortController()
    const [one, two] = await Promise.all([rsaPairAside(2048, signal), rsaPairAside(2048, signal)])
    const content = Buffer.from('content')
    assert.deepEqual(
      [one.publicKey.asymmetricKeyDetails?.modulusLength, one.publicKey.asymmetricKeyDetails?.publicExponent],
      [2048, 65537n],
    )
    assert.ok(verify('sha256', content, one.publicKey, sign('sha256', content, one.privateKey)))
    assert.ok(!one.publicKey.equals(two.publicKey))
  })

  it('is ended at once', async () => {
    const ending = new AbortController()
    const making = rsaPairAside(16_384, ending.signal)
    const start = Date.now()
    ending.abort()
    await assert.rejects(making, { name: 'AbortError' })
    assert.ok(Date.now() - start < 2000)
  })

  it('that can not be started for want of file descriptors leaves the server as it was', () => {
    const script = `
      const { openSync } = await import('node:fs')
      const { rsaPairAside } = await import('#server/key-pair-process.ts')
      try {
        for (;;) openSync('/dev/null', 'r')
      } catch {}
      await rsaPairAside(2048, new AbortController().signal).catch(({ code }) => console.log(code))
      await new Promise((resolve) => setTimeout(resolve, 20))
      console.log('goes on')`
    const args = ['-c', 'ulimit -n 64; exec "$0" --input-type=module --eval "$1"', process.execPath, script]
    const { stdout, stderr } = spawnSync('sh', args, { encoding: 'utf8' })
    assert.equal(stdout, 'EMFILE\ngoes on\n', stderr)
  })
})
