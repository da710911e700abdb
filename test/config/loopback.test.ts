import assert from 'node:assert/strict'
import { it } from 'node:test'
import { isLoopback } from '#base/loopback.ts'

it('knows the addresses that only this machine can reach', () => {
  for (const host of ['127.0.0.1', '127.1.2.3', '::1', 'localhost', 'LOCALHOST']) assert.ok(isLoopback(host), host)
  // Names can be anybody's: /metrics must not be served on them.
  for (const host of [
    '127.example.com',
    '127.0.0.1.example.com',
    'localhost.example.com',
    '0.0.0.0',
    '::',
    '128.0.0.1',
  ]) {
    assert.ok(!isLoopback(host), host)
  }
})
