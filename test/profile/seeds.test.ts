/** Seeds in a started server: what clients and the trail see of them, the same seed again, and seeds that contradict. */
import assert from 'node:assert/strict'
import { createHmac, createPrivateKey, createPublicKey, generateKeyPairSync } from 'node:crypto'
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import {
  DecryptCommand,
  DescribeKeyCommand,
  DisableKeyCommand,
  EncryptCommand,
  GenerateMacCommand,
  GetKeyPolicyCommand,
  GetKeyRotationStatusCommand,
  GetPublicKeyCommand,
  KMSClient,
  ListAliasesCommand,
  ListGrantsCommand,
  ListKeyRotationsCommand,
  ListKeysCommand,
  ListResourceTagsCommand,
  SignCommand,
  VerifyCommand,
  type KMSClientConfig,
} from '@aws-sdk/client-kms'
import { callControl } from '#control/client.ts'
import { account, cleanEnvironment, startServer, temporaryDirectory, type TestServer } from '../support/server.ts'
import { allRecords } from '../support/audit.ts'
import { run, type Run } from '../support/programs.ts'

const program = fileURLToPath(new URL('../../bin/trent', import.meta.url))
const trent = (...args: readonly string[]): Promise<Run> =>
  run([process.execPath, program, ...args], cleanEnvironment())

const other = '444455556666'
const ids = {
  orders: '1234abcd-12ab-34cd-56ef-000000000001',
  mac: '1234abcd-12ab-34cd-56ef-000000000002',
  signing: '1234abcd-12ab-34cd-56ef-000000000003',
  pending: '1234abcd-12ab-34cd-56ef-000000000004',
  foreign: '1234abcd-12ab-34cd-56ef-000000000005',
  plain: '1234abcd-12ab-34cd-56ef-000000000006',
}
const materials = [
  '34743777217A25432A46294A404E635266556A586E3272357538782F413F4428',
  '614e645267556b58703273357638792f423f4528472b4b6250655368566d5971',
]
const macKey = Buffer.alloc(32, 9)
const pair = generateKeyPairSync('ec', { namedCurve: 'prime256v1' })
const pem = pair.privateKey.export({ format: 'pem', type: 'sec1' })
const policy = {
  Version: '2012-10-17',
  Statement: [
    { Sid: 'A', Effect: 'Allow', Principal: { AWS: `arn:aws:iam::${account}:root` }, Action: 'kms:*', Resource: '*' },
    {
      Sid: 'B',
      Effect: 'Allow',
      Principal: { AWS: `arn:aws:iam::${other}:root` },
      Action: 'kms:Encrypt',
      Resource: '*',
      Condition: { Bool: { 'aws:ViaAWSService': false } },
    },
  ],
}

const seed = `
version: 1
accounts:
  - id: ${account}
  - id: ${other}
    name: Team B
    root-access-key: { id: AKIATEAMBTEAMBTEAMB1, secret: team-b-team-b-team-b-team-b-team-b-team-b }
keys:
  - id: ${ids.orders}
    description: Orders
    created: 2025-01-01T00:00:00Z
    tags: { Team: blue, Year: 2026, Empty: }
    aliases: [alias/orders, alias/orders-too]
    materials:
      - { hex: ${materials[0] ?? ''} }
      - { base64: ${Buffer.from(materials[1] ?? '', 'hex').toString('base64')}, rotated: 2026-01-01, rotation-type: ON_DEMAND }
    rotation: { period-in-days: 180, next: 2030-01-01 }
    policy: ${JSON.stringify(policy)}
    grants:
      - name: reader
        grantee: arn:aws:iam::${other}:root
        operations: [Decrypt, DescribeKey]
        context-subset: { Tenant: 7 }
  - id: ${ids.mac}
    spec: HMAC_256
    state: Disabled
    material: { base64: ${macKey.toString('base64')} }
  - id: ${ids.signing}
    spec: ECC_NIST_P256
    usage: SIGN_VERIFY
    material:
      pem: |
${pem.trim().replace(/^/gm, '        ')}
  - id: ${ids.pending}
    state: PendingDeletion
    deletion-in-days: 10
  - id: ${ids.foreign}
    account: ${other}
    region: eu-west-1
    aliases: [alias/orders]
  - id: ${ids.plain}
`

