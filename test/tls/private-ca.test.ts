import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:https'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import type { TestContext } from 'node:test'
import { connect } from 'node:tls'
import type { ConnectionOptions } from 'node:tls'
import type { TlsMaterial } from '#ports/tls.ts'
import { authorityFile, privateCaMaterial, renewIfDue, serverNames } from '../../src/tls/private-ca.ts'
import type { PrivateCaOptions } from '../../src/tls/private-ca.ts'
import { clockAt, random, temporaryDirectory } from './fixtures.ts'

const day = 86_400_000
const names = ['localhost', '127.0.0.1', '::1', 'kms.example.com']

function options(t: TestContext, changes: Partial<PrivateCaOptions> = {}): PrivateCaOptions {
  return { directory: join(temporaryDirectory(t), 'tls'), names, clock: clockAt(Date.now()), random, ...changes }
}

const certificateIn = (directory: string, name: string): X509Certificate =>
  new X509Certificate(readFileSync(join(directory, name)))

async function serverWith(t: TestContext, material: TlsMaterial): Promise<number> {
  const server = createServer(material.options, (_request, response) => response.end())
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.after(() => server.close())
  const address = server.address()
  return typeof address === 'object' && address !== null ? address.port : 0
}

interface Session {
  readonly protocol: string | null
  readonly authorized: boolean
}
function session(port: number, more: ConnectionOptions): Promise<Session> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: '127.0.0.1', port, ...more }, () => {
      resolve({ protocol: socket.getProtocol(), authorized: socket.authorized })
      socket.destroy()
    })
    socket.on('error', reject)
  })
}

test('a server with its material speaks TLS 1.3 and 1.2 to a client that trusts the CA', async (t) => {
  const own = options(t)
  const port = await serverWith(t, await privateCaMaterial(own))
  const ca = readFileSync(authorityFile(own.directory), 'utf8')
  assert.deepEqual(await session(port, { ca }), { protocol: 'TLSv1.3', authorized: true })
  const older = { ca, maxVersion: 'TLSv1.2', servername: 'kms.example.com' } as const
  assert.deepEqual(await session(port, older), { protocol: 'TLSv1.2', authorized: true })
})

test('it offers the hybrid post-quantum exchange', async (t) => {
  const own = options(t)
  const port = await serverWith(t, await privateCaMaterial(own))
  const ca = readFileSync(authorityFile(own.directory), 'utf8')
  assert.equal((await session(port, { ca, ecdhCurve: 'X25519MLKEM768' })).protocol, 'TLSv1.3')
  await assert.rejects(session(port, { ca, ecdhCurve: 'X448' }), /handshake failure/i)
})

test('TLS 1.1 is refused', async (t) => {
  const port = await serverWith(t, await privateCaMaterial(options(t)))
  const old = { minVersion: 'TLSv1.1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT:@SECLEVEL=0' } as const
  await assert.rejects(session(port, { ...old, rejectUnauthorized: false }), /alert protocol version/)
})

