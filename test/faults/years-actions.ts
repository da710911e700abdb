/** What owners do with their keys over the years: each action is asked of the server and of the model. */
import assert from 'node:assert/strict'
import { newMaterial, wrappedFor, wrappingFor } from '../support/imports.ts'
import type { Dice } from './random.ts'
import { textOf } from './wire.ts'
import { arnOf, dayMs, isDoomed, ModelKey, type Brought, type Kind } from './years-model.ts'
import { objectOf, regions, type World } from './years-world.ts'

/** The limit of rotations on demand that the server is started with. */
export const onDemandLimit = 8

export interface Action {
  readonly name: string
  readonly weight: number
  readonly applies: (key: ModelKey, region: string) => boolean
  readonly act: (world: World, dice: Dice, key: ModelKey, region: string) => Promise<void>
}

const specs: Readonly<Record<Kind, object>> = {
  symmetric: {},
  imported: { Origin: 'EXTERNAL' },
  hmac: { KeySpec: 'HMAC_256', KeyUsage: 'GENERATE_VERIFY_MAC' },
  signing: { KeySpec: 'ECC_NIST_P256', KeyUsage: 'SIGN_VERIFY' },
}

export async function makeKey(
  world: World,
  dice: Dice,
  kind: Kind,
  region: string,
  isMultiRegion: boolean,
): Promise<ModelKey> {
  const metadata = objectOf(
    (await world.call(region, 'CreateKey', { ...specs[kind], MultiRegion: isMultiRegion }))['KeyMetadata'],
  )
  const key = new ModelKey(textOf(metadata, 'KeyId'), kind, region, isMultiRegion)
  if (kind === 'symmetric') key.materials.push(textOf(metadata, 'CurrentKeyMaterialId'))
  if (kind === 'imported') await bringMaterial(world, dice, key, newMaterial('SYMMETRIC_DEFAULT'), undefined)
  return key
}

/** The id of the material that `key` has now. */
export async function currentMaterial(world: World, key: ModelKey, region: string): Promise<string> {
  const described = await world.call(region, 'DescribeKey', { KeyId: key.id })
  return textOf(objectOf(described['KeyMetadata']), 'CurrentKeyMaterialId')
}

/** Imports `bytes`: those of `known`, or new ones, which become the first material or wait for a rotation. */
async function bringMaterial(
  world: World,
  dice: Dice,
  key: ModelKey,
  bytes: Buffer,
  known: Brought | undefined,
): Promise<void> {
  const region = key.primary
  const isNew = known === undefined
  const isFirst = key.brought.length === 0
  const validTo = dice.chance(0.6) ? Math.floor((world.now() + (20 + dice.below(340)) * dayMs) / 1000) : undefined
  const wrapping = wrappingFor('SYMMETRIC_DEFAULT')
  const set = await world.call(region, 'GetParametersForImport', { KeyId: key.id, ...wrapping })
  const publicKey = Buffer.from(textOf(set, 'PublicKey'), 'base64')
  const answer = await world.call(region, 'ImportKeyMaterial', {
    KeyId: key.id,
    ImportToken: set['ImportToken'],
    EncryptedKeyMaterial: wrappedFor(publicKey, wrapping.WrappingAlgorithm, bytes).toString('base64'),
    ...(isNew && !isFirst ? { ImportType: 'NEW_KEY_MATERIAL' } : {}),
    ...(isNew ? {} : { KeyMaterialId: known.id }),
    ...(validTo === undefined
      ? { ExpirationModel: 'KEY_MATERIAL_DOES_NOT_EXPIRE' }
      : { ExpirationModel: 'KEY_MATERIAL_EXPIRES', ValidTo: validTo }),
  })
  const id = textOf(answer, 'KeyMaterialId')
  const isPending = isNew ? !isFirst : known.isPending
  const brought = { id, bytes, isPending, isThere: true, validTo: validTo === undefined ? undefined : validTo * 1000 }
  if (isNew) assert.ok(!key.brought.some((each) => each.id === id))
  else assert.equal(id, known.id)
  if (isFirst) key.materials.push(id)
  key.brought = isNew ? [...key.brought, brought] : key.brought.map((each) => (each.id === id ? brought : each))
}

const isEnabledPrimary = (key: ModelKey, region: string): boolean => key.primary === region && key.is(region, 'Enabled')

const isSymmetricPrimary = (key: ModelKey, region: string): boolean =>
  key.kind === 'symmetric' && isEnabledPrimary(key, region)

const otherThan = (region: string): string => {
  const found = regions.find((each) => each !== region)
  assert.ok(found !== undefined)
  return found
}

