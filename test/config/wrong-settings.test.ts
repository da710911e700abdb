import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Environment, Flags } from '#config/sources.ts'
import { configurationFile, machine, problemsOf } from './fixtures.ts'

const notAnAddress = (text: string): string =>
  `--listen: "${text}" is not an address; write HOST:PORT, such as 127.0.0.1:8736, or [::1]:8736 for IPv6`

const wrongFlags: readonly [Flags, string][] = [
  ...[
    '8736',
    ':8736',
    '127.0.0.1',
    '::1:8736',
    '[127.0.0.1]:1',
    '1.2.3:4',
    'a b:1',
    'h:65536',
    '*:1',
    '[::1]',
    'h:',
  ].map((text): [Flags, string] => [{ listen: text }, notAnAddress(text)]),
  [
    { 'private-endpoint': ['127.0.0.1:1'] },
    '--private-endpoint: "127.0.0.1:1" has no name; write it such as vpce-apps=10.0.0.5:8737',
  ],
  [
    { 'private-endpoint': ['a b=127.0.0.1:1'] },
    '--private-endpoint: "a b" is not an id; write 1 to 64 letters, digits, "_" or "-"',
  ],
  [
    { 'private-endpoint': ['a=127.0.0.1:1', 'a=127.0.0.1:2'] },
    '--private-endpoint: a is there twice; give each private endpoint one address',
  ],
  [
    { 'private-endpoint': ['a=127.0.0.1:8736'] },
    '--private-endpoint: a has the address that requests are served on; choose another port',
  ],
  [
    { 'private-endpoint-vpc': ['a=vpc-1'] },
    '--private-endpoint-vpc: there is no private endpoint a; give it an address with --private-endpoint a=HOST:PORT',
  ],
  [
    { 'private-endpoint': ['a=10.0.0.7:1'] },
    '--private-endpoint: 10.0.0.7:1 can be reached from other machines and plaintexts would cross the network unencrypted; add --tls self-signed (or --tls-cert and --tls-key), or --allow-plaintext if something in front of trent speaks TLS',
  ],
  ...['10.0.0.0/33', 'proxy.example.com', '10.0.0.0/'].map((text): [Flags, string] => [
    { 'trusted-proxy': [text] },
    `--trusted-proxy: "${text}" is not an address or network; write one such as 10.0.0.7 or 10.0.0.0/24`,
  ]),
  [
    { 'oidc-allowed-host': ['https://a'] },
    '--oidc-allowed-host: "https://a" is not a host; write a name or an address, such as login.example.com',
  ],
  [
    { 'oidc-keys': ['keys.json'] },
    '--oidc-keys: "keys.json" names no issuer; write it such as https://issuer.example.com=keys.json',
  ],
  [{ region: ['nowhere'] }, '--region: "nowhere" is not a region; write a name such as us-east-1, several with commas'],
  [{ region: ['us-east-1,'] }, '--region: "" is not a region; write a name such as us-east-1, several with commas'],
  [{ region: ['us-east-1', 'eu-west-1', 'us-east-1'] }, '--region: us-east-1 is there twice; write each region once'],
  [
    { region: ['us-east-1,cn-north-1'] },
    '--region: us-east-1 is in the partition aws and cn-north-1 in aws-cn; one server serves one partition: start another one for the other',
  ],
  [{ account: '1234' }, '--account: "1234" is not an account id; write twelve digits'],
  [{ workers: '0' }, '--workers: "0" is not a whole number from 1 to 256; write one, such as 1'],
  [{ workers: '257' }, '--workers: "257" is not a whole number from 1 to 256; write one, such as 1'],
  [{ workers: '1e1' }, '--workers: "1e1" is not a whole number from 1 to 256; write one, such as 1'],
  ...['kms.example.com', 'ftp://a', 'https://a/path', 'https://a?b', 'https://u:p@a', 'https://a#'].map(
    (text): [Flags, string] => [
      { 'public-url': text },
      `--public-url: "${text}" is not a URL of scheme, host and port only; write one such as https://kms.example.com:8736`,
    ],
  ),
  [{ tls: 'on' }, '--tls: "on" is not a choice; write self-signed or off'],
  [{ 'tls-cert': 'c' }, '--tls-cert: a certificate and its key go together; give --tls-key as well'],
  [{ 'tls-key': 'k' }, '--tls-key: a certificate and its key go together; give --tls-cert as well'],
  [
    { tls: 'self-signed', 'tls-cert': 'c', 'tls-key': 'k' },
    '--tls: --tls and --tls-cert contradict each other; give one of them',
  ],
  [{ seal: 'tpm' }, '--seal: "tpm" is not a seal; write key-file, key-file:PATH or passphrase'],
  [{ seal: 'key-file:' }, '--seal: "key-file:" is not a seal; write key-file, key-file:PATH or passphrase'],
  [
    { seal: 'passphrase' },
    '--seal: there is no passphrase and no terminal to ask for it; give --seal-passphrase-file, or set TRENT_SEAL_PASSPHRASE',
  ],
  [
    { 'seal-passphrase-file': 'f' },
    '--seal-passphrase-file: a passphrase is given, but the seal is a key file; add --seal passphrase, or remove it',
  ],
  [
    { 'test-profile': true, seal: 'key-file:/mnt/key' },
    '--seal: --test-profile is for tests and works with the default seal only; leave one of the two out',
  ],
  [{ 'audit-on-failure': 'ignore' }, '--audit-on-failure: "ignore" is not a choice; write refuse or spool'],
  ...['12 parsecs', '-1', '9e9', '1ZiB', '9007199254740993'].map((text): [Flags, string] => [
    { 'audit-spool-size': text },
    `--audit-spool-size: "${text}" is not a size; write a number and a unit, such as 256MiB or 10GB`,
  ]),
  ...['90', '1h', '0d', '36501d', 'd', '90d!'].map((text): [Flags, string] => [
    { 'audit-retention': text },
    `--audit-retention: "${text}" is not a time from 1 to 36500 days; write a number and a unit, such as 90d`,
  ]),
  ...['299', '901', '16m', 'soon'].map((text): [Flags, string] => [
    { 'clock-skew': text },
    `--clock-skew: "${text}" is not a time from 300 to 900 seconds; write it such as 900 or 15m`,
  ]),
  [{ 'log-level': 'verbose' }, '--log-level: "verbose" is not a choice; write debug, info, warn or error'],
  [{ anchor: 'a\0b' }, '--anchor: a path has no NUL character; write the path of a file or directory'],
  [
    { listen: '127.0.0.1:1', 'metrics-listen': '127.0.0.1:1' },
    '--metrics-listen: this is the address that requests are served on; choose another port',
  ],
  [
    { listen: '0.0.0.0:8736' },
    '--listen: 0.0.0.0:8736 can be reached from other machines and plaintexts would cross the network unencrypted; add --tls self-signed (or --tls-cert and --tls-key), or --allow-plaintext if something in front of trent speaks TLS',
  ],
  [
    { config: 'absent.yaml' },
    '--config: cannot read /srv/absent.yaml: there is no such file; name a YAML file that trent may read',
  ],
]