const regions = ['us-east-1', 'eu-west-1']

function seedFile(directory: string, text: string, name = 'seed.yaml'): string {
  const path = join(directory, name)
  writeFileSync(path, text)
  return path
}

/** What `import-seed` of a running server answers, or its refusal. */
async function imported(server: TestServer, path: string): Promise<unknown> {
  const items: unknown[] = []
  await callControl(server.directory, 'import-seed', { path }, { onItem: (item) => items.push(item) })
  return items[0]
}

describe('a server with a seed', async () => {
  const files = temporaryDirectory()
  const path = seedFile(files, seed)
  const directory = temporaryDirectory()
  const options = { directory, testProfile: true, regions, workers: 2, args: ['--seed', path] } as const
  const server = await startServer(options)
  const kms = server.kms()
  const settings: KMSClientConfig = {
    endpoint: server.url,
    region: 'eu-west-1',
    credentials: { accessKeyId: 'AKIATEAMBTEAMBTEAMB1', secretAccessKey: 'team-b-team-b-team-b-team-b-team-b-team-b' },
    maxAttempts: 1,
  }
  const foreign = new KMSClient(settings)

  it('has its keys, with what the seed says of them', async () => {
    const { KeyMetadata } = await kms.send(new DescribeKeyCommand({ KeyId: 'alias/orders' }))
    assert.equal(KeyMetadata?.KeyId, ids.orders)
    assert.equal(KeyMetadata.Description, 'Orders')
    assert.equal(KeyMetadata.CreationDate?.toISOString(), '2025-01-01T00:00:00.000Z')
    const { Tags } = await kms.send(new ListResourceTagsCommand({ KeyId: ids.orders }))
    assert.deepEqual(Tags, [
      { TagKey: 'Team', TagValue: 'blue' },
      { TagKey: 'Year', TagValue: '2026' },
      { TagKey: 'Empty', TagValue: '' },
    ])
    const shown = await kms.send(new GetKeyPolicyCommand({ KeyId: ids.orders }))
    assert.deepEqual(JSON.parse(shown.Policy ?? ''), policy)
    const status = await kms.send(new GetKeyRotationStatusCommand({ KeyId: ids.orders }))
    assert.equal(status.RotationPeriodInDays, 180)
    assert.equal(status.NextRotationDate?.toISOString(), '2030-01-01T00:00:00.000Z')
    const { Rotations = [] } = await kms.send(new ListKeyRotationsCommand({ KeyId: ids.orders }))
    assert.deepEqual(
      Rotations.map(({ RotationDate, RotationType }) => [RotationDate?.toISOString(), RotationType]),
      [['2026-01-01T00:00:00.000Z', 'ON_DEMAND']],
    )
    const { Grants = [] } = await kms.send(new ListGrantsCommand({ KeyId: ids.orders }))
    assert.deepEqual(
      Grants.map(({ Name, GranteePrincipal, Operations, Constraints }) => ({
        Name,
        GranteePrincipal,
        Operations,
        Constraints,
      })),
      [
        {
          Name: 'reader',
          GranteePrincipal: `arn:aws:iam::${other}:root`,
          Operations: ['Decrypt', 'DescribeKey'],
          Constraints: { EncryptionContextSubset: { Tenant: '7' } },
        },
      ],
    )
    const { Keys } = await kms.send(new ListKeysCommand({}))
    assert.equal(Keys?.length, 5)
    const { KeyMetadata: disabled } = await kms.send(new DescribeKeyCommand({ KeyId: ids.mac }))
    assert.equal(disabled?.KeyState, 'Disabled')
    const { KeyMetadata: pending } = await kms.send(new DescribeKeyCommand({ KeyId: ids.pending }))
    const left = (pending?.DeletionDate?.getTime() ?? 0) - Date.now()
    assert.ok(left > 9.9 * 86_400_000 && left <= 10 * 86_400_000)
  })

  it('works with the key material that the seed chose', async () => {
    const { CiphertextBlob } = await kms.send(new EncryptCommand({ KeyId: ids.orders, Plaintext: Buffer.from('in') }))
    const { Plaintext } = await kms.send(new DecryptCommand({ CiphertextBlob }))
    assert.equal(Buffer.from(Plaintext ?? []).toString(), 'in')
    const { PublicKey } = await kms.send(new GetPublicKeyCommand({ KeyId: ids.signing }))
    const spki = createPublicKey(createPrivateKey(pem)).export({ format: 'der', type: 'spki' })
    assert.deepEqual(Buffer.from(PublicKey ?? []), spki)
    const signed = { KeyId: ids.signing, Message: Buffer.from('m'), SigningAlgorithm: 'ECDSA_SHA_256' } as const
    const { Signature } = await kms.send(new SignCommand(signed))
    assert.equal((await kms.send(new VerifyCommand({ ...signed, Signature }))).SignatureValid, true)
  })

  it('has its other accounts, whose root users have the access keys that the seed chose', async () => {
    const { Aliases = [] } = await foreign.send(new ListAliasesCommand({}))
    assert.deepEqual(
      Aliases.map(({ AliasName, TargetKeyId }) => [AliasName, TargetKeyId]),
      [['alias/orders', ids.foreign]],
    )
    const { stdout } = await trent('account', 'list', '--data-dir', directory)
    assert.match(stdout, /444455556666 .*Team B/)
  })

  it('records what the seed brought', () => {
    const records = allRecords(directory).map((record): unknown => JSON.parse(record))
    const named = (name: string): readonly unknown[] =>
      records.filter(
        (record) => typeof record === 'object' && record !== null && 'eventName' in record && record.eventName === name,
      )
    assert.equal(named('ImportSeed').length, 1)
    assert.equal(named('CreateAccount').length, 1)
    const created = named('CreateKey')
    assert.equal(created.length, 6)
    for (const record of created)
      assert.match(
        JSON.stringify(record),
        /"eventType":"AwsServiceEvent".*"serviceEventDetails":\{"seed":"[0-9a-f]{64}"/,
      )
    const text = allRecords(directory).join('\n')
    for (const secret of [...materials, macKey.toString('base64'), 'team-b-team-b']) assert.ok(!text.includes(secret))
    for (const secret of [...materials, 'team-b-team-b']) assert.ok(!server.stderr().includes(secret))
  })

  const contradictions: readonly (readonly [string, RegExp])[] = [
    [
      `keys: [{ id: ${ids.mac} }]`,
      /:1:8: keys\[0\]: key \S+ has another spec or usage \(HMAC_256, GENERATE_VERIFY_MAC\) there; make the two agree, or begin with an empty data directory$/,
    ],
    [
      `keys: [{ id: ${ids.orders}, description: Others }]`,
      /:1:\d+: keys\[0\].description: key \S+ has another description there; /,
    ],
    [`keys: [{ id: ${ids.orders}, tags: { Team: red } }]`, /keys\[0\]\.tags: key \S+ has other tags there; /],
    [
      `keys: [{ id: ${ids.orders}, state: Disabled }]`,
      /keys\[0\]\.state: key \S+ has another state \(Enabled\) there; /,
    ],
    [
      `keys: [{ id: ${ids.orders}, created: 2025-01-02 }]`,
      /keys\[0\]: key \S+ has another creation date \(2025-01-01T00:00:00\.000Z\) there; /,
    ],
    [
      `keys: [{ id: ${ids.orders}, material: { hex: ${'ab'.repeat(32)} } }]`,
      /keys\[0\]\.material\.hex: key \S+ has other key material there; /,
    ],
    [
      `keys: [{ id: ${ids.orders}, material: { hex: ${materials[0] ?? ''} } }]`,
      /keys\[0\]\.material\.hex: key \S+ has another current key material there; /,
    ],
    [
      `keys: [{ id: ${ids.orders}, rotation: {} }]`,
      /keys\[0\]\.rotation: key \S+ has another rotation period \(180 days\) there; /,
    ],
    [`keys: [{ id: ${ids.plain}, rotation: {} }]`, /keys\[0\]\.rotation: key \S+ has no automatic rotation there; /],
    [
      `keys: [{ id: ${ids.plain}, policy: ${JSON.stringify(policy)} }]`,
      /keys\[0\]\.policy: key \S+ has another key policy there; /,
    ],
    [
      `keys: [{ id: ${ids.plain}, aliases: [alias/orders] }]`,
      /keys\[0\]\.aliases\[0\]: alias\/orders points at another key there: 1234abcd-12ab-34cd-56ef-000000000001; /,
    ],
    [
      `accounts: [{ id: '${other}', name: Team C }]`,
      /accounts\[0\]: account 444455556666 has another name there: "Team B"; /,
    ],
    [
      `accounts: [{ id: '${other}', root-access-key: { id: AKIATEAMBTEAMBTEAMB1, secret: x } }]`,
      /accounts\[0\]: account 444455556666 has another root access key there; /,
    ],
    [
      `accounts: [{ id: '777788889999', root-access-key: { id: AKIATEAMBTEAMBTEAMB1, secret: x } }]`,
      /accounts\[0\]: the access key AKIATEAMBTEAMBTEAMB1 is somebody else's; /,
    ],
    // What can't be, whatever is there.
    [
      `keys: [{ id: ${ids.plain}, account: 777788889999 }]`,
      /keys\[0\]: there is no account 777788889999; add it to accounts:, or name another$/,
    ],
    [
      `keys: [{ id: ${ids.plain}, region: ap-south-1 }]`,
      /keys\[0\]: ap-south-1 is not served here; name one of us-east-1, eu-west-1, or add it to --region$/,
    ],
    [`keys: [{ id: ${ids.plain} }, { id: ${ids.plain} }]`, /keys\[1\]: key \S+ is there twice; remove one$/],
    [
      `accounts: [{ id: '777788889999' }, { id: '777788889999' }]`,
      /accounts\[1\]: account 777788889999 is there twice; remove one$/,
    ],
    [
      `keys: [{ id: ${ids.plain}, aliases: [alias/a, alias/a] }]`,
      /aliases\[1\]: alias\/a is there twice; an alias points at one key$/,
    ],
    [
      `keys: [{ id: ${ids.plain}, aliases: [alias/aws/a] }]`,
      /aliases\[0\]: names that begin with alias\/aws\/ are reserved; write another name$/,
    ],
    [
      `Aliases: [{ AliasName: alias/a, TargetKeyId: 1234abcd-12ab-34cd-56ef-00000000000f }]`,
      /Aliases\[0\]: there is no key 1234abcd-12ab-34cd-56ef-00000000000f in account 111122223333 and us-east-1; correct the id$/,
    ],
    [
      `keys: [{ id: 1234abcd-12ab-34cd-56ef-00000000000f, material: { hex: abcd } }]`,
      /material\.hex: this is no key material of SYMMETRIC_DEFAULT; write 32 bytes$/,
    ],
    [
      `keys: [{ id: 1234abcd-12ab-34cd-56ef-00000000000f, spec: SM2, usage: SIGN_VERIFY }]`,
      /keys\[0\]: there are no keys of SM2 in us-east-1; choose another key spec or region$/,
    ],
    [
      `keys: [{ id: 1234abcd-12ab-34cd-56ef-00000000000f, spec: HMAC_512, material: { hex: abcd } }]`,
      /material\.hex: this is no key material of HMAC_512; write 64 to 128 bytes$/,
    ],
    [
      `keys: [{ id: 1234abcd-12ab-34cd-56ef-00000000000f, spec: ECC_NIST_P256, usage: SIGN_VERIFY, material: { hex: abcd } }]`,
      /material\.hex: this is no key material of ECC_NIST_P256; write a whole private key in PKCS #8/,
    ],
    [
      `keys: [{ id: 1234abcd-12ab-34cd-56ef-00000000000f, materials: [{ hex: ${'ab'.repeat(32)} }, { hex: ${'ab'.repeat(32)} }] }]`,
      /keys\[0\]: two key materials are the same; a rotation brings another one$/,
    ],
    [
      `keys: [{ id: 1234abcd-12ab-34cd-56ef-00000000000f, created: 2999-01-01 }]`,
      /keys\[0\]: 2999-01-01T00:00:00\.000Z is in the future or before an earlier date; /,
    ],
    [
      `keys: [{ id: 1234abcd-12ab-34cd-56ef-00000000000f, created: 2025-01-02, materials: [{}, { rotated: 2025-01-01 }] }]`,
      /keys\[0\]: 2025-01-01T00:00:00\.000Z is in the future or before an earlier date; /,
    ],
    [`keys: [{ id: 1234abcd-12ab-34cd-56ef-00000000000f, policy: '{}' }]`, /keys\[0\]\.policy: /],
    [
      `keys: [{ id: 1234abcd-12ab-34cd-56ef-00000000000f, tags: { 'aws:x': y } }]`,
      /keys\[0\]\.tags: Tags beginning with aws: are reserved$/,
    ],
    [
      `keys: [{ id: 1234abcd-12ab-34cd-56ef-00000000000f, grants: [{ name: a, grantee: 'arn:aws:iam::${account}:user/nobody', operations: [Encrypt] }] }]`,
      /grants\[0\]: ARN does not refer to a valid principal: arn:aws:iam::111122223333:user\/nobody$/,
    ],
    [
      `keys: [{ id: ${ids.plain}, grants: [{ name: a, grantee: 'arn:aws:iam::${account}:root', operations: [Sign] }] }]`,
      /grants\[0\]: Grant operation Sign is not valid for a key with KeySpec SYMMETRIC_DEFAULT/,
    ],
  ]
  for (const [index, [text, expected]] of contradictions.entries()) {
    it(`refuses a seed that contradicts it or can not be: ${text.slice(0, 100)}`, async () => {
      const before = (await kms.send(new ListKeysCommand({}))).Keys?.length
      const file = seedFile(files, text, `wrong-${index}.yaml`)
      await assert.rejects(imported(server, file), (error: unknown) => {
        assert.ok(error instanceof Error && 'exit' in error)
        assert.equal(error.exit, 64)
        assert.ok(error.message.startsWith(`${file}:`))
        assert.match(error.message, expected)
        return true
      })
      assert.equal((await kms.send(new ListKeysCommand({}))).Keys?.length, before)
    })
  }

  it('takes another seed while it runs: what is there is left alone, what is missing is added, and seen at once', async () => {
    const text = seed.replace(
      'keys:\n',
      'keys:\n  - { id: 1234abcd-12ab-34cd-56ef-000000000007, aliases: [alias/late] }\n',
    )
    const file = seedFile(files, text, 'more.yaml')
    assert.deepEqual(await imported(server, file), {
      seed: file,
      outcome: 'applied',
      added: { accounts: 0, keys: 1, aliases: 1, grants: 0 },
    })
    for (let attempt = 0; attempt < 10; attempt += 1) {
      await server.kms().send(new DescribeKeyCommand({ KeyId: 'alias/late' }))
    }
    const again = await trent('import-seed', file, '--data-dir', directory)
    assert.equal(again.code, 0, again.stderr)
    assert.equal(again.stdout, 'This seed was applied before; nothing was changed.\n')
  })

  it('changes nothing when it starts with the same seed again, whatever was changed since', async () => {
    await kms.send(new DisableKeyCommand({ KeyId: ids.orders }))
    foreign.destroy()
    await server.stop()
    const second = await startServer(options)
    assert.match(second.stderr(), /"outcome":"applied before"/)
    const { KeyMetadata } = await second.kms().send(new DescribeKeyCommand({ KeyId: ids.orders }))
    assert.equal(KeyMetadata?.KeyState, 'Disabled')
    await second.stop()
    const records = allRecords(directory).filter((record) => record.includes('"ImportSeed"'))
    assert.equal(records.length, 2)
  })

  it('knows what is there without having remembered the seed', async () => {
    rmSync(join(directory, 'test-profile'))
    const plain = seedFile(files, `keys: [{ id: ${ids.plain} }]`, 'plain.yaml')
    const third = await startServer({ ...options, args: ['--seed', plain] })
    assert.match(third.stderr(), /"outcome":"was there already"/)
    await third.stop()
    // The whole seed says that a key is enabled which is not any more, but leaves it open: only what is said is compared.
    const fourth = await startServer(options)
    assert.match(fourth.stderr(), /"outcome":"was there already"/)
    await fourth.stop()
  })

  it('is refused at the start when it contradicts what is there', async () => {
    const file = seedFile(files, `keys: [{ id: ${ids.orders}, description: Others }]`, 'contradiction.yaml')
    const { code, stderr } = await trent(
      'serve',
      '--data-dir',
      directory,
      '--test-profile',
      '--listen',
      '127.0.0.1:0',
      '--region',
      regions.join(','),
      '--seed',
      file,
    )
    assert.equal(code, 64, stderr)
    assert.match(stderr, /contradiction\.yaml:1:\d+: keys\[0\].description: key \S+ has another description there/)
  })

  it('is warned of by a server without the profile, and can be brought by a command when none runs', async () => {
    const file = seedFile(
      files,
      `keys: [{ id: 1234abcd-12ab-34cd-56ef-000000000008, region: eu-west-1 }]`,
      'offline.yaml',
    )
    const { code, stdout, stderr } = await trent('import-seed', file, '--data-dir', directory, '--json')
    assert.equal(code, 0, stderr)
    assert.deepEqual(JSON.parse(stdout), {
      seed: file,
      outcome: 'applied',
      added: { accounts: 0, keys: 1, aliases: 0, grants: 0 },
    })
    const verified = await trent('storage', 'verify', '--data-dir', directory)
    assert.equal(verified.code, 0, verified.stdout)
    const real = await startServer({ directory, regions })
    assert.match(real.stderr(), /this directory was used with the test profile/)
    const { Keys = [] } = await real.kms('eu-west-1').send(new ListKeysCommand({}))
    assert.deepEqual(
      Keys.map(({ KeyId }) => KeyId),
      ['1234abcd-12ab-34cd-56ef-000000000008'],
    )
    const refused = await trent('import-seed', file, '--data-dir', directory)
    assert.equal(refused.code, 64)
    assert.match(refused.stderr, /this server takes no seed; only one that was started with --test-profile does/)
    await real.stop()
    assert.equal((await trent('audit', 'verify', '--data-dir', directory)).code, 0)
  })
})

describe('a first start with a seed', () => {
  it('takes 16 bytes for a symmetric key in Regions of China', async () => {
    const directory = temporaryDirectory()
    const wrong = seedFile(
      directory,
      `keys: [{ id: ${ids.plain}, material: { hex: ${'ab'.repeat(32)} } }]`,
      'wrong.yaml',
    )
    const flags = ['--test-profile', '--listen', '127.0.0.1:0', '--region', 'cn-north-1', '--seed', wrong]
    const { code, stderr } = await trent('serve', '--data-dir', join(directory, 'data'), ...flags)
    assert.equal(code, 64, stderr)
    assert.match(stderr, /material\.hex: this is no key material of SYMMETRIC_DEFAULT; write 16 bytes/)
    const file = seedFile(directory, `keys: [{ id: ${ids.plain}, material: { hex: ${'ab'.repeat(16)} } }]`)
    const server = await startServer({ testProfile: true, regions: ['cn-north-1'], args: ['--seed', file] })
    const { CiphertextBlob } = await server
      .kms()
      .send(new EncryptCommand({ KeyId: ids.plain, Plaintext: Buffer.of(1) }))
    assert.equal(CiphertextBlob?.[2], 4)
    await server.stop()
  })

  it("makes the seed's first account the installation's, with its root access key", async () => {
    const directory = temporaryDirectory()
    const file = seedFile(
      directory,
      `accounts: [{ id: '${account}', name: Team A, root-access-key: { id: test, secret: test } }]`,
    )
    const server = await startServer({ directory: join(directory, 'data'), testProfile: true, args: ['--seed', file] })
    assert.deepEqual(server.credentials, { accessKeyId: 'test', secretAccessKey: 'test' })
    await server.kms().send(new ListKeysCommand({}))
    assert.match(server.stderr(), /"outcome":"was there already"/)
    await server.stop()
    const short = await trent(
      'serve',
      '--data-dir',
      join(directory, 'other'),
      '--test-profile',
      '--listen',
      '0.0.0.0:0',
      '--allow-plaintext',
      '--seed',
      file,
    )
    assert.equal(short.code, 64)
    assert.match(short.stderr, /accounts\[0\]: the access key is too short for an address that others can reach/)
  })

  it('brings no short access key to a running server that others can reach', async () => {
    const directory = temporaryDirectory()
    const file = seedFile(directory, `accounts: [{ id: '444455556666', root-access-key: { id: test, secret: test } }]`)
    const args = ['--listen', '0.0.0.0:0', '--allow-plaintext']
    const server = await startServer({ directory: join(directory, 'data'), testProfile: true, args })
    const { code, stderr } = await trent('import-seed', file, '--data-dir', server.directory)
    assert.equal(code, 64)
    assert.match(stderr, /accounts\[0\]: the access key is too short for an address that others can reach/)
    await server.stop()
  })

  it('makes nothing when the seed is wrong', async () => {
    const directory = temporaryDirectory()
    const file = seedFile(directory, 'kees: []')
    const data = join(directory, 'data')
    const { code, stderr } = await trent('serve', '--data-dir', data, '--test-profile', '--seed', file)
    assert.equal(code, 64)
    assert.match(stderr, /seed\.yaml:1:1: kees: there is no such word \(did you mean keys\?\); correct or remove it/)
    assert.throws(() => readFileSync(join(data, 'seal.json')), { code: 'ENOENT' })
  })
})

describe('a directory that is not one of tests', () => {
  it('takes no seed', async () => {
    const directory = temporaryDirectory()
    const file = seedFile(directory, `keys: [{ id: ${ids.plain} }]`)
    const data = join(directory, 'data')
    const without = await trent('serve', '--data-dir', data, '--seed', file)
    assert.equal(without.code, 64)
    assert.match(without.stderr, /--seed: this is for tests only; add --test-profile, or leave it out/)
    const sealed = await trent(
      'serve',
      '--data-dir',
      data,
      '--seed',
      file,
      '--test-profile',
      '--seal',
      `key-file:${data}.key`,
    )
    assert.equal(sealed.code, 64)
    assert.match(sealed.stderr, /--seal: --test-profile is for tests and works with the default seal only/)
    const server = await startServer({ directory: data })
    await server.stop()
    const offline = await trent('import-seed', file, '--data-dir', data)
    assert.equal(offline.code, 64)
    assert.match(offline.stderr, /was never used with --test-profile, and its keys may be real; seeds are for tests/)
    const elsewhere = await trent('import-seed', file, '--data-dir', data, '--seal', `key-file:${data}/seal.key`)
    assert.equal(elsewhere.code, 64)
    assert.match(elsewhere.stderr, /a seed is for tests and works with the default seal only; leave --seal out/)
  })
})

describe("the local emulator's seed files", () => {
  const legacy = `
Keys:
  Symmetric:
    Aes:
      - Metadata:
          KeyId: ${ids.orders}
          Description: From the emulator
        NextKeyRotation: "2030-09-12T15:19:21+00:00"
        BackingKeys:
          - ${materials[0] ?? ''}
          - ${materials[1] ?? ''}
    Hmac:
      - Metadata: { KeyId: ${ids.mac}, KeySpec: HMAC_256 }
        BackingKeys: [ ${macKey.toString('hex')} ]
  Asymmetric:
    Ecc:
      - Metadata:
          KeyId: ${ids.signing}
          KeyUsage: SIGN_VERIFY
        PrivateKeyPem: |
${pem.trim().replace(/^/gm, '          ')}
Aliases:
  - AliasName: alias/testing
    TargetKeyId: ${ids.orders}
`
  const flat = `
Version: 2
Keys:
  - KeyId: ${ids.orders}
    Metadata: { Description: From the emulator }
    Material:
      BackingKeys: [ ${materials.join(', ')} ]
  - KeyId: ${ids.mac}
    Metadata: { KeySpec: HMAC_256 }
    Material: { BackingKeys: [ ${macKey.toString('hex')} ] }
  - KeyId: ${ids.signing}
    Metadata: { KeySpec: ECC_NIST_P256, KeyUsage: SIGN_VERIFY }
    Material:
      PrivateKeyPem: |
${pem.trim().replace(/^/gm, '        ')}
Aliases:
  - { AliasName: alias/testing, TargetKeyId: ${ids.orders} }
`
  for (const [form, text] of Object.entries({ legacy, flat })) {
    it(`are understood in their ${form} form`, async () => {
      const directory = temporaryDirectory()
      const file = seedFile(directory, text)
      const server = await startServer({
        directory: join(directory, 'data'),
        testProfile: true,
        args: ['--seed', file],
      })
      const kms = server.kms()
      const { KeyMetadata } = await kms.send(new DescribeKeyCommand({ KeyId: 'alias/testing' }))
      assert.equal(KeyMetadata?.KeyId, ids.orders)
      assert.equal(KeyMetadata.Description, 'From the emulator')
      const { Rotations = [] } = await kms.send(
        new ListKeyRotationsCommand({ KeyId: ids.orders, IncludeKeyMaterial: 'ALL_KEY_MATERIAL' }),
      )
      assert.equal(Rotations.length, 2)
      assert.equal(Rotations[1]?.KeyMaterialId, KeyMetadata.CurrentKeyMaterialId)
      const status = await kms.send(new GetKeyRotationStatusCommand({ KeyId: ids.orders }))
      assert.equal(status.KeyRotationEnabled, form === 'legacy')
      const Message = Buffer.from('message')
      const { Mac } = await kms.send(new GenerateMacCommand({ KeyId: ids.mac, Message, MacAlgorithm: 'HMAC_SHA_256' }))
      assert.deepEqual(Buffer.from(Mac ?? []), createHmac('sha256', macKey).update(Message).digest())
      const { PublicKey } = await kms.send(new GetPublicKeyCommand({ KeyId: ids.signing }))
      assert.deepEqual(Buffer.from(PublicKey ?? []), pair.publicKey.export({ format: 'der', type: 'spki' }))
      await server.stop()
    })
  }
})
