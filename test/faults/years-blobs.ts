/** Everything that keys ever made, and what must become of it: in each Region, as the model of its key says. */
import assert from 'node:assert/strict'
import type { Dice } from './random.ts'
import { textOf } from './wire.ts'
import { arnOf, type ModelKey } from './years-model.ts'
import { regions, type World } from './years-world.ts'

/** What a key made. */
export interface Made {
  readonly key: ModelKey
  /** What opens or verifies it, and the members of the answer beside the key's ARN. */
  readonly operation: 'Decrypt' | 'VerifyMac' | 'Verify'
  readonly input: object
  readonly shows: Readonly<Record<string, unknown>>
}

/** Uses `key` in `region`, where it is enabled. */
export async function make(world: World, dice: Dice, key: ModelKey, region: string): Promise<Made> {
  const KeyId = key.id
  const text = dice.bytes(1 + dice.below(60)).toString('base64')
  switch (key.kind) {
    case 'symmetric':
    case 'imported': {
      const EncryptionContext = dice.chance(0.5) ? { number: String(dice.below(1000)) } : undefined
      const isDataKey = dice.chance(0.3)
      const made = isDataKey
        ? await world.call(region, 'GenerateDataKey', { KeyId, EncryptionContext, KeySpec: 'AES_256' })
        : await world.call(region, 'Encrypt', { KeyId, EncryptionContext, Plaintext: text })
      if (isDataKey) assert.equal(made['KeyMaterialId'], key.current)
      return {
        key,
        operation: 'Decrypt',
        input: { CiphertextBlob: textOf(made, 'CiphertextBlob'), EncryptionContext },
        shows: {
          Plaintext: isDataKey ? made['Plaintext'] : text,
          KeyMaterialId: key.current,
          EncryptionAlgorithm: 'SYMMETRIC_DEFAULT',
        },
      }
    }
    case 'hmac': {
      const input = { KeyId, Message: text, MacAlgorithm: 'HMAC_SHA_256' }
      const { Mac } = await world.call(region, 'GenerateMac', input)
      const shows = { MacValid: true, MacAlgorithm: input.MacAlgorithm }
      return { key, operation: 'VerifyMac', input: { ...input, Mac }, shows }
    }
    case 'signing': {
      const input = { KeyId, Message: text, SigningAlgorithm: 'ECDSA_SHA_256' }
      const { Signature } = await world.call(region, 'Sign', input)
      const shows = { SignatureValid: true, SigningAlgorithm: input.SigningAlgorithm }
      return { key, operation: 'Verify', input: { ...input, Signature }, shows }
    }
  }
}

/** How often things were checked, by how they ended. */
export type Tally = Map<string, number>

/** Tries all of `made` in every Region: each opens to what it was made from, or is refused for the reason that there is. */
export async function requireAll(world: World, dice: Dice, made: readonly Made[], tally: Tally): Promise<void> {
  const trials = regions.flatMap((region) =>
    made.map((each) => ({ ...each, region, isNamed: each.operation !== 'Decrypt' || dice.chance(0.5) })),
  )
  await world.each(trials, async ({ key, operation, input, shows, region, isNamed }, number) => {
    const outcome = key.outcome(region, isNamed)
    const asked = isNamed ? { ...input, KeyId: key.id } : input
    const answer = await world.require(region, operation, asked, outcome, number)
    if (outcome === 'success') assert.deepEqual(answer, { KeyId: arnOf(region, key.id), ...shows })
    const ended = outcome === 'success' ? outcome : outcome.message.replaceAll(/arn:\S+(?=')|arn:\S+/g, 'K')
    tally.set(ended, (tally.get(ended) ?? 0) + 1)
  })
}
