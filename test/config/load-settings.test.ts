import assert from 'node:assert/strict'
import { dirname } from 'node:path'
import { test } from 'node:test'
import { loadDirectorySettings, loadSettings } from '#config/load-settings.ts'
import { configurationFile, machine, problemsOf } from './fixtures.ts'

test('without any setting it is a loopback server with everything in ./data', async () => {
  assert.deepEqual(await loadSettings({}, { PATH: '/bin', HOME: '/root' }, machine), {
    dataDir: '/srv/data',
    listen: { host: '127.0.0.1', port: 8736 },
    metricsListen: undefined,
    privateEndpoints: [],
    trustedProxies: [],
    regions: ['us-east-1'],
    account: undefined,
    workers: 4,
    publicUrl: undefined,
    tls: { kind: 'off' },
    allowPlaintext: false,
    seal: { kind: 'key-file', path: undefined },
    anchor: undefined,
    oidc: { caFile: undefined, allowedHosts: undefined, keyFiles: [] },
    attestation: { rootFiles: [], maxAgeSeconds: 300 },
    audit: {
      onFailure: 'refuse',
      spoolBytes: 67_108_864,
      retentionDays: 90,
      retentionBytes: 10_737_418_240,
      minFreeBytes: 67_108_864,
    },
    testProfile: false,
    seed: undefined,
    faults: [],
    onDemandRotations: 25,
    clockSkewSeconds: 900,
    logLevel: 'info',
    rootAccessKey: undefined,
  })
})

test('a flag wins over a variable, a variable over the file, and the file over the default', async (t) => {
  const config = configurationFile(t, 'listen: 127.0.0.1:1\nlog-level: debug\naccount: 000000000001\n')
  const environment = { TRENT_CONFIG: config, TRENT_LISTEN: '127.0.0.1:2', TRENT_ACCOUNT: '000000000002' }
  const settings = await loadSettings({ listen: '127.0.0.1:3' }, environment, machine)
  assert.equal(settings.listen.port, 3)
  assert.equal(settings.account, '000000000002')
  assert.equal(settings.logLevel, 'debug')
  assert.equal(settings.workers, 4)
})

test('every setting can stand in the file, and paths in it start at its directory', async (t) => {
  const config = configurationFile(
    t,
    `# all of them
data-dir: kept
listen: "[::]:8443"
metrics-listen: 10.0.0.7:9100
private-endpoint: ["vpce-a=10.0.0.8:1", "vpce-b=[::1]:2"]
private-endpoint-vpc: vpce-a=vpc-1
private-endpoint-policy: vpce-b=b.json
trusted-proxy: [10.0.0.0/24, "fd00::1"]
oidc-ca-file: pki/oidc.pem
oidc-allowed-host: Login.example.com
oidc-keys: https://issuer.example.com/a=keys.json
attestation-root: [pki/enclaves.pem, /etc/pki/other.pem]
attestation-max-age: 1h
region: [cn-north-1, cn-northwest-1]
account: 012345678901
workers: 2
public-url: https://kms.example.com
tls-cert: &dir pki/server.crt
tls-key: /etc/pki/server.key
allow-plaintext: no
seal: passphrase
seal-passphrase-file: /run/secrets/seal
anchor: ../anchor
audit-on-failure: spool
audit-spool-size: 1.5MiB
audit-retention: 52w
audit-retention-size: 2GB
audit-min-free: 0
clock-skew: 5m
log-level: warn
`,
  )
  const dir = dirname(config)
  assert.deepEqual(await loadSettings({ config }, {}, machine), {
    dataDir: `${dir}/kept`,
    listen: { host: '::', port: 8443 },
    metricsListen: { host: '10.0.0.7', port: 9100 },
    privateEndpoints: [
      { id: 'vpce-a', listen: { host: '10.0.0.8', port: 1 }, vpc: 'vpc-1', policyFile: undefined },
      { id: 'vpce-b', listen: { host: '::1', port: 2 }, vpc: undefined, policyFile: `${dir}/b.json` },
    ],
    trustedProxies: [
      { address: '10.0.0.0', prefix: 24, family: 'ipv4' },
      { address: 'fd00::1', prefix: 128, family: 'ipv6' },
    ],
    regions: ['cn-north-1', 'cn-northwest-1'],
    account: '012345678901',
    workers: 2,
    publicUrl: 'https://kms.example.com',
    tls: { kind: 'files', cert: `${dir}/pki/server.crt`, key: '/etc/pki/server.key' },
    allowPlaintext: false,
    seal: { kind: 'passphrase', source: { kind: 'file', path: '/run/secrets/seal' } },
    anchor: `${dirname(dir)}/anchor`,
    oidc: {
      caFile: `${dir}/pki/oidc.pem`,
      allowedHosts: ['login.example.com'],
      keyFiles: [{ issuer: 'https://issuer.example.com/a', file: `${dir}/keys.json` }],
    },
    attestation: { rootFiles: [`${dir}/pki/enclaves.pem`, '/etc/pki/other.pem'], maxAgeSeconds: 3600 },
    audit: {
      onFailure: 'spool',
      spoolBytes: 1_572_864,
      retentionDays: 364,
      retentionBytes: 2_000_000_000,
      minFreeBytes: 0,
    },
    testProfile: false,
    seed: undefined,
    faults: [],
    onDemandRotations: 25,
    clockSkewSeconds: 300,
    logLevel: 'warn',
    rootAccessKey: undefined,
  })
})

