/**
 * Keys that services of this process use for their callers and for themselves, made when they are first asked for. This is
 * the only door to them: AWS managed keys stand in their account under `alias/aws/<service>`, visible and not manageable; AWS
 * owned keys belong to no account that a request can name, so no request can address them.
 */
import { keyArn } from '#base/arn.ts'
import { awsAccount, parseAliasName, parseKeyId, type AliasName, type Region } from '#base/brand.ts'
import { secondText, serviceEventText } from '#cloudtrail/record.ts'
import type { Clock, Random } from '#ports/edge.ts'
import type { KeyDirectory, LiveKey } from '#ports/key-directory.ts'
import type { KeyStore } from '#ports/key-store.ts'
import type { Committer } from '#ports/storage.ts'
import type { Change } from '#records/change.ts'
import type { KeyMaterialRecord, KeyRecord, Place } from '#records/key.ts'
import { defaultRotationPeriod, rotatedEvery } from '../key/rotation.ts'
import { textKept } from '#records/policy-texts.ts'
import { servicePolicy, type KeyUsingService } from './service-policy.ts'

export interface ServiceKeyPorts {
  readonly directory: Pick<KeyDirectory, 'key' | 'alias'>
  readonly keyStore: Pick<KeyStore, 'generate'>
  readonly committer: Committer
  readonly clock: Pick<Clock, 'now'>
  readonly random: Pick<Random, 'uuid'>
}

export interface ServiceKeys {
  /** The AWS managed key of `service` in an account and region. */
  managed(service: KeyUsingService, place: Place): Promise<LiveKey>
  /** The AWS owned key of `service` in a region: nobody's account has it. */
  owned(service: KeyUsingService, region: Region): Promise<LiveKey>
}

// Who loses the race to make a key finds the winner's.
const attempts = 3

export function createServiceKeys(ports: ServiceKeyPorts): ServiceKeys {
  async function find(place: Place, name: AliasName): Promise<LiveKey | undefined> {
    const alias = await ports.directory.alias(place, name)
    return alias === undefined ? undefined : ports.directory.key(place, alias.targetKeyId)
  }

  async function findOrMake(service: KeyUsingService, place: Place, policy: string): Promise<LiveKey> {
    const name = serviceAlias(service)
    for (let attempt = 0; attempt < attempts; attempt += 1) {
      const found = await find(place, name)
      if (found !== undefined) return found
      await make(service, place, policy, name)
    }
    throw new Error(`the key of ${service.name} in ${place.region} could neither be found nor made`)
  }

  async function make(service: KeyUsingService, place: Place, policy: string, name: AliasName): Promise<void> {
    const now = ports.clock.now()
    const keyId = parseKeyId(ports.random.uuid())
    if (keyId === undefined) throw new TypeError('the source of random UUIDs gave something else')
    const owner = {
      region: place.region,
      account: place.account,
      keyId,
      creationDate: now,
      origin: 'AWS_KMS',
      keySpec: 'SYMMETRIC_DEFAULT',
      keyUsage: 'ENCRYPT_DECRYPT',
    } as const
    const material = await ports.keyStore.generate(owner)
    const key: KeyRecord = {
      ...owner,
      description: `Default key that protects my ${service.name} data when no other key is defined`,
      keyManager: 'AWS',
      state: { kind: 'Enabled' },
      tags: [],
      policy,
      currentMaterialId: material.materialId,
      // "AWS managed keys": every year, and nobody can change it.
      rotation: { automatic: rotatedEvery(defaultRotationPeriod, now), onDemand: 0 },
    }
    await ports.committer.commit({
      changes: keyAdded(key, material, name, now),
      expectations: [],
      record: serviceEventText({
        eventName: 'CreateKey',
        region: place.region,
        account: place.account,
        arn: keyArn(place.region, place.account, keyId),
        time: secondText()(now),
        eventId: ports.random.uuid(),
        serviceEventDetails: undefined,
      }),
    })
  }

  return {
    managed: (service, place) => findOrMake(service, place, servicePolicy(service, place)),
    // Its policy names nobody: only this process uses it, and asks nobody.
    owned: (service, region) =>
      findOrMake(service, { region, account: awsAccount }, '{"Version":"2012-10-17","Statement":[]}'),
  }
}

function keyAdded(key: KeyRecord, material: KeyMaterialRecord, name: AliasName, now: number): readonly Change[] {
  const { region, account, keyId, policy } = key
  return [
    { kind: 'key added', key, material },
    {
      kind: 'alias added',
      alias: { region, account, name, targetKeyId: keyId, creationDate: now, lastUpdatedDate: now },
    },
    textKept(policy, now),
  ]
}

/** `alias/aws/<service>`: no request can make or move an alias of that name. */
export function serviceAlias({ name }: KeyUsingService): AliasName {
  const alias = parseAliasName(`alias/aws/${name}`)
  if (alias === undefined) throw new TypeError('the name of a service makes no alias')
  return alias
}