export const actions: readonly Action[] = [
  {
    name: 'rotate on demand',
    weight: 4,
    applies: isSymmetricPrimary,
    act: async (world, _dice, key, region) => {
      const isOver = key.onDemand >= onDemandLimit
      const message =
        'The on-demand rotations limit has been reached for the given keyId. No more on-demand rotations can be ' +
        `performed for this key: ${arnOf(region, key.id)}`
      const outcome = isOver ? ({ code: 'LimitExceededException', message } as const) : 'success'
      await world.require(region, 'RotateKeyOnDemand', { KeyId: key.id }, outcome)
      if (!isOver) key.rotatedTo(await currentMaterial(world, key, region), 'ON_DEMAND')
    },
  },
  {
    name: 'rotate automatically',
    weight: 2,
    applies: isSymmetricPrimary,
    act: async (world, dice, key, region) => {
      const periodDays = dice.pick([90, 120, 180, 365, 730])
      await world.call(region, 'EnableKeyRotation', { KeyId: key.id, RotationPeriodInDays: periodDays })
      key.automatic = { periodDays, next: world.now() + periodDays * dayMs }
    },
  },
  {
    name: 'rotate no more',
    weight: 0.5,
    applies: (key, region) => isSymmetricPrimary(key, region) && key.automatic !== undefined,
    act: async (world, _dice, key, region) => {
      await world.call(region, 'DisableKeyRotation', { KeyId: key.id })
      key.automatic = undefined
    },
  },
  {
    name: 'disable',
    weight: 2,
    applies: (key, region) => key.is(region, 'Enabled'),
    act: async (world, _dice, key, region) => {
      await world.call(region, 'DisableKey', { KeyId: key.id })
      key.states.set(region, { kind: 'Disabled' })
    },
  },
  {
    name: 'enable',
    weight: 5,
    applies: (key, region) => key.is(region, 'Disabled'),
    act: async (world, _dice, key, region) => {
      await world.call(region, 'EnableKey', { KeyId: key.id })
      key.states.set(region, { kind: 'Enabled' })
    },
  },
  {
    name: 'schedule deletion',
    weight: 1.2,
    applies: (key, region) => [key.states.get(region)].some((state) => state !== undefined && !isDoomed(state)),
    act: async (world, dice, key, region) => {
      const windowDays = 7 + dice.below(24)
      await world.call(region, 'ScheduleKeyDeletion', { KeyId: key.id, PendingWindowInDays: windowDays })
      const waits = region === key.primary && key.replicas.length > 0
      const date = world.now() + windowDays * dayMs
      key.states.set(region, waits ? { kind: 'PendingReplicaDeletion', windowDays } : { kind: 'PendingDeletion', date })
    },
  },
  {
    name: 'cancel deletion',
    weight: 2.5,
    applies: (key, region) => [key.states.get(region)].some((state) => state !== undefined && isDoomed(state)),
    act: async (world, _dice, key, region) => {
      await world.call(region, 'CancelKeyDeletion', { KeyId: key.id })
      key.rescue(region)
    },
  },
  {
    name: 'replicate',
    weight: 3,
    applies: (key, region) => key.isMultiRegion && isEnabledPrimary(key, region) && key.replicas.length === 0,
    act: async (world, _dice, key, region) => {
      const to = otherThan(region)
      await world.call(region, 'ReplicateKey', { KeyId: key.id, ReplicaRegion: to })
      key.states.set(to, { kind: 'Enabled' })
    },
  },
  {
    name: 'move the primary',
    weight: 2,
    applies: (key, region) => isEnabledPrimary(key, region) && key.is(otherThan(region), 'Enabled'),
    act: async (world, _dice, key, region) => {
      const to = otherThan(region)
      await world.call(region, 'UpdatePrimaryRegion', { KeyId: key.id, PrimaryRegion: to })
      key.primary = to
    },
  },
  {
    name: 'import new material',
    weight: 1.2,
    applies: (key, region) =>
      key.kind === 'imported' && isEnabledPrimary(key, region) && !key.brought.some(({ isPending }) => isPending),
    act: (world, dice, key) => bringMaterial(world, dice, key, newMaterial('SYMMETRIC_DEFAULT'), undefined),
  },
  {
    name: 'rotate to imported material',
    weight: 1.8,
    applies: (key, region) => key.kind === 'imported' && isEnabledPrimary(key, region) && key.onDemand < onDemandLimit,
    act: async (world, _dice, key, region) => {
      const pending = key.brought.find(({ isPending }) => isPending)
      const message = `No available key material pending rotation for the key: ${arnOf(region, key.id)}.`
      const outcome = pending === undefined ? { code: 'KMSInvalidStateException', message } : 'success'
      await world.require(region, 'RotateKeyOnDemand', { KeyId: key.id }, outcome)
      if (pending === undefined) return
      assert.equal(await currentMaterial(world, key, region), pending.id)
      key.rotatedTo(pending.id, 'ON_DEMAND')
      key.brought = key.brought.map((each) => (each === pending ? { ...each, isPending: false } : each))
    },
  },
  {
    name: 'import material again',
    weight: 2.5,
    applies: (key, region) =>
      key.primary === region && !key.isComplete && [key.states.get(region)].every((state) => state && !isDoomed(state)),
    act: async (world, dice, key) => {
      const gone = key.brought.find(({ isThere }) => !isThere)
      assert.ok(gone !== undefined)
      await bringMaterial(world, dice, key, gone.bytes, gone)
    },
  },
  {
    name: 'import with another expiry',
    weight: 0.6,
    applies: (key, region) => key.kind === 'imported' && isEnabledPrimary(key, region),
    act: async (world, dice, key) => {
      const known = dice.pick(key.brought)
      await bringMaterial(world, dice, key, known.bytes, known)
    },
  },
  {
    name: 'delete imported material',
    weight: 0.6,
    applies: (key, region) =>
      key.kind === 'imported' && key.states.has(region) && key.brought.some(({ isThere }) => isThere),
    act: async (world, dice, key, region) => {
      const { id, isPending } = dice.pick(key.brought.filter(({ isThere }) => isThere))
      await world.call(region, 'DeleteImportedKeyMaterial', { KeyId: key.id, KeyMaterialId: id })
      key.brought = isPending
        ? key.brought.filter((each) => each.id !== id)
        : key.brought.map((each) => (each.id === id ? { ...each, isThere: false } : each))
    },
  },
]