test('regions are given with commas, by repeating the flag, or as a list', async (t) => {
  const expected = ['us-east-1', 'eu-west-1']
  const file = configurationFile(t, 'region:\n  - us-east-1\n  - eu-west-1\n')
  assert.deepEqual((await loadSettings({ region: ['us-east-1,eu-west-1'] }, {}, machine)).regions, expected)
  assert.deepEqual((await loadSettings({ region: expected }, {}, machine)).regions, expected)
  assert.deepEqual((await loadSettings({}, { TRENT_REGION: 'us-east-1, eu-west-1' }, machine)).regions, expected)
  assert.deepEqual((await loadSettings({ config: file }, {}, machine)).regions, expected)
})

test('where threads can not share a port there is one worker', async () => {
  for (const platform of ['darwin', 'win32'] as const) {
    assert.equal((await loadSettings({ workers: '8' }, {}, { ...machine, platform })).workers, 1)
  }
  assert.equal((await loadSettings({}, {}, { ...machine, platform: 'freebsd' })).workers, 4)
  assert.equal((await loadSettings({}, {}, { ...machine, cores: 512 })).workers, 256)
})

test('the passphrase comes from a file, from the variable, or from the terminal', async () => {
  const seal = 'passphrase'
  const file = await loadSettings({ seal, 'seal-passphrase-file': 'secret' }, {}, machine)
  assert.deepEqual(file.seal, { kind: 'passphrase', source: { kind: 'file', path: '/srv/secret' } })
  const variable = await loadSettings({ seal }, { TRENT_SEAL_PASSPHRASE: 'hush' }, machine)
  assert.deepEqual(variable.seal, {
    kind: 'passphrase',
    source: { kind: 'environment', variable: 'TRENT_SEAL_PASSPHRASE' },
  })
  assert.ok(!JSON.stringify(variable).includes('hush'))
  const asked = await loadSettings({ seal }, {}, { ...machine, interactive: true })
  assert.deepEqual(asked.seal, { kind: 'passphrase', source: { kind: 'terminal' } })
})

test('beyond loopback it serves with TLS, or when plaintext is allowed', async () => {
  for (const listen of ['127.0.0.1:0', '127.9.9.9:1', '[::1]:8736', 'localhost:8736']) {
    assert.deepEqual(await problemsOf({ listen }), [])
  }
  assert.deepEqual(await problemsOf({ listen: '0.0.0.0:8736', tls: 'self-signed' }), [])
  assert.deepEqual(await problemsOf({ listen: '0.0.0.0:8736', 'tls-cert': 'c', 'tls-key': 'k' }), [])
  assert.deepEqual(await problemsOf({ listen: 'kms.example.com:8736', 'allow-plaintext': true }), [])
})

test('short access keys are for loopback', async () => {
  const keys = { TRENT_ROOT_ACCESS_KEY_ID: 'test', TRENT_ROOT_SECRET_ACCESS_KEY: 'test' }
  assert.deepEqual((await loadSettings({}, keys, machine)).rootAccessKey, { id: 'test', secret: 'test' })
  const long = { TRENT_ROOT_ACCESS_KEY_ID: 'A'.repeat(16), TRENT_ROOT_SECRET_ACCESS_KEY: 's'.repeat(40) }
  assert.deepEqual(await problemsOf({ listen: '0.0.0.0:1', tls: 'self-signed' }, long), [])
})

test('what Kubernetes and Docker set beside a service named trent is no setting, nor is an empty variable', async () => {
  const environment = {
    TRENT_SERVICE_HOST: '10.96.0.12',
    TRENT_SERVICE_PORT: '8736',
    TRENT_SERVICE_PORT_HTTPS: '8736',
    TRENT_PORT: 'tcp://10.96.0.12:8736',
    TRENT_PORT_8736_TCP: 'tcp://10.96.0.12:8736',
    TRENT_PORT_8736_TCP_ADDR: '10.96.0.12',
    TRENT_BLUE_SERVICE_HOST: '10.96.0.13',
    TRENT_LISTEN: '',
  }
  assert.equal((await loadSettings({}, environment, machine)).listen.port, 8736)
})

test('a command that works on a directory looks at nothing else', async (t) => {
  const config = configurationFile(t, 'data-dir: kept\nlisten: nonsense\nanchor: elsewhere\n')
  assert.deepEqual(await loadDirectorySettings({ config }, {}, machine), {
    dataDir: `${dirname(config)}/kept`,
    seal: { kind: 'key-file', path: undefined },
    anchor: `${dirname(config)}/elsewhere`,
  })
})
