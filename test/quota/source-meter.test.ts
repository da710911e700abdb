import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { sourceMeter } from '#quota/source-meter.ts'

describe('the meter of strangers', () => {
  it('gives each source address a burst, then a rate, and nobody pays for another', () => {
    let now = 1_000_000
    const meter = sourceMeter(() => now, { perSecond: 2, burst: 3, sources: 100 })
    assert.deepEqual(
      [1, 2, 3, 4].map(() => meter.take('203.0.113.7')),
      [true, true, true, false],
    )
    assert.ok(meter.take('203.0.113.8'))
    now += 500
    assert.deepEqual(
      [1, 2].map(() => meter.take('203.0.113.7')),
      [true, false],
    )
    now += 3_600_000
    assert.deepEqual(
      [1, 2, 3, 4].map(() => meter.take('203.0.113.7')),
      [true, true, true, false],
    )
  })

  it('is not upset by a clock that is set back', () => {
    let now = 1_000_000
    const meter = sourceMeter(() => now, { perSecond: 1, burst: 1, sources: 100 })
    assert.ok(meter.take('a'))
    now -= 500_000
    assert.ok(!meter.take('a'))
    now += 1000
    assert.ok(meter.take('a'))
  })

  it('takes the addresses of one IPv6 network for one source', () => {
    const meter = sourceMeter(() => 0, { perSecond: 1, burst: 1, sources: 100 })
    assert.ok(meter.take('2001:db8::1'))
    for (const address of ['2001:db8::2', '2001:db8:0:0:ffff::3', '2001:db8:0:0:1:2:3:4']) {
      assert.ok(!meter.take(address), address)
    }
    for (const address of ['2001:db8:0:1::1', '2001:db8:1::1', '::1', 'fe80::1'])
      assert.ok(meter.take(address), address)
  })

  it('remembers no more addresses than it may, those that asked last', () => {
    const meter = sourceMeter(() => 0, { perSecond: 1, burst: 1, sources: 2 })
    assert.ok(meter.take('a'))
    assert.ok(meter.take('b'))
    assert.ok(!meter.take('a'))
    assert.ok(meter.take('c'))
    assert.ok(!meter.take('a'))
    assert.ok(meter.take('b'))
  })
})
