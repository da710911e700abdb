/** What the fuzzed server holds: keys of every state, aliases and ciphertexts, so that requests can get anywhere. */
import type { Dice } from './random.ts'
import { account, region } from './program.ts'
import { createKey, textOf, type KmsWire } from './wire.ts'

export interface World {
  /** Keys that stay enabled. */
  readonly keys: readonly string[]
  /** Keys for requests that change something. */
  readonly victims: readonly string[]
  readonly disabled: string
  readonly pending: string
  readonly aliases: readonly string[]
  readonly blobs: readonly { readonly key: string; readonly blob: string; readonly context: Record<string, string> }[]
}

/** In every body, in places where a careless message would show it. */
export const marker = 'zq7Jx0Marker'

export async function makeWorld(client: KmsWire): Promise<World> {
  const keys: string[] = []
  for (let index = 0; index < 4; index += 1) keys.push(await createKey(client))
  const victims: string[] = []
  for (let index = 0; index < 8; index += 1) victims.push(await createKey(client))
  const disabled = await createKey(client)
  await client.call('DisableKey', { KeyId: disabled })
  const pending = await createKey(client)
  await client.call('ScheduleKeyDeletion', { KeyId: pending, PendingWindowInDays: 30 })
  const aliases = keys.map((_, index) => `alias/fuzz-${index}`)
  for (const [index, KeyId] of keys.entries()) {
    await client.call('CreateAlias', { AliasName: `alias/fuzz-${index}`, TargetKeyId: KeyId })
  }
  const blobs: World['blobs'][number][] = []
  for (const [index, key] of keys.entries()) {
    const context: Record<string, string> = index % 2 === 0 ? {} : { purpose: marker, index: String(index) }
    const Plaintext = Buffer.from(`${marker}${index}`).toString('base64')
    const output = await client.call('Encrypt', { KeyId: key, Plaintext, EncryptionContext: context })
    blobs.push({ key, blob: textOf(output, 'CiphertextBlob'), context })
  }
  return { keys, victims, disabled, pending, aliases, blobs }
}

export const arnOf = (resource: string, place = region, owner = account): string =>
  `arn:aws:kms:${place}:${owner}:${resource}`

type Members = Record<string, unknown>
type Build = (world: World, dice: Dice) => Members

const plaintext = (dice: Dice): string =>
  Buffer.concat([Buffer.from(marker), dice.bytes(dice.below(64))]).toString('base64')

function usable(world: World, dice: Dice): string {
  const index = dice.below(world.keys.length)
  const id = world.keys[index] ?? ''
  const alias = world.aliases[index] ?? ''
  return dice.pick([id, id, arnOf(`key/${id}`), alias, arnOf(alias)])
}

function ciphertext(world: World, dice: Dice): { readonly blob: string; readonly EncryptionContext: object } {
  const { blob, context } = dice.pick(world.blobs)
  return { blob, EncryptionContext: context }
}

const victim: Build = (world, dice) => ({ KeyId: dice.pick(world.victims) })
const described: Build = (world, dice) => ({ KeyId: usable(world, dice) })
const byId: Build = (world, dice) => ({ KeyId: dice.pick(world.keys) })
/** A policy that leaves the key usable, or one that is refused. */
const keyPolicy = (dice: Dice): string =>
  dice.pick([
    ...['kms:*', 'kms:Get*'].map((Action) =>
      JSON.stringify({
        Version: '2012-10-17',
        Statement: [
          { Sid: marker, Effect: 'Allow', Principal: { AWS: `arn:aws:iam::${account}:root` }, Action, Resource: '*' },
        ],
      }),
    ),
    `{"${marker}":1}`,
    '{"Statement":'.repeat(40),
  ])
const fuzzAlias = (dice: Dice): string => `alias/made-${dice.below(20)}`

