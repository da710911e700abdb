/** Seeds with keys of origin EXTERNAL and multi-Region keys, as clients of a started server see them. */
import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, it } from 'node:test'
import {
  CancelKeyDeletionCommand,
  DecryptCommand,
  DescribeKeyCommand,
  EncryptCommand,
  GenerateMacCommand,
  GetKeyRotationStatusCommand,
  ImportKeyMaterialCommand,
  GetParametersForImportCommand,
  ListAliasesCommand,
  ListGrantsCommand,
  ListKeyRotationsCommand,
  ListKeysCommand,
  ListResourceTagsCommand,
  RotateKeyOnDemandCommand,
  UpdatePrimaryRegionCommand,
  type ExpirationModelType,
  type KeyMetadata,
  type RotationsListEntry,
} from '@aws-sdk/client-kms'
import { callControl } from '#control/client.ts'
import { run } from '../support/programs.ts'
import { account, cleanEnvironment, startServer, temporaryDirectory } from '../support/server.ts'
import { allRecords } from '../support/audit.ts'
import { wrappedFor } from '../support/imports.ts'

const program = fileURLToPath(new URL('../../bin/trent', import.meta.url))
const regions = ['us-east-1', 'eu-west-1', 'ap-south-1'] as const
type Region = (typeof regions)[number]

const uuid = (number: number): string => `1234abcd-12ab-34cd-56ef-00000000000${number}`
const mrk = (number: number): string => `mrk-1234abcd12ab34cd56ef00000000000${number}`
const materials = [1, 2, 3].map((byte) => Buffer.alloc(32, byte).toString('hex'))
const [first = '', second = '', third = ''] = materials
const macKey = Buffer.alloc(48, 9)
const dayMs = 86_400_000

const seed = `
keys:
  - id: ${uuid(1)}
    origin: EXTERNAL
    aliases: [alias/imported]
    material: { hex: ${first}, expires-in-days: 30, description: of the vault }
  - id: ${uuid(2)}
    origin: EXTERNAL
    created: 2025-01-01
    materials:
      - { hex: ${first} }
      - { hex: ${second}, rotated: 2026-01-01 }
      - { hex: ${third}, pending: true }
  - { id: ${uuid(3)}, origin: EXTERNAL, aliases: [alias/waiting] }
  - id: ${uuid(4)}
    origin: EXTERNAL
    spec: HMAC_256
    state: Disabled
    material: { base64: ${macKey.toString('base64')} }
  - id: ${uuid(5)}
    origin: EXTERNAL
    state: PendingDeletion
    deletion-in-days: 7
  - id: ${mrk(1)}
    description: everywhere
    tags: { Where: here }
    aliases: [alias/shared]
    materials: [{ hex: ${first} }, { hex: ${second}, rotation-type: ON_DEMAND }]
    rotation: { period-in-days: 200, next: 2040-01-01 }
    replicas:
      - region: eu-west-1
        description: there
        tags: { Where: there }
        aliases: [alias/shared]
        grants:
          - { name: reader, grantee: 'arn:aws:iam::${account}:root', operations: [Decrypt] }
      - { region: ap-south-1, state: Disabled }
  - id: ${mrk(2)}
    multi-region: true
    origin: EXTERNAL
    material: { hex: ${first} }
    replicas:
      - region: eu-west-1
      - { region: ap-south-1, state: PendingImport }
  - { id: ${mrk(3)}, region: eu-west-1 }
  - id: ${mrk(4)}
    state: PendingReplicaDeletion
    deletion-in-days: 9
    replicas: [{ region: eu-west-1 }]
`