test('a wrong flag is refused with what is wrong and what to do', async () => {
  for (const [flags, problem] of wrongFlags) assert.deepEqual(await problemsOf(flags), [problem])
})

const keys = { TRENT_ROOT_ACCESS_KEY_ID: 'test', TRENT_ROOT_SECRET_ACCESS_KEY: 'sesame' }
const wrongVariables: readonly [Environment, string][] = [
  [{ TRENT_WORKERS: 'many' }, 'TRENT_WORKERS: "many" is not a whole number from 1 to 256; write one, such as 1'],
  [{ TRENT_ALLOW_PLAINTEXT: 'maybe' }, 'TRENT_ALLOW_PLAINTEXT: "maybe" is neither yes nor no; write true or false'],
  [
    { TRENT_LISEN: 'x' },
    'TRENT_LISEN: there is no such setting (did you mean TRENT_LISTEN?); correct or unset the variable',
  ],
  [{ TRENT_ZZZZZZZZZZZZ: 'x' }, 'TRENT_ZZZZZZZZZZZZ: there is no such setting; correct or unset the variable'],
  [
    { TRENT_ROOT_ACCESS_KEY_ID: 'AKIAIOSFODNN7EXAMPLE' },
    'TRENT_ROOT_ACCESS_KEY_ID: an access key has two halves; set TRENT_ROOT_SECRET_ACCESS_KEY as well',
  ],
  [
    { TRENT_ROOT_SECRET_ACCESS_KEY: 'sesame' },
    'TRENT_ROOT_SECRET_ACCESS_KEY: an access key has two halves; set TRENT_ROOT_ACCESS_KEY_ID as well',
  ],
  [
    { ...keys, TRENT_ROOT_ACCESS_KEY_ID: 'a/b' },
    'TRENT_ROOT_ACCESS_KEY_ID: the value is not an access key id; write 3 to 128 letters, digits, "_", "." or "-"',
  ],
  [
    { ...keys, TRENT_ROOT_SECRET_ACCESS_KEY: 'open sesame' },
    'TRENT_ROOT_SECRET_ACCESS_KEY: the value is not a secret access key; write 1 to 128 printable ASCII characters without spaces',
  ],
  [
    { ...keys, TRENT_LISTEN: '10.0.0.7:1', TRENT_TLS: 'self-signed' },
    'TRENT_ROOT_ACCESS_KEY_ID: the access key is too short for an address that others can reach; use at least 16 characters for its id and 40 for its secret, or listen on loopback',
  ],
  [
    { TRENT_SEAL_PASSPHRASE: 'sesame' },
    'TRENT_SEAL_PASSPHRASE: a passphrase is given, but the seal is a key file; add --seal passphrase, or remove it',
  ],
  [
    { TRENT_SEAL: 'passphrase', TRENT_SEAL_PASSPHRASE: 'sesame', TRENT_SEAL_PASSPHRASE_FILE: 'f' },
    'TRENT_SEAL_PASSPHRASE_FILE: the passphrase is also in TRENT_SEAL_PASSPHRASE; give it in one place',
  ],
]

