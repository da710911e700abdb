/** Whether all keys of a multi-Region key say the same of what they share: which of them there are, materials and rotations. */
import assert from 'node:assert/strict'
import { account, readAccessKey, type Program } from './program.ts'
import { errorCode, KmsWire, members, textOf, type WireAnswer } from './wire.ts'

/** Sends a request to a Region. */
export type Ask = (region: string, operation: string, input: object) => Promise<WireAnswer>

/** Asks `server` once it is ready, over a connection for each of `regions`. */
export async function askerOf(server: Program, regions: readonly string[]): Promise<Ask> {
  const url = await server.ready
  const key = readAccessKey(server.directory)
  const clients = new Map(regions.map((region) => [region, new KmsWire(url, key, region)]))
  return (region, operation, input) => {
    const client = clients.get(region)
    assert.ok(client !== undefined)
    return client.send(operation, input)
  }
}

type Members = Readonly<Record<string, unknown>>

/** What all keys of a multi-Region key say. */
export interface Agreed {
  readonly primary: string
  readonly replicas: readonly string[]
  /** The ids of all materials in the order in which they were current; the last one is. */
  readonly materials: readonly string[]
  /** DescribeKey's metadata in each Region where there is a key. */
  readonly metadata: ReadonlyMap<string, Members>
}

/** Fails unless the keys of `keyId` in `regions`, which are all that are served, agree, and none is there that the others miss. */
export async function agreedOn(ask: Ask, regions: readonly string[], keyId: string): Promise<Agreed> {
  const metadata = new Map<string, Members>()
  const materials = new Map<string, readonly string[]>()
  for (const region of regions) {
    const answer = await ask(region, 'DescribeKey', { KeyId: keyId })
    const code = errorCode(answer)
    if (code !== undefined) {
      assert.equal(code, 'NotFoundException')
      continue
    }
    const shown = objectOf(members(answer)['KeyMetadata'])
    metadata.set(region, shown)
    const input = { KeyId: keyId, IncludeKeyMaterial: 'ALL_KEY_MATERIAL', Limit: 1000 }
    const rotations = await ask(region, 'ListKeyRotations', input)
    assert.equal(rotations.status, 200, rotations.body.toString('utf8'))
    const listed = objectsIn(members(rotations), 'Rotations')
    materials.set(region, requireRotations(listed, textOf(shown, 'CurrentKeyMaterialId')))
  }
  const [first] = [...metadata]
  assert.ok(first !== undefined, `${keyId} is nowhere`)
  const shared = (shown: Members): Members => {
    const { PrimaryKey, ReplicaKeys } = objectOf(shown['MultiRegionConfiguration'])
    return { PrimaryKey, ReplicaKeys }
  }
  const places = shared(first[1])
  const primary = regionOf(places['PrimaryKey'], keyId)
  const replicas = objectsIn(places, 'ReplicaKeys').map((each) => regionOf(each, keyId))
  assert.deepEqual([...metadata.keys()].toSorted(), [primary, ...replicas].toSorted(), `where ${keyId} is`)
  for (const [region, shown] of metadata) {
    assert.deepEqual(shared(shown), places, `${keyId} in ${region}`)
    const type = objectOf(shown['MultiRegionConfiguration'])['MultiRegionKeyType']
    assert.equal(type, region === primary ? 'PRIMARY' : 'REPLICA')
    assert.deepEqual(materials.get(region), materials.get(first[0]), `materials of ${keyId} in ${region}`)
  }
  return { primary, replicas, materials: materials.get(first[0]) ?? [], metadata }
}

/** The ids of the materials, of which only the last one is current. */
function requireRotations(listed: readonly Members[], current: string): readonly string[] {
  const states = listed.map((each) => each['KeyMaterialState'])
  assert.deepEqual(states, [...listed.slice(1).map(() => 'NON_CURRENT'), 'CURRENT'])
  const ids = listed.map((each) => textOf(each, 'KeyMaterialId'))
  assert.equal(ids.at(-1), current)
  assert.equal(new Set(ids).size, ids.length, 'a material is listed twice')
  return ids
}

function regionOf(place: unknown, keyId: string): string {
  const { Arn, Region } = objectOf(place)
  assert.equal(Arn, `arn:aws:kms:${String(Region)}:${account}:key/${keyId}`)
  return String(Region)
}

function objectsIn(value: Members, name: string): readonly Members[] {
  const list = value[name]
  assert.ok(Array.isArray(list), `${name} is no list`)
  return list.map(objectOf)
}

function objectOf(value: unknown): Members {
  assert.ok(typeof value === 'object' && value !== null)
  return Object.fromEntries(Object.entries(value))
}