test('a client that calls a name the certificate is not for refuses it', async (t) => {
  const own = options(t)
  const port = await serverWith(t, await privateCaMaterial(own))
  const ca = readFileSync(authorityFile(own.directory), 'utf8')
  await assert.rejects(session(port, { ca, servername: 'other.example.com' }), /does not match certificate's altnames/)
})

test('the certificates say what they are for', async (t) => {
  const clock = clockAt(Date.UTC(2026, 10, 22))
  const { directory } = await issued(options(t, { clock }))
  const authority = certificateIn(directory, 'ca.crt')
  const server = certificateIn(directory, 'server.crt')
  assert.match(authority.subject, /^CN=Trent private CA [0-9a-f]{8}$/)
  assert.equal(authority.ca, true)
  assert.equal(server.ca, false)
  assert.equal(server.issuer, authority.subject)
  assert.equal(server.checkIssued(authority), true)
  assert.equal(server.verify(authority.publicKey), true)
  assert.equal(authority.verify(authority.publicKey), true)
  assert.equal(server.publicKey.asymmetricKeyDetails?.namedCurve, 'prime256v1')
  assert.deepEqual(server.keyUsage, ['1.3.6.1.5.5.7.3.1'])
  assert.equal(
    server.subjectAltName,
    'DNS:localhost, IP Address:127.0.0.1, IP Address:0:0:0:0:0:0:0:1, DNS:kms.example.com',
  )
  assert.equal(server.validFromDate.getTime(), clock.time - 3_600_000)
  assert.equal(server.validToDate.getTime(), clock.time - 3_600_000 + 397 * day)
  assert.equal(authority.validToDate.getUTCFullYear(), 2036)
})

test('private keys are for their owner only', async (t) => {
  const { directory } = await issued(options(t))
  const modes = readdirSync(directory)
    .sort()
    .map((name) => `${name} ${(statSync(join(directory, name)).mode & 0o777).toString(8)}`)
  assert.deepEqual(modes, ['ca.crt 644', 'ca.key 600', 'server.crt 644', 'server.key 600'])
  assert.equal(statSync(directory).mode & 0o777, 0o700)
})

async function issued(own: PrivateCaOptions): Promise<PrivateCaOptions> {
  await privateCaMaterial(own)
  return own
}

test('the next start uses what is there', async (t) => {
  const own = options(t)
  const first = await privateCaMaterial(own)
  assert.deepEqual(await privateCaMaterial(own), first)
  assert.equal(await renewIfDue(own), undefined)
})

test('the server certificate is renewed when under 30 days are left, by the same CA', async (t) => {
  const clock = clockAt(Date.now())
  const own = await issued(options(t, { clock }))
  const authority = certificateIn(own.directory, 'ca.crt').fingerprint256
  const before = certificateIn(own.directory, 'server.crt').fingerprint256
  clock.time += 366 * day
  assert.equal(await renewIfDue(own), undefined)
  clock.time += 2 * day
  const material = await renewIfDue(own)
  const after = certificateIn(own.directory, 'server.crt')
  assert.notEqual(after.fingerprint256, before)
  assert.equal(material?.options.cert, readFileSync(join(own.directory, 'server.crt'), 'utf8'))
  assert.equal(certificateIn(own.directory, 'ca.crt').fingerprint256, authority)
})

test('another name gets another server certificate', async (t) => {
  const own = await issued(options(t))
  await privateCaMaterial({ ...own, names: [...names, '10.0.0.7'] })
  assert.match(certificateIn(own.directory, 'server.crt').subjectAltName ?? '', /10\.0\.0\.7/)
})

test('a start that ended between key and certificate is repaired', async (t) => {
  const own = await issued(options(t))
  const other = await issued(options(t))
  writeFileSync(join(own.directory, 'server.key'), readFileSync(join(other.directory, 'server.key')))
  const port = await serverWith(t, await privateCaMaterial(own))
  const ca = readFileSync(authorityFile(own.directory), 'utf8')
  assert.equal((await session(port, { ca })).authorized, true)
  rmSync(join(own.directory, 'ca.crt'))
  const again = await serverWith(t, await privateCaMaterial(own))
  const newCa = readFileSync(authorityFile(own.directory), 'utf8')
  assert.equal((await session(again, { ca: newCa })).authorized, true)
})

test('a CA whose two files do not belong together is refused', async (t) => {
  const own = await issued(options(t))
  const other = await issued(options(t))
  writeFileSync(join(own.directory, 'ca.key'), readFileSync(join(other.directory, 'ca.key')))
  await assert.rejects(privateCaMaterial({ ...own, names: ['new.example.com'] }), {
    name: 'TlsError',
    message:
      `${own.directory}/ca.crt and ca.key beside it do not belong together; ` +
      `restore both from a backup, or remove ${own.directory} for a new CA, which clients then have to trust`,
  })
})

test('a server is known by loopback, by its machine, by where it listens and by its public URL', () => {
  const machine = hostname().toLowerCase()
  assert.deepEqual(serverNames({ listen: { host: '0.0.0.0', port: 1 }, publicUrl: undefined }), [
    ...new Set(['localhost', '127.0.0.1', '::1', machine]),
  ])
  assert.deepEqual(serverNames({ listen: { host: '10.0.0.7', port: 1 }, publicUrl: 'https://KMS.example.com:1' }), [
    ...new Set(['localhost', '127.0.0.1', '::1', machine, '10.0.0.7', 'kms.example.com']),
  ])
})
