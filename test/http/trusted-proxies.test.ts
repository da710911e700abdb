import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { plainAddress, trustedProxies, type TrustedProxies } from '#http/trusted-proxies.ts'

function trusting(): TrustedProxies {
  const proxies = trustedProxies([
    { address: '10.0.0.0', prefix: 8, family: 'ipv4' },
    { address: 'fd00::', prefix: 8, family: 'ipv6' },
  ])
  assert.ok(proxies !== undefined)
  return proxies
}

describe('trusted proxies', () => {
  it('are none when none are configured', () => {
    assert.equal(trustedProxies([]), undefined)
  })

  it('are those in the networks, IPv4 and IPv6', () => {
    const proxies = trusting()
    for (const address of ['10.1.2.3', 'fd12::1']) assert.ok(proxies.has(address), address)
    for (const address of ['11.1.2.3', 'fe80::1', 'unknown', '']) assert.ok(!proxies.has(address), address)
  })

  it('say who the client is: the last address in X-Forwarded-For that is none of theirs', () => {
    const proxies = trusting()
    const client = (forwardedFor: string | undefined): string => proxies.clientBehind('10.0.0.1', forwardedFor)
    assert.equal(client('203.0.113.7'), '203.0.113.7')
    assert.equal(client('203.0.113.7, 10.0.0.2'), '203.0.113.7')
    assert.equal(client('2001:db8::7,fd00::2'), '2001:db8::7')
    assert.equal(client(undefined), '10.0.0.1')
    assert.equal(client(''), '10.0.0.1')
  })

  it('are not fooled by what a client writes in front', () => {
    const client = (forwardedFor: string): string => trusting().clientBehind('10.0.0.1', forwardedFor)
    assert.equal(client('198.51.100.1, 203.0.113.7'), '203.0.113.7')
    assert.equal(client('10.9.9.9, 203.0.113.7, 10.0.0.2'), '203.0.113.7')
    assert.equal(client('203.0.113.7, nonsense, 10.0.0.2'), '10.0.0.2')
    assert.equal(client(`${'203.0.113.7,'.repeat(10_000)}10.0.0.2`), '203.0.113.7')
  })

  it('take an IPv4 address in IPv6 form for the IPv4 address', () => {
    assert.equal(plainAddress('::ffff:10.0.0.1'), '10.0.0.1')
    assert.equal(plainAddress('::ffff:zz'), '::ffff:zz')
    assert.equal(trusting().clientBehind('10.0.0.1', '::ffff:203.0.113.7'), '203.0.113.7')
  })
})