describe('a server with a seed of imported and multi-Region keys', async () => {
  const files = temporaryDirectory()
  const path = join(files, 'seed.yaml')
  writeFileSync(path, seed)
  const options = { testProfile: true, regions, workers: 2, args: ['--seed', path] } as const
  const server = await startServer(options)
  const clients = {
    'us-east-1': server.kms('us-east-1'),
    'eu-west-1': server.kms('eu-west-1'),
    'ap-south-1': server.kms('ap-south-1'),
  }

  async function described(KeyId: string, region: Region = 'us-east-1'): Promise<KeyMetadata> {
    const { KeyMetadata } = await clients[region].send(new DescribeKeyCommand({ KeyId }))
    assert.ok(KeyMetadata !== undefined)
    return KeyMetadata
  }

  async function rotations(KeyId: string, region: Region = 'us-east-1'): Promise<readonly RotationsListEntry[]> {
    const input = { KeyId, IncludeKeyMaterial: 'ALL_KEY_MATERIAL' } as const
    return (await clients[region].send(new ListKeyRotationsCommand(input))).Rotations ?? []
  }

  /** Encrypts in the one Region and opens it in the other. */
  async function travels(KeyId: string, from: Region, to: Region): Promise<string> {
    const Plaintext = Buffer.from(`from ${from}`)
    const { CiphertextBlob } = await clients[from].send(new EncryptCommand({ KeyId, Plaintext }))
    const opened = await clients[to].send(new DecryptCommand({ CiphertextBlob }))
    return Buffer.from(opened.Plaintext ?? []).toString()
  }

  it('has imported key material that works until it expires', async () => {
    const metadata = await described('alias/imported')
    assert.equal(metadata.Origin, 'EXTERNAL')
    assert.equal(metadata.KeyState, 'Enabled')
    assert.equal(metadata.ExpirationModel, 'KEY_MATERIAL_EXPIRES')
    const left = (metadata.ValidTo?.getTime() ?? 0) - Date.now()
    assert.ok(left > 29.9 * dayMs && left <= 30 * dayMs, String(left))
    assert.equal((await rotations(uuid(1)))[0]?.KeyMaterialDescription, 'of the vault')
    assert.equal(await travels(uuid(1), 'us-east-1', 'us-east-1'), 'from us-east-1')
  })

  it('has several key materials of a symmetric key, of which the last waits for a rotation', async () => {
    const shown = await rotations(uuid(2))
    assert.deepEqual(
      shown.map(({ KeyMaterialState, ImportState, RotationType, RotationDate }) => [
        KeyMaterialState,
        ImportState,
        RotationType,
        RotationDate?.toISOString(),
      ]),
      [
        ['NON_CURRENT', 'IMPORTED', undefined, undefined],
        ['CURRENT', 'IMPORTED', 'ON_DEMAND', '2026-01-01T00:00:00.000Z'],
        ['PENDING_ROTATION', 'IMPORTED', undefined, undefined],
      ],
    )
    assert.equal((await described(uuid(2))).CurrentKeyMaterialId, shown[1]?.KeyMaterialId)
    await clients['us-east-1'].send(new RotateKeyOnDemandCommand({ KeyId: uuid(2) }))
    assert.equal((await described(uuid(2))).CurrentKeyMaterialId, shown[2]?.KeyMaterialId)
  })

  it('has a key that waits for its key material, and takes it', async () => {
    const metadata = await described('alias/waiting')
    assert.deepEqual([metadata.KeyState, metadata.Enabled], ['PendingImport', false])
    assert.equal(metadata.CurrentKeyMaterialId, undefined)
    const wrapping = { WrappingAlgorithm: 'RSAES_OAEP_SHA_256', WrappingKeySpec: 'RSA_2048' } as const
    const parameters = await clients['us-east-1'].send(
      new GetParametersForImportCommand({ KeyId: uuid(3), ...wrapping }),
    )
    const ExpirationModel: ExpirationModelType = 'KEY_MATERIAL_DOES_NOT_EXPIRE'
    await clients['us-east-1'].send(
      new ImportKeyMaterialCommand({
        KeyId: uuid(3),
        ImportToken: parameters.ImportToken,
        EncryptedKeyMaterial: wrappedFor(
          parameters.PublicKey ?? Buffer.of(),
          wrapping.WrappingAlgorithm,
          Buffer.alloc(32, 7),
        ),
        ExpirationModel,
      }),
    )
    assert.equal((await described(uuid(3))).KeyState, 'Enabled')
  })

  it('has imported keys of other specs and in other states', async () => {
    assert.equal((await described(uuid(4))).KeyState, 'Disabled')
    assert.equal((await described(uuid(5))).KeyState, 'PendingDeletion')
    await clients['us-east-1'].send(new CancelKeyDeletionCommand({ KeyId: uuid(5) }))
    // As AWS has it: there is still no key material.
    assert.equal((await described(uuid(5))).KeyState, 'PendingImport')
  })

  it('has a primary and its replicas, which share key material and rotation and have the rest for themselves', async () => {
    const primary = await described('alias/shared')
    assert.equal(primary.KeyId, mrk(1))
    const arn = (region: string): string => `arn:aws:kms:${region}:${account}:key/${mrk(1)}`
    const configuration = {
      MultiRegionKeyType: 'PRIMARY',
      PrimaryKey: { Arn: arn('us-east-1'), Region: 'us-east-1' },
      ReplicaKeys: [
        { Arn: arn('eu-west-1'), Region: 'eu-west-1' },
        { Arn: arn('ap-south-1'), Region: 'ap-south-1' },
      ],
    }
    assert.deepEqual(primary.MultiRegionConfiguration, configuration)
    const replica = await described('alias/shared', 'eu-west-1')
    assert.deepEqual(replica.MultiRegionConfiguration, { ...configuration, MultiRegionKeyType: 'REPLICA' })
    assert.deepEqual([primary.Description, replica.Description], ['everywhere', 'there'])
    assert.equal((await described(mrk(1), 'ap-south-1')).KeyState, 'Disabled')
    const tags = await clients['eu-west-1'].send(new ListResourceTagsCommand({ KeyId: mrk(1) }))
    assert.deepEqual(tags.Tags, [{ TagKey: 'Where', TagValue: 'there' }])
    const grants = await clients['eu-west-1'].send(new ListGrantsCommand({ KeyId: mrk(1) }))
    assert.deepEqual(
      grants.Grants?.map(({ Name }) => Name),
      ['reader'],
    )
    assert.equal((await clients['us-east-1'].send(new ListGrantsCommand({ KeyId: mrk(1) }))).Grants?.length, 0)
    const aliases = await clients['ap-south-1'].send(new ListAliasesCommand({ KeyId: mrk(1) }))
    assert.deepEqual(aliases.Aliases, [])
    for (const region of regions) {
      assert.deepEqual(
        (await rotations(mrk(1), region)).map(({ RotationType, KeyMaterialId }) => [RotationType, KeyMaterialId]),
        (await rotations(mrk(1))).map(({ RotationType, KeyMaterialId }) => [RotationType, KeyMaterialId]),
      )
      const status = await clients[region].send(new GetKeyRotationStatusCommand({ KeyId: mrk(1) }))
      assert.equal(status.RotationPeriodInDays, 200)
    }
    assert.equal((await rotations(mrk(1))).length, 2)
    assert.equal(await travels(mrk(1), 'us-east-1', 'eu-west-1'), 'from us-east-1')
    assert.equal(await travels(mrk(1), 'eu-west-1', 'us-east-1'), 'from eu-west-1')
    await clients['us-east-1'].send(new RotateKeyOnDemandCommand({ KeyId: mrk(1) }))
    assert.equal(await travels(mrk(1), 'eu-west-1', 'us-east-1'), 'from eu-west-1')
    await clients['us-east-1'].send(new UpdatePrimaryRegionCommand({ KeyId: mrk(1), PrimaryRegion: 'eu-west-1' }))
    assert.equal((await described(mrk(1))).MultiRegionConfiguration?.MultiRegionKeyType, 'REPLICA')
  })

  it('has replicas of an imported key with its key material, and one that waits for it', async () => {
    assert.equal(await travels(mrk(2), 'eu-west-1', 'us-east-1'), 'from eu-west-1')
    assert.equal((await described(mrk(2), 'ap-south-1')).KeyState, 'PendingImport')
    assert.deepEqual(
      (await rotations(mrk(2), 'ap-south-1')).map(({ ImportState, KeyMaterialId }) => [ImportState, KeyMaterialId]),
      [['PENDING_IMPORT', (await rotations(mrk(2)))[0]?.KeyMaterialId]],
    )
  })

  it('has a primary in another Region, and one that waits for the end of its replica', async () => {
    const { MultiRegionConfiguration } = await described(mrk(3), 'eu-west-1')
    assert.equal(MultiRegionConfiguration?.MultiRegionKeyType, 'PRIMARY')
    assert.deepEqual(MultiRegionConfiguration.ReplicaKeys, [])
    const waiting = await described(mrk(4))
    assert.equal(waiting.KeyState, 'PendingReplicaDeletion')
    assert.equal(waiting.PendingDeletionWindowInDays, 9)
  })

  it('records each key, and no key material', () => {
    const records = allRecords(server.directory)
    assert.equal(records.filter((record) => /"eventName":"CreateKey".*"seed":/.test(record)).length, 14)
    const text = records.join('\n') + server.stderr()
    for (const secret of [...materials, macKey.toString('base64')]) assert.ok(!text.includes(secret))
  })

  const contradictions: readonly (readonly [string, RegExp])[] = [
    [`{ id: ${uuid(1)} }`, /keys\[0\]: key \S+ has another origin \(EXTERNAL\) there; /],
    [
      `{ id: ${uuid(1)}, origin: EXTERNAL, material: { hex: ${second} } }`,
      /keys\[0\]\.material\.hex: key \S+ has other key material there; /,
    ],
    [
      `{ id: ${uuid(1)}, origin: EXTERNAL, material: { hex: ${first}, expires: 2026-12-01 } }`,
      /keys\[0\]\.material\.expires: key \S+ has another expiry of this key material \(20\S+Z\) there; /,
    ],
    [`{ id: ${uuid(2)}, origin: EXTERNAL, material: { hex: ${first} } }`, /has another current key material there; /],
    [
      `{ id: ${mrk(2)}, origin: EXTERNAL, replicas: [{ region: eu-west-1, state: PendingImport }], material: { hex: ${first} } }`,
      /keys\[0\]\.replicas\[0\]\.state: key \S+ has another state \(Enabled\) there; /,
    ],
    [
      `{ id: ${mrk(3)} }`,
      /keys\[0\]: key \S+ is in eu-west-1 there, and not in us-east-1; make the two agree, or begin with an empty data directory$/,
    ],
    [
      `{ id: ${mrk(3)}, region: eu-west-1, replicas: [{ region: us-east-1 }] }`,
      /keys\[0\]\.replicas\[0\]: key \S+ has no replica in us-east-1 there; /,
    ],
    [
      `{ id: ${mrk(2)}, region: eu-west-1, origin: EXTERNAL }`,
      /keys\[0\]: key \S+ has another primary region \(us-east-1\) there; /,
    ],
    // What can't be, whatever is there.
    [
      `{ id: ${mrk(9)}, replicas: [{ region: sa-east-1 }] }`,
      /keys\[0\]\.replicas\[0\]: sa-east-1 is not served here; name one of us-east-1, eu-west-1, ap-south-1, /,
    ],
    [
      `{ id: ${mrk(9)}, replicas: [{ region: us-east-1 }] }`,
      /keys\[0\]\.replicas\[0\]: key \S+ is in us-east-1 twice; remove one$/,
    ],
    [`{ id: ${mrk(9)} }, { id: ${mrk(9)}, region: eu-west-1 }`, /keys\[1\]: key \S+ is there twice; remove one$/],
    [
      `{ id: ${mrk(9)}, created: 2026-01-02, replicas: [{ region: eu-west-1, created: 2026-01-01 }] }`,
      /keys\[0\]\.replicas\[0\]: 2026-01-01T\S+Z is in the future or before its primary was created; write a later date$/,
    ],
    [
      `{ id: ${uuid(9)}, origin: EXTERNAL, material: { hex: ${first}, expires: 2020-01-01 } }`,
      /keys\[0\]\.material\.expires: 2020-01-01T00:00:00\.000Z is not within the next 365 days; write another date, or expires-in-days$/,
    ],
  ]
  for (const [index, [key, expected]] of contradictions.entries()) {
    it(`refuses a seed that contradicts it or can not be: ${key.slice(0, 110)}`, async () => {
      const before = (await clients['us-east-1'].send(new ListKeysCommand({}))).Keys?.length
      const file = join(files, `wrong-${index}.yaml`)
      writeFileSync(file, `keys: [${key}]`)
      const refused = callControl(server.directory, 'import-seed', { path: file }, { onItem: () => undefined })
      await assert.rejects(refused, (error: unknown) => {
        assert.ok(error instanceof Error)
        assert.match(error.message, expected)
        return true
      })
      assert.equal((await clients['us-east-1'].send(new ListKeysCommand({}))).Keys?.length, before)
    })
  }

  it('agrees with what it brought', async () => {
    const file = join(files, 'again.yaml')
    writeFileSync(
      file,
      `keys:
  - { id: ${uuid(1)}, origin: EXTERNAL, material: { hex: ${first}, expires-in-days: 20 } }
  - id: ${mrk(2)}
    origin: EXTERNAL
    material: { hex: ${first} }
    replicas: [{ region: ap-south-1, state: PendingImport, aliases: [alias/late] }]
`,
    )
    const items: unknown[] = []
    await callControl(server.directory, 'import-seed', { path: file }, { onItem: (item) => items.push(item) })
    const added = { accounts: 0, keys: 0, aliases: 1, grants: 0 }
    assert.deepEqual(items, [{ seed: file, outcome: 'applied', added }])
    assert.equal((await described('alias/late', 'ap-south-1')).KeyId, mrk(2))
  })

  it('brings the chosen key material of an HMAC key', async () => {
    const other = join(files, 'mac.yaml')
    const id = uuid(8)
    writeFileSync(
      other,
      `keys: [{ id: ${id}, origin: EXTERNAL, spec: HMAC_256, material: { base64: ${macKey.toString('base64')} } }]`,
    )
    await callControl(server.directory, 'import-seed', { path: other }, { onItem: () => undefined })
    const Message = Buffer.from('message')
    const made = await clients['us-east-1'].send(
      new GenerateMacCommand({ KeyId: id, Message, MacAlgorithm: 'HMAC_SHA_256' }),
    )
    assert.deepEqual(Buffer.from(made.Mac ?? []), createHmac('sha256', macKey).update(Message).digest())
  })

  it("reads an emulator's keys of origin EXTERNAL, with key material and without", async () => {
    const file = join(files, 'emulator.yaml')
    writeFileSync(
      file,
      `Keys:
  Symmetric:
    Aes:
      - { Metadata: { KeyId: ${uuid(6)}, Origin: EXTERNAL }, BackingKeys: [${first}, ${second}] }
      - { Metadata: { KeyId: ${uuid(7)}, Origin: EXTERNAL } }
`,
    )
    await callControl(server.directory, 'import-seed', { path: file }, { onItem: () => undefined })
    assert.deepEqual(
      (await rotations(uuid(6))).map(({ KeyMaterialState, ImportState }) => [KeyMaterialState, ImportState]),
      [
        ['NON_CURRENT', 'IMPORTED'],
        ['CURRENT', 'IMPORTED'],
      ],
    )
    assert.equal((await described(uuid(7))).KeyState, 'PendingImport')
  })

  it('has every row as it was sealed, and knows the seed when it starts again', async () => {
    await server.stop()
    const verify = [process.execPath, program, 'storage', 'verify', '--data-dir', server.directory]
    const verified = await run(verify, cleanEnvironment())
    assert.equal(verified.code, 0, verified.stdout + verified.stderr)
    const again = await startServer({ ...options, directory: server.directory })
    assert.match(again.stderr(), /"outcome":"applied before"/)
    await again.stop()
  })
})
