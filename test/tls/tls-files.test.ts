import assert from 'node:assert/strict'
import { createPrivateKey } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import type { TestContext } from 'node:test'
import { privateCaMaterial } from '../../src/tls/private-ca.ts'
import { tlsFromFiles } from '../../src/tls/tls-files.ts'
import { clockAt, random, temporaryDirectory } from './fixtures.ts'

const now = Date.UTC(2026, 10, 22)

async function pair(t: TestContext): Promise<{ cert: string; key: string; dir: string }> {
  const dir = temporaryDirectory(t)
  await privateCaMaterial({ directory: dir, names: ['localhost'], clock: clockAt(now), random })
  return { dir, cert: join(dir, 'server.crt'), key: join(dir, 'server.key') }
}

test('a certificate and its key are used as they are', async (t) => {
  const { cert, key } = await pair(t)
  const material = await tlsFromFiles(cert, key, now)
  assert.equal(material.options.cert, readFileSync(cert, 'utf8'))
  assert.equal(material.options.key, readFileSync(key, 'utf8'))
})

test('what can not be used is refused with a reason', async (t) => {
  const { dir, cert, key } = await pair(t)
  const other = await pair(t)
  const file = (name: string, content: string): string => {
    writeFileSync(join(dir, name), content)
    return join(dir, name)
  }
  const absent = join(dir, 'absent')
  const text = file('text', 'hello')
  const torn = file('torn.crt', readFileSync(cert, 'utf8').replace(/\n.{64}\n/, '\n'))
  const tornKey = file('torn.key', '-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n')
  const locked = file(
    'locked.key',
    createPrivateKey(readFileSync(key)).export({
      type: 'pkcs8',
      format: 'pem',
      cipher: 'aes-256-cbc',
      passphrase: 'x',
    }),
  )
  const table: readonly [string, string, number, string][] = [
    [absent, key, now, `cannot read the certificate ${absent}: there is no such file`],
    [cert, absent, now, `cannot read the private key ${absent}: there is no such file`],
    [text, key, now, `${text} holds no certificate; it must be PEM, with a line -----BEGIN CERTIFICATE-----`],
    [cert, text, now, `${text} holds no private key; it must be PEM, with a line -----BEGIN PRIVATE KEY-----`],
    [torn, key, now, `the certificate ${torn} is damaged; put the PEM file there again`],
    [cert, tornKey, now, `the private key ${tornKey} is damaged; put the PEM file there again`],
    [
      cert,
      locked,
      now,
      `the private key ${locked} is encrypted; decrypt it with: openssl pkey -in ${locked} -out FILE`,
    ],
    [
      cert,
      other.key,
      now,
      `the private key ${other.key} does not belong to the certificate ${cert}; name the two that were issued together (the own certificate comes first in the file, before intermediate ones)`,
    ],
    [cert, key, Date.UTC(2028, 0), `the certificate ${cert} expired on 2027-12-23T23:00:00.000Z; renew it`],
    [
      cert,
      key,
      Date.UTC(2026, 0),
      `the certificate ${cert} is not valid before 2026-11-21T23:00:00.000Z; check the clock of this machine`,
    ],
  ]
  for (const [certFile, keyFile, time, message] of table) {
    await assert.rejects(tlsFromFiles(certFile, keyFile, time), { name: 'TlsError', message })
  }
})
