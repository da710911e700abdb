import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { parseAccessKeyId, parseRegion } from '#base/brand.ts'
import { SecretBytes } from '#base/secret-bytes.ts'
import { createIdentities } from '#cache/identities.ts'
import { allocateSlots, RevisionSlots } from '#cache/revision-slots.ts'
import type { AccessKeyRecord } from '#records/identity.ts'
import { systemRandom } from '../../src/system.ts'
import { account, MemoryKms } from '../support/memory-kms.ts'

const id = (text: string) => {
  const parsed = parseAccessKeyId(text)
  assert.ok(parsed !== undefined)
  return parsed
}
const home = parseRegion('us-east-1')
assert.ok(home !== undefined)
const region = home

describe('the secrets of access keys', () => {
  it('are overwritten when the access key leaves the cache, with the signing keys made of them', () => {
    const opened: Buffer[] = []
    const { storage } = new MemoryKms().ports
    const record = (accessKeyId: AccessKeyRecord['accessKeyId']): AccessKeyRecord & { readonly rev: number } => ({
      accessKeyId,
      account,
      principal: { kind: 'root' },
      status: 'Active',
      creationDate: 0,
      epoch: 1,
      wrappedSecret: '',
      rev: 1,
    })
    const identities = createIdentities(
      { ...storage, accessKey: record },
      () => {
        const bytes = Buffer.from('wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY')
        opened.push(bytes)
        return new SecretBytes(bytes)
      },
      new RevisionSlots(allocateSlots()),
      systemRandom(),
      region,
      { cached: 1 },
    )
    const first = identities.credential(id('AKIAIOSFODNN7EXAMPLE'))
    assert.ok(first !== undefined && !(first instanceof Promise))
    const key = identities.signingKey(first, '20261122', 'us-east-1', 'kms')
    assert.equal(key.hex('x').length, 64)
    assert.ok(identities.credential(id('AKIAI44QH8DHBEXAMPLE')) !== undefined)
    assert.ok(opened[0]?.every((byte) => byte === 0))
    assert.ok(opened[1]?.some((byte) => byte !== 0))
    assert.throws(() => key.hex('x'), /destroyed/)
    // A secret of zeros would be one that anybody can sign with.
    assert.throws(() => identities.signingKey(first, '20261122', 'us-east-1', 'kms'), /left the cache/)
  })
})
