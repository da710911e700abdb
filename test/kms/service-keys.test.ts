import assert from 'node:assert/strict'
import { describe, it, type TestContext } from 'node:test'
import { compilePolicy } from '#policy/compile.ts'
import { createKeyDirectory } from '#cache/key-directory.ts'
import { createSoftwareKeyStore } from '#keystores/software/key-store.ts'
import { createServiceKeys } from '#kms/managed/service-keys.ts'
import { keyUsingServices, type KeyUsingService } from '#kms/managed/service-policy.ts'
import { parseRegion } from '#base/brand.ts'
import { createRotationJob } from '#server/rotation-job.ts'
import { systemRandom, systemKeyPairs } from '../../src/system.ts'
import { newHierarchy } from '../crypto/key-fixtures.ts'
import { place } from '../storage/fixtures.ts'
import { writerOn } from '../server/fixtures.ts'

const [s3] = keyUsingServices
assert.ok(s3 !== undefined)
const day = 86_400_000

function world(t: TestContext) {
  const setup = writerOn(t)
  const random = systemRandom()
  const keyStore = createSoftwareKeyStore({ hierarchy: newHierarchy(), random, keyPairs: systemKeyPairs })
  const directory = createKeyDirectory(setup.reader, keyStore, setup.slots, compilePolicy, {
    keys: 100,
    aliases: 100,
    lists: 100,
  })
  const committer = { commit: (commit: Parameters<typeof setup.writer.commitNow>[0]) => setup.writer.commitNow(commit) }
  const keys = createServiceKeys({ directory, keyStore, committer, clock: { now: () => setup.clock.time }, random })
  const rotation = createRotationJob({
    storage: setup.reader,
    writer: setup.writer,
    keyStore,
    clock: { now: () => setup.clock.time },
    random,
    report: (what, error) => assert.fail(`${what}: ${String(error)}`),
  })
  return { ...setup, directory, keys, rotate: () => rotation.run() }
}

describe('the AWS managed key of a service', () => {
  it('is made at its first use, once for all who ask at the same time, under its alias', async (t) => {
    const { keys, reader } = world(t)
    const found = await Promise.all(Array.from({ length: 8 }, () => keys.managed(s3, place)))
    assert.equal(new Set(found.map(({ arn }) => arn)).size, 1)
    const [key] = found
    assert.ok(key !== undefined)
    assert.equal(key.record.keyManager, 'AWS')
    assert.deepEqual(
      reader.aliases(place, undefined, 10, undefined).map(({ name, targetKeyId }) => [name, targetKeyId]),
      [['alias/aws/s3', key.record.keyId]],
    )
  })

  it('has a policy that is bound to the service and the account, and lets nobody manage the key', async (t) => {
    const { keys } = world(t)
    const { record } = await keys.managed(s3, place)
    const policy: unknown = JSON.parse(record.policy)
    assert.deepEqual(policy, {
      Version: '2012-10-17',
      Id: 'auto-s3',
      Statement: [
        {
          Sid: 'Allow access through s3 for all principals in the account that are authorized to use it',
          Effect: 'Allow',
          Principal: { AWS: '*' },
          Action: ['kms:Encrypt', 'kms:Decrypt', 'kms:ReEncrypt*', 'kms:GenerateDataKey*', 'kms:DescribeKey'],
          Resource: '*',
          Condition: {
            StringEquals: {
              'kms:CallerAccount': place.account,
              'kms:ViaService': `s3.${place.region}.amazonaws.com`,
            },
          },
        },
        {
          Sid: 'Allow direct access to key metadata to the account',
          Effect: 'Allow',
          Principal: { AWS: `arn:aws:iam::${place.account}:root` },
          Action: ['kms:Describe*', 'kms:Get*', 'kms:List*'],
          Resource: '*',
        },
      ],
    })
  })

  it('gets new material after a year, and what the old one encrypted still opens', async (t) => {
    const { keys, rotate, clock, directory, records, writer } = world(t)
    const before = await keys.managed(s3, place)
    const first = await directory.currentMaterial(before, 'symmetric')
    const blob = await first.encrypt(Buffer.from('secret'), Buffer.alloc(0))
    clock.time += 364 * day
    assert.equal(await rotate(), 0)
    clock.time += day
    assert.equal(await rotate(), 1)
    assert.equal(await rotate(), 0)
    const after = await keys.managed(s3, place)
    assert.notEqual(after.record.currentMaterialId, before.record.currentMaterialId)
    const old = await directory.material(after, (before.record.currentMaterialId ?? '').slice(0, 16))
    assert.equal((await old?.decrypt(blob, Buffer.alloc(0)))?.length, 6)
    writer.drain()
    assert.ok(records().some((record) => record.includes('"eventName":"RotateKey"')))
  })
})

describe('the AWS owned key of a service', () => {
  it('belongs to no account that a request can name, and is rotated like the others', async (t) => {
    const { keys, rotate, clock, reader } = world(t)
    const region = parseRegion(place.region)
    assert.ok(region !== undefined)
    const key = await keys.owned(s3, region)
    assert.equal(key.arn, `arn:aws:kms:${place.region}:aws:key/${key.record.keyId}`)
    assert.deepEqual(reader.keyIds(place, undefined, 10), [])
    clock.time += 365 * day
    assert.equal(await rotate(), 1)
  })
})

describe('the services that use keys', () => {
  it('have a name each', () => {
    const names = keyUsingServices.map(({ name }: KeyUsingService) => name)
    assert.equal(new Set(names).size, names.length)
  })
})