/** A valid request of every operation, by weight: what syncs a change of its own is asked for less often. */
export const requests: readonly { readonly operation: string; readonly weight: number; readonly build: Build }[] = [
  {
    operation: 'Encrypt',
    weight: 16,
    build: (world, dice) => ({
      KeyId: usable(world, dice),
      Plaintext: plaintext(dice),
      ...(dice.chance(0.5) ? { EncryptionContext: { a: marker, b: String(dice.below(9)) } } : {}),
    }),
  },
  {
    operation: 'Decrypt',
    weight: 16,
    build: (world, dice) => {
      const { blob, EncryptionContext } = ciphertext(world, dice)
      return { CiphertextBlob: blob, EncryptionContext }
    },
  },
  {
    operation: 'ReEncrypt',
    weight: 8,
    build: (world, dice) => {
      const { blob, EncryptionContext } = ciphertext(world, dice)
      return {
        CiphertextBlob: blob,
        SourceEncryptionContext: EncryptionContext,
        DestinationKeyId: usable(world, dice),
        DestinationEncryptionContext: { to: marker },
      }
    },
  },
  {
    operation: 'GenerateDataKey',
    weight: 12,
    build: (world, dice) => ({
      KeyId: usable(world, dice),
      ...(dice.chance(0.5) ? { KeySpec: 'AES_256' } : { NumberOfBytes: 1 + dice.below(1024) }),
    }),
  },
  {
    operation: 'GenerateDataKeyWithoutPlaintext',
    weight: 8,
    build: (world, dice) => ({ KeyId: usable(world, dice), KeySpec: 'AES_128', EncryptionContext: { c: marker } }),
  },
  { operation: 'GenerateRandom', weight: 6, build: (_, dice) => ({ NumberOfBytes: 1 + dice.below(64) }) },
  { operation: 'DescribeKey', weight: 10, build: described },
  { operation: 'GetKeyPolicy', weight: 4, build: (world, dice) => ({ ...byId(world, dice), PolicyName: 'default' }) },
  { operation: 'ListKeyPolicies', weight: 3, build: byId },
  { operation: 'ListResourceTags', weight: 4, build: byId },
  { operation: 'ListKeys', weight: 4, build: (_, dice) => ({ Limit: 1 + dice.below(5) }) },
  {
    operation: 'ListAliases',
    weight: 4,
    build: (world, dice) => (dice.chance(0.5) ? { Limit: 3 } : byId(world, dice)),
  },
  {
    operation: 'CreateKey',
    weight: 0.3,
    build: () => ({ Description: marker, Tags: [{ TagKey: 'k', TagValue: marker }] }),
  },
  {
    operation: 'CreateAlias',
    weight: 1,
    build: (world, dice) => ({ AliasName: fuzzAlias(dice), TargetKeyId: dice.pick(world.victims) }),
  },
  {
    operation: 'UpdateAlias',
    weight: 1,
    build: (world, dice) => ({ AliasName: fuzzAlias(dice), TargetKeyId: dice.pick(world.victims) }),
  },
  { operation: 'DeleteAlias', weight: 1, build: (_, dice) => ({ AliasName: fuzzAlias(dice) }) },
  { operation: 'EnableKey', weight: 1, build: victim },
  { operation: 'DisableKey', weight: 1, build: victim },
  {
    operation: 'ScheduleKeyDeletion',
    weight: 1,
    build: (world, dice) => ({ ...victim(world, dice), PendingWindowInDays: 7 + dice.below(24) }),
  },
  { operation: 'CancelKeyDeletion', weight: 1, build: victim },
  {
    operation: 'TagResource',
    weight: 1,
    build: (world, dice) => ({
      ...victim(world, dice),
      Tags: [{ TagKey: `t${dice.below(9)}`, TagValue: `${marker}${dice.below(99)}` }],
    }),
  },
  {
    operation: 'UntagResource',
    weight: 1,
    build: (world, dice) => ({ ...victim(world, dice), TagKeys: [`t${dice.below(9)}`] }),
  },
  {
    operation: 'CreateGrant',
    weight: 0.5,
    build: (world, dice) => ({
      ...victim(world, dice),
      GranteePrincipal: `arn:aws:iam::${account}:${dice.pick(['user/powerless', 'role/fuzzing', 'user/absent', 'root'])}`,
      Operations: dice.pick([['Encrypt'], ['Decrypt', 'CreateGrant'], ['Sign']]),
      Name: `grant-${dice.below(20)}`,
      Constraints: { EncryptionContextSubset: { a: marker } },
    }),
  },
  { operation: 'ListGrants', weight: 3, build: byId },
  {
    operation: 'ListRetirableGrants',
    weight: 2,
    build: (_, dice) => ({ RetiringPrincipal: `arn:aws:iam::${account}:role/fuzzing`, Limit: 1 + dice.below(5) }),
  },
  {
    operation: 'RevokeGrant',
    weight: 1,
    build: (world, dice) => ({ ...victim(world, dice), GrantId: dice.bytes(32).toString('hex') }),
  },
  {
    operation: 'PutKeyPolicy',
    weight: 0.5,
    build: (world, dice) => ({ ...victim(world, dice), PolicyName: 'default', Policy: keyPolicy(dice) }),
  },
  {
    operation: 'UpdateKeyDescription',
    weight: 1,
    build: (world, dice) => ({ ...victim(world, dice), Description: `${marker}${dice.below(999)}` }),
  },
]