test('a wrong variable is refused, and no secret is repeated', async () => {
  for (const [environment, problem] of wrongVariables) {
    const problems = await problemsOf({}, environment)
    assert.deepEqual(problems, [problem])
    assert.doesNotMatch(problems.join(), /sesame/)
  }
})

const wrongFiles: readonly [string, string][] = [
  [
    'listen: nonsense',
    '1:1 (listen): "nonsense" is not an address; write HOST:PORT, such as 127.0.0.1:8736, or [::1]:8736 for IPv6',
  ],
  ['# one\n\n  lisen: x', '3:3: there is no setting "lisen" (did you mean listen?); correct or remove the line'],
  ['workers: 2.5', '1:1 (workers): "2.5" is not a whole number from 1 to 256; write one, such as 1'],
  ['workers: [1, 2]', '1:1 (workers): there are 2 values; give one'],
  ['workers:', '1:1: workers has no value; write one, or remove the line'],
  ['region: []', '1:1: region has no value; write one, or remove the line'],
  ['region: {a: 1}', '1:1: region is neither a value nor a list of values; write region: VALUE'],
  ['region: [[us-east-1]]', '1:1: region is neither a value nor a list of values; write region: VALUE'],
  ['- listen', '1:1: settings are lines such as "listen: 127.0.0.1:8736"'],
  ['just text', '1:1: settings are lines such as "listen: 127.0.0.1:8736"'],
  ['[1]: 2', '1:1: a setting has a plain name; write lines such as "listen: 127.0.0.1:8736"'],
  ['listen: "a', '1:11: this is not YAML: Missing closing "quote'],
  ['workers: 1\nworkers: 2', '2:1: this is not YAML: Map keys must be unique'],
  ['workers: 1\n---\nworkers: 2', '2:1: a second YAML document; put all settings into the first'],
  [
    'root-secret-access-key: sesame',
    "1:1: root-secret-access-key is a secret's; set the variable TRENT_ROOT_SECRET_ACCESS_KEY instead",
  ],
  ['config: other.yaml', "1:1: config can't stand in the file; use --config"],
]

test('a wrong line of the file is refused with its place', async (t) => {
  for (const [text, problem] of wrongFiles) {
    const config = configurationFile(t, text)
    assert.deepEqual(await problemsOf({ config }), [`${config}:${problem}`])
  }
})

test('an empty file has no settings', async (t) => {
  for (const text of ['', '# nothing\n', '---\n']) {
    assert.deepEqual(await problemsOf({ config: configurationFile(t, text) }), [])
  }
})

test('all problems are told at once', async (t) => {
  const config = configurationFile(t, 'tls: maybe\ncolour: blue\n')
  const problems = await problemsOf({ config, workers: 'x' }, { TRENT_REGION: 'y' }, { ...machine, interactive: true })
  assert.deepEqual(
    problems.map((problem) => problem.replace(config, 'FILE').split(': ')[0]),
    ['FILE:2:1', 'TRENT_REGION', '--workers', 'FILE:1:1 (tls)'],
  )
})
