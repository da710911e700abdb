/** Each mistake in a seed file is told with its place, its path and what to do; all of a file at once. */
import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { ConfigError } from '#config/config-error.ts'
import { readSeedFile } from '#seed/read-file.ts'
import { temporaryDirectory } from '../support/server.ts'

const id = '1234abcd-12ab-34cd-56ef-1234567890ab'
const hex = '34743777217A25432A46294A404E635266556A586E3272357538782F413F4428'
const pem = (type: 'prime256v1' | 'secp384r1'): string => {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: type })
  return privateKey.export({ format: 'pem', type: 'pkcs8' }).trim().split('\n').join('\\n')
}

/** A seed with one key that has these lines, in braces. */
const key = (more: string): string => `keys:\n  - { id: ${id}, ${more} }\n`

/** The same of a multi-Region key, whose id is as long. */
const shared = (more: string): string => key(more).replace(id, `mrk-${id.replaceAll('-', '')}`)

/** A seed with one key whose one key material, which was imported, has these lines. */
const imported = (more: string): string => key(`origin: EXTERNAL, material: { ${more} }`)

describe('a seed file', () => {
  const directory = temporaryDirectory()
  let count = 0

  function problemsOf(text: string): readonly string[] {
    const path = join(directory, `seed-${(count += 1)}.yaml`)
    writeFileSync(path, text)
    try {
      readSeedFile(path)
    } catch (error) {
      assert.ok(error instanceof ConfigError)
      return error.problems.map((problem) => problem.replace(`${path}:`, ''))
    }
    return []
  }

  const notUuid = 'is not a key id; write a UUID in lower case, such as 1234abcd-12ab-34cd-56ef-1234567890ab'
  const mrkWanted =
    'the id of a multi-Region key is mrk- and 32 hex digits; write such an id, such as mrk-1234abcd12ab34cd56ef1234567890ab'
  const wrong: readonly (readonly [string, readonly string[]])[] = [
    ['- 1', ['1:1: the file: write lines such as "version: ..." here']],
    [
      'keys: [',
      ['1:8: this is not YAML: Flow sequence in block collection must be sufficiently indented and end with a ]'],
    ],
    ['keys: []\nkeys: []', ['2:1: this is not YAML: Map keys must be unique']],
    ['keys: []\n---\nkeys: []', ['2:1: a second YAML document; put all into the first']],
    ['keys: &a []\naliases: *a', ['2:10: a reference to another place (*); write the value itself']],
    ['version: 2', ['1:10: version: "2" is no version of this form (did you mean 1?); write 1']],
    ['kees: []', ['1:1: kees: there is no such word (did you mean keys?); correct or remove it']],
    ['keys: 7', ['1:7: keys: write a list here, its items behind "- "']],
    ['keys:\n  - 7', ['2:5: keys[0]: write lines such as "id: ..." here']],
    ['keys:\n  - { spec: RSA_2048 }', ['2:5: keys[0]: a key needs its id; write id: and a UUID']],
    ['keys:\n  - { id: my-key }', [`2:11: keys[0].id: "my-key" ${notUuid}`]],
    [`keys:\n  - { id: ${id.toUpperCase()} }`, [`2:11: keys[0].id: "${id.toUpperCase()}" ${notUuid}`]],
    [key('spc: AES'), ['2:49: keys[0].spc: there is no such word (did you mean spec?); correct or remove it']],
    [key('account: 1234'), ['2:58: keys[0].account: "1234" is not an account id; write twelve digits']],
    [key('region: here'), ['2:57: keys[0].region: "here" is not a region; write a name such as us-east-1']],
    [
      key('usage: SIGN'),
      [
        '2:56: keys[0].usage: "SIGN" is no key usage; write ENCRYPT_DECRYPT, SIGN_VERIFY, GENERATE_VERIFY_MAC, KEY_AGREEMENT or ENCAPSULATE_DECAPSULATE',
      ],
    ],
    [
      key('spec: RSA_2048'),
      ['2:5: keys[0]: keys of RSA_2048 have several usages; write usage: ENCRYPT_DECRYPT or SIGN_VERIFY'],
    ],
    [
      key('spec: HMAC_256, usage: SIGN_VERIFY'),
      ['2:72: keys[0].usage: KeyUsage SIGN_VERIFY is not compatible with KeySpec HMAC_256'],
    ],
    [
      key('origin: AWS_CLOUDHSM'),
      ['2:57: keys[0].origin: "AWS_CLOUDHSM" is no origin of keys in seeds; write AWS_KMS or EXTERNAL'],
    ],
    [
      key('origin: EXTERNAL, spec: ML_DSA_44, usage: SIGN_VERIFY'),
      ['2:57: keys[0].origin: KeySpec ML_DSA_44 is not supported for Origin EXTERNAL.'],
    ],
    [key('expires: 2030-01-01'), ['2:58: keys[0].expires: it is key material that expires; write it in material:']],
    [
      key(`origin: EXTERNAL, rotation: {}`),
      ['2:77: keys[0].rotation: keys whose key material is imported are not rotated by themselves; remove it'],
    ],
    [
      key(`origin: EXTERNAL, material: {}`),
      ['2:77: keys[0].material: imported key material is chosen; write hex:, base64: or pem:, or leave it out'],
    ],
    [
      key(`origin: EXTERNAL, state: Disabled`),
      ['2:74: keys[0].state: a key without its key material waits for it; add material, or write PendingImport'],
    ],
    [
      key('state: PendingImport'),
      ['2:56: keys[0].state: only keys of origin EXTERNAL wait for key material; write another state'],
    ],
    [
      key(`origin: EXTERNAL, material: { hex: ${hex} }, state: PendingImport`),
      ['2:159: keys[0].state: a key does not wait for key material that is there; remove the one or the other'],
    ],
    ...['expires: 2030-01-01', 'expires-in-days: 7', 'description: mine', 'pending: true'].map(
      (words) =>
        [
          key(`material: { hex: ${hex}, ${words} }`),
          [
            `2:${132 + words.indexOf(':') + 2}: keys[0].material.${words.split(':')[0] ?? ''}: ` +
              'only imported key material has it; write origin: EXTERNAL, or remove it',
          ],
        ] as const,
    ),
    [
      imported(`hex: ${hex}, expires: 2030-01-01, expires-in-days: 7`),
      ['2:188: keys[0].material.expires-in-days: expires and expires-in-days contradict each other; write one of them'],
    ],
    [
      imported(`hex: ${hex}, expires-in-days: 366`),
      ['2:167: keys[0].material.expires-in-days: "366" is not a whole number from 1 to 365'],
    ],
    [
      imported(`hex: ${hex}, pending: true`),
      ['2:159: keys[0].material.pending: only the last of several key materials waits for a rotation; remove it'],
    ],
    [
      imported(`hex: ${hex}, rotation-type: AUTOMATIC`),
      [
        '2:165: keys[0].material.rotation-type: keys whose key material is imported are rotated ON_DEMAND alone; correct or remove it',
      ],
    ],
    [
      imported(`hex: ${hex}, description: "a, b"`),
      [
        '2:163: keys[0].material.description: "a, b" is not a description of key material; write up to 256 letters, digits, spaces and : / _ . -',
      ],
    ],
    [
      key(`spec: HMAC_256, origin: EXTERNAL, material: { hex: ${hex}, description: a }`),
      ['2:179: keys[0].material.description: only key material of symmetric keys has a description; remove it'],
    ],
    [
      key(`origin: EXTERNAL, materials: [{ hex: ${hex} }, { hex: ${hex}, pending: true, rotated: 2026-01-01 }]`),
      [
        '2:251: keys[0].materials[1].rotated: key material that waits for a rotation has no date of one; remove one of them',
      ],
    ],
    // Multi-Region keys.
    [key('multi-region: yes'), ['2:63: keys[0].multi-region: "yes" is no answer; write true or false']],
    [key('multi-region: true'), [`2:63: keys[0].multi-region: ${mrkWanted}`]],
    [key('replicas: [{ region: eu-west-1 }]'), [`2:59: keys[0].replicas: ${mrkWanted}`]],
    [
      shared('multi-region: false'),
      [
        '2:11: keys[0].id: an id that begins with mrk- is that of a multi-Region key; write a UUID, or multi-region: true',
      ],
    ],
    [shared('replicas: [{}]'), ['2:60: keys[0].replicas[0]: a replica needs its region; write region:']],
    [
      shared('replicas: [{ region: eu-west-1, material: {} }]'),
      ['2:81: keys[0].replicas[0].material: there is no such word; correct or remove it'],
    ],
    [
      shared('replicas: [{ region: eu-west-1 }], origin: EXTERNAL'),
      ['2:59: keys[0].replicas: a key that waits for its key material has no replicas; add material, or remove them'],
    ],
    [
      shared('replicas: [{ region: eu-west-1, state: PendingImport }]'),
      ['2:88: keys[0].replicas[0].state: only keys of origin EXTERNAL wait for key material; write another state'],
    ],
    [
      shared('replicas: [{ region: eu-west-1 }], state: PendingDeletion, deletion-in-days: 7'),
      [
        '2:91: keys[0].state: the wait of a primary begins with the end of its replicas; write PendingReplicaDeletion, or remove them',
      ],
    ],
    [
      shared('replicas: [{ region: eu-west-1 }], state: PendingReplicaDeletion, deletion-date: 2027-01-01'),
      ['2:91: keys[0].state: a key that waits for the end of its replicas has no date yet; write deletion-in-days'],
    ],
    [
      shared('state: PendingReplicaDeletion, deletion-in-days: 7'),
      ['2:56: keys[0].state: only a primary that has replicas waits for their end; write PendingDeletion'],
    ],
    [
      key('created: yesterday'),
      ['2:58: keys[0].created: "yesterday" is not a date; write it such as 2026-11-21T10:04:00Z or 2026-11-21'],
    ],
    [
      key('created: 2026-13-01'),
      ['2:58: keys[0].created: "2026-13-01" is not a date; write it such as 2026-11-21T10:04:00Z or 2026-11-21'],
    ],
    [
      key('state: Broken'),
      [
        '2:56: keys[0].state: "Broken" is no key state; write Enabled, Disabled, PendingImport, PendingDeletion or PendingReplicaDeletion',
      ],
    ],
    [
      key('state: PendingDeletion'),
      ['2:56: keys[0].state: a key that is pending deletion has a deletion-date or deletion-in-days; write one'],
    ],
    [
      key('state: PendingDeletion, deletion-in-days: 31'),
      ['2:91: keys[0].deletion-in-days: "31" is not a whole number from 7 to 30'],
    ],
    [
      key('deletion-in-days: 7'),
      ['2:67: keys[0].deletion-in-days: only a key that is pending deletion has it; write state: PendingDeletion'],
    ],
    [key('tags: [a]'), ['2:55: keys[0].tags: write lines such as "name: value" here']],
    [
      key(`tags: { a: ${'x'.repeat(257)} }`),
      ['2:60: keys[0].tags.a: a tag has a name of 1 to 128 and a value of 0 to 256 characters; shorten it'],
    ],
    [
      key(`description: ${'x'.repeat(8193)}`),
      ['2:62: keys[0].description: a description has at most 8192 characters; shorten it'],
    ],
    [key('aliases: [orders]'), ['2:59: keys[0].aliases[0]: "orders" is not an alias; write it such as alias/orders']],
    [
      key(`material: { hex: abc }`),
      ['2:66: keys[0].material.hex: this is not hex; write the bytes of the key material in hex'],
    ],
    [
      key(`material: { base64: "a b!" }`),
      ['2:69: keys[0].material.base64: this is not base64; write the bytes of the key material in base64'],
    ],
    [
      key(`material: { hex: ${hex}, base64: AAAA }`),
      ['2:59: keys[0].material: hex and base64 are two forms of it; write one'],
    ],
    [
      key(`material: {}, materials: []`),
      ['2:74: keys[0].materials: material and materials contradict each other; write one of them'],
    ],
    [
      key(`spec: HMAC_256, materials: [{}, {}]`),
      ['2:81: keys[0].materials[1]: keys of HMAC_256 are not rotated and have one key material; remove the others'],
    ],
    [
      key(`spec: HMAC_256, rotation: {}`),
      ['2:75: keys[0].rotation: keys of HMAC_256 are not rotated; remove it, or write spec: SYMMETRIC_DEFAULT'],
    ],
    [
      key(`rotation: { period-in-days: 30 }`),
      ['2:77: keys[0].rotation.period-in-days: "30" is not a whole number from 90 to 2560'],
    ],
    [
      key(`material: { pem: secret }`),
      [
        '2:66: keys[0].material.pem: this is no private key in PEM without a passphrase; begin it with -----BEGIN PRIVATE KEY-----',
      ],
    ],
    [
      key(`spec: ECC_NIST_P256, usage: SIGN_VERIFY, material: { pem: "${pem('secp384r1')}" }`),
      ['2:107: keys[0].material.pem: this is a key of ECC_NIST_P384, and not of ECC_NIST_P256; make the two agree'],
    ],
    [
      key('grants: [{ name: a, grantee: "arn:aws:iam::111122223333:root" }]'),
      ['2:58: keys[0].grants[0]: a grant needs its operations; write operations:'],
    ],
    [
      key('grants: [{ name: a, grantee: root, operations: [Encrypt] }]'),
      ['2:58: keys[0].grants[0]: ARN does not refer to a valid principal: root'],
    ],
    [
      key('grants: [{ name: a, grantee: "arn:aws:iam::111122223333:root", operations: [Encript] }]'),
      [
        '2:125: keys[0].grants[0].operations[0]: "Encript" is no grant operation (did you mean Encrypt?); write Decrypt, Encrypt, GenerateDataKey, GenerateDataKeyWithoutPlaintext, ReEncryptFrom, ReEncryptTo, Sign, Verify, GetPublicKey, CreateGrant, RetireGrant, DescribeKey, GenerateDataKeyPair, GenerateDataKeyPairWithoutPlaintext, GenerateMac, VerifyMac, DeriveSharedSecret, Encapsulate or Decapsulate',
      ],
    ],
    ['accounts:\n  - { name: A }', ['2:5: accounts[0]: an account needs its id; write id: with twelve digits']],
    [
      'accounts:\n  - { id: 111122223333, root-access-key: { id: test } }',
      ['2:42: accounts[0].root-access-key: an access key has two halves; write id: and secret:'],
    ],
    [
      'accounts:\n  - { id: 111122223333, root-access-key: { id: "a b", secret: test } }',
      [
        '2:48: accounts[0].root-access-key.id: the value is not an access key id; write 3 to 128 letters, digits, "_", "." or "-"',
      ],
    ],
    // In the emulator's form.
    ['Keys: []\nAliase: []', ['2:1: Aliase: there is no such word (did you mean Aliases?); correct or remove it']],
    [
      'Keys: { Symmetric: { Des: [] } }',
      ['1:22: Keys.Symmetric.Des: there is no such word (did you mean Aes?); correct or remove it'],
    ],
    ['Keys: [{ BackingKeys: [] }]', ['1:8: Keys[0]: a key needs its KeyId; write Metadata: with KeyId: and a UUID']],
    [`Keys: [{ KeyId: ${id} }]`, ['1:8: Keys[0]: the key has no material; write BackingKeys: or PrivateKeyPem:']],
    [
      `Keys: [{ KeyId: ${id}, Metadata: { Origin: AWS_CLOUDHSM } }]`,
      [
        '1:75: Keys[0].Metadata.Origin: "AWS_CLOUDHSM" is no origin of keys in seeds; write AWS_KMS or EXTERNAL',
        '1:8: Keys[0]: the key has no material; write BackingKeys: or PrivateKeyPem:',
      ],
    ],
    [
      'Aliases: [{ AliasName: alias/a }]',
      ['1:11: Aliases[0]: an alias has two halves; write AliasName: and TargetKeyId:'],
    ],
    [
      `Keys: { Symmetric: { Hmac: [{ Metadata: { KeyId: ${id} }, BackingKeys: [${hex}] }] } }`,
      ['1:29: Keys.Symmetric.Hmac[0]: an HMAC key needs its KeySpec; write Metadata: with KeySpec: HMAC_256'],
    ],
    // Two at once.
    [
      key('state: Broken, origin: AWS_CLOUDHSM'),
      [
        '2:72: keys[0].origin: "AWS_CLOUDHSM" is no origin of keys in seeds; write AWS_KMS or EXTERNAL',
        '2:56: keys[0].state: "Broken" is no key state; write Enabled, Disabled, PendingImport, PendingDeletion or PendingReplicaDeletion',
      ],
    ],
  ]

  for (const [text, expected] of wrong) {
    it(`that is wrong is refused: ${expected[0]?.slice(0, 90) ?? ''}`, () =>
      assert.deepEqual(problemsOf(text), expected))
  }

  it('that is not there is refused', () => {
    assert.throws(() => readSeedFile('/nonexistent/seed.yaml'), {
      message: "/nonexistent/seed.yaml: the seed can't be read: there is no such file; name a YAML or JSON file",
    })
  })

  it('tells no more than twenty problems', () => {
    assert.equal(problemsOf(`keys:\n${'  - { id: x }\n'.repeat(100)}`).length, 20)
  })

  it('never repeats key material or secrets', () => {
    const secret = 'correcthorsebatterystaple'
    for (const text of [
      key(`material: { hex: ${secret} }`),
      key(`material: { base64: "${secret}!" }`),
      key(`material: { pem: ${secret} }`),
      `accounts: [{ id: 111122223333, root-access-key: { id: test, secret: "${secret} ${secret}" } }]`,
    ]) {
      const problems = problemsOf(text)
      assert.equal(problems.length, 1)
      assert.ok(!problems.join().includes(secret), problems.join())
    }
  })

  it('may be empty, and may be JSON', () => {
    assert.deepEqual(problemsOf(''), [])
    assert.deepEqual(problemsOf('# nothing\n'), [])
    assert.deepEqual(problemsOf(JSON.stringify({ version: 1, keys: [{ id, material: { hex } }] }, undefined, '\t')), [])
  })
})
