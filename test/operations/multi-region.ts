import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { allRecords, recordOf } from '../support/audit.ts'
import {
  account,
  base64,
  createAlias,
  createKey,
  deny,
  expectRecord,
  keyArn,
  listIn,
  thirdRegion,
  objectIn,
  otherRegion,
  refuse,
  region,
  server,
  succeed,
  succeedEmpty,
  textOf,
  unknownKeyId,
  type Json,
  type Key,
} from './service.ts'

const Plaintext = base64('a secret')

/** A new multi-Region primary in `region`, with a replica in `otherRegion`. */
async function createPrimary(input: Json = {}): Promise<Key> {
  return createKey({ MultiRegion: true, ...input })
}

async function createPair(input: Json = {}): Promise<Key> {
  const key = await createPrimary(input)
  await succeed('ReplicateKey', { KeyId: key.id, ReplicaRegion: otherRegion })
  return key
}

async function describedIn(inRegion: string, { id }: Key): Promise<Json> {
  return objectIn((await succeed('DescribeKey', { KeyId: id }, inRegion)).json, 'KeyMetadata')
}

const notPrimary = (arn: string) => `${arn} is not a multi-region primary key.`
const place = (id: string, inRegion: string) => ({ Arn: keyArn(id, inRegion), Region: inRegion })

describe('multi-Region keys', () => {
  it('have ids of their own form and begin as a primary without replicas', async () => {
    const key = await createPrimary()
    assert.match(key.id, /^mrk-[0-9a-f]{32}$/)
    const { MultiRegion, MultiRegionConfiguration } = await describedIn(region, key)
    assert.equal(MultiRegion, true)
    assert.deepEqual(MultiRegionConfiguration, {
      MultiRegionKeyType: 'PRIMARY',
      PrimaryKey: place(key.id, region),
      ReplicaKeys: [],
    })
  })

  it("are named by their ids like others, and ids of their form that are nobody's like those too", async () => {
    const id = `mrk-${'0'.repeat(32)}`
    await refuse('DescribeKey', { KeyId: id }, 'NotFoundException', `Key '${keyArn(id)}' does not exist`)
    for (const malformed of [`mrk-${'0'.repeat(31)}`, `mrk-${'A'.repeat(32)}`, `mrk-${unknownKeyId}`]) {
      await refuse('DescribeKey', { KeyId: malformed }, 'NotFoundException', `Invalid keyId '${malformed}'`)
    }
  })

  it('are the only ones that can be replicated', async () => {
    const single = await createKey()
    const input = { KeyId: single.id, ReplicaRegion: otherRegion }
    await refuse('ReplicateKey', input, 'UnsupportedOperationException', notPrimary(single.arn))
  })
})

describe('ReplicateKey', () => {
  it('answers the replica as it begins, with its policy and tags', async () => {
    const key = await createPrimary({ Description: 'of the primary' })
    const Tags = [{ TagKey: 'team', TagValue: 'blue' }]
    const answered = await succeed('ReplicateKey', {
      KeyId: key.arn,
      ReplicaRegion: otherRegion,
      Description: 'of the replica',
      Tags,
    })
    const { ReplicaPolicy, ReplicaTags } = answered.json
    const { CreationDate, ...metadata } = objectIn(answered.json, 'ReplicaKeyMetadata')
    assert.equal(typeof CreationDate, 'number')
    assert.deepEqual(metadata, {
      AWSAccountId: account,
      KeyId: key.id,
      Arn: keyArn(key.id, otherRegion),
      Enabled: false,
      Description: 'of the replica',
      KeyUsage: 'ENCRYPT_DECRYPT',
      KeyState: 'Creating',
      Origin: 'AWS_KMS',
      KeyManager: 'CUSTOMER',
      CustomerMasterKeySpec: 'SYMMETRIC_DEFAULT',
      KeySpec: 'SYMMETRIC_DEFAULT',
      EncryptionAlgorithms: ['SYMMETRIC_DEFAULT'],
      MultiRegion: true,
      MultiRegionConfiguration: {
        MultiRegionKeyType: 'REPLICA',
        PrimaryKey: place(key.id, region),
        ReplicaKeys: [place(key.id, otherRegion)],
      },
    })
    assert.deepEqual(ReplicaTags, Tags)
    const { json } = await succeed('GetKeyPolicy', { KeyId: key.id }, otherRegion)
    assert.equal(ReplicaPolicy, json['Policy'])
    const described = await describedIn(otherRegion, key)
    assert.deepEqual([described['KeyState'], described['Enabled']], ['Enabled', true])
    assert.equal(described['CurrentKeyMaterialId'], key.materialId)
    const ofPrimary = await describedIn(region, key)
    assert.deepEqual(objectIn(ofPrimary, 'MultiRegionConfiguration')['ReplicaKeys'], [place(key.id, otherRegion)])
    assert.equal(ofPrimary['Description'], 'of the primary')
    const record = await recordOf(server.directory, answered.requestId)
    assert.equal(record['eventName'], 'ReplicateKey')
    assert.deepEqual(record['requestParameters'], {
      keyId: key.arn,
      replicaRegion: otherRegion,
      description: 'of the replica',
      bypassPolicyLockoutSafetyCheck: false,
      tags: [{ tagKey: 'team', tagValue: 'blue' }],
    })
    const shown = objectIn(record, 'responseElements')
    assert.deepEqual(Object.keys(shown), ['replicaKeyMetadata', 'replicaPolicy', 'replicaTags'])
    assert.equal(objectIn(shown, 'replicaKeyMetadata')['keyState'], 'Creating')
    const ofReplica = allRecords(server.directory)
      .filter((text) => text.includes('"eventType":"AwsServiceEvent"') && text.includes(keyArn(key.id, otherRegion)))
      .map((text) => JSON.parse(text) as Json)
    assert.deepEqual(
      ofReplica.map(({ eventName, awsRegion }) => [eventName, awsRegion]),
      [
        ['CreateKey', otherRegion],
        ['SynchronizeMultiRegionKey', otherRegion],
      ],
    )
  })

  it('lets each Region open what another has encrypted', async () => {
    const key = await createPair()
    for (const [from, to] of [
      [region, otherRegion],
      [otherRegion, region],
    ] as const) {
      const { json } = await succeed('Encrypt', { KeyId: key.id, Plaintext }, from)
      const { json: opened } = await succeed('Decrypt', { CiphertextBlob: json['CiphertextBlob'] }, to)
      assert.deepEqual([opened['Plaintext'], opened['KeyId']], [Plaintext, keyArn(key.id, to)])
    }
  })

  it('lets no other Region open it', async () => {
    const key = await createPair()
    const { json } = await succeed('Encrypt', { KeyId: key.id, Plaintext })
    const message =
      'The ciphertext refers to a customer master key that does not exist, does not exist in this region, or you are not ' +
      'allowed to access.'
    const input = { CiphertextBlob: json['CiphertextBlob'] }
    await deny('Decrypt', input, message, thirdRegion)
  })

  it('copies every material that rotations have made', async () => {
    const key = await createPrimary()
    const blobs: unknown[] = []
    for (let rotations = 0; rotations < 3; rotations += 1) {
      blobs.push((await succeed('Encrypt', { KeyId: key.id, Plaintext })).json['CiphertextBlob'])
      await succeed('RotateKeyOnDemand', { KeyId: key.id })
    }
    await succeed('ReplicateKey', { KeyId: key.id, ReplicaRegion: otherRegion })
    for (const CiphertextBlob of blobs) {
      assert.equal((await succeed('Decrypt', { CiphertextBlob }, otherRegion)).json['Plaintext'], Plaintext)
    }
    const input = { KeyId: key.id, IncludeKeyMaterial: 'ALL_KEY_MATERIAL' }
    const listed = listIn((await succeed('ListKeyRotations', input)).json, 'Rotations')
    assert.equal(listed.length, 4)
    assert.deepEqual(listIn((await succeed('ListKeyRotations', input, otherRegion)).json, 'Rotations'), listed)
  })

  it('works for every kind of key', async () => {
    const signing = await createPair({ KeySpec: 'ECC_NIST_P256', KeyUsage: 'SIGN_VERIFY' })
    const message = { KeyId: signing.id, Message: Plaintext, SigningAlgorithm: 'ECDSA_SHA_256' }
    const { Signature } = (await succeed('Sign', message)).json
    assert.equal((await succeed('Verify', { ...message, Signature }, otherRegion)).json['SignatureValid'], true)
    const mac = await createPair({ KeySpec: 'HMAC_256', KeyUsage: 'GENERATE_VERIFY_MAC' })
    const text = { KeyId: mac.id, Message: Plaintext, MacAlgorithm: 'HMAC_SHA_256' }
    const { Mac } = (await succeed('GenerateMac', text, otherRegion)).json
    assert.equal((await succeed('VerifyMac', { ...text, Mac })).json['MacValid'], true)
    const kem = await createPair({ KeySpec: 'ML_KEM_768', KeyUsage: 'ENCAPSULATE_DECAPSULATE' })
    const { PublicKey } = (await succeed('GetPublicKey', { KeyId: kem.id })).json
    assert.equal((await succeed('GetPublicKey', { KeyId: kem.id }, otherRegion)).json['PublicKey'], PublicKey)
  })

  it('makes one replica in a Region, and none beside the primary', async () => {
    const key = await createPair()
    for (const ReplicaRegion of [otherRegion, region]) {
      // unverified wording
      const message = `The key ${keyArn(key.id, ReplicaRegion)} already exists.`
      await refuse('ReplicateKey', { KeyId: key.id, ReplicaRegion }, 'AlreadyExistsException', message)
    }
  })

  it('makes none in Regions that are not served, of another partition, or none', async () => {
    const key = await createPrimary()
    for (const ReplicaRegion of ['eu-north-1', 'cn-north-1']) {
      // unverified wording
      const message = `Region ${ReplicaRegion} is not one in which keys of ${region} can be replicated.`
      await refuse('ReplicateKey', { KeyId: key.id, ReplicaRegion }, 'ValidationException', message)
    }
  })

  it('refuses replicas, disabled keys and keys that are pending deletion', async () => {
    const key = await createPair()
    const input = { KeyId: key.id, ReplicaRegion: thirdRegion }
    const replica = keyArn(key.id, otherRegion)
    await refuse('ReplicateKey', input, 'UnsupportedOperationException', notPrimary(replica), otherRegion)
    await succeedEmpty('DisableKey', { KeyId: key.id })
    await refuse('ReplicateKey', input, 'DisabledException', `${key.arn} is disabled.`)
    await succeed('ScheduleKeyDeletion', { KeyId: key.id })
    await refuse('ReplicateKey', input, 'KMSInvalidStateException', `${key.arn} is pending deletion.`)
  })

  it('refuses a policy that would lock its caller out, unless told not to', async () => {
    const key = await createPrimary()
    const Policy = JSON.stringify({
      Version: '2012-10-17',
      Statement: [
        {
          Effect: 'Allow',
          Principal: { AWS: `arn:aws:iam::${account}:root` },
          Action: 'kms:DescribeKey',
          Resource: '*',
        },
      ],
    })
    const input = { KeyId: key.id, ReplicaRegion: otherRegion, Policy }
    const message = 'The new key policy will not allow you to update the key policy in the future.'
    await refuse('ReplicateKey', input, 'MalformedPolicyDocumentException', message)
    const { json } = await succeed('ReplicateKey', { ...input, BypassPolicyLockoutSafetyCheck: true })
    assert.equal(json['ReplicaPolicy'], Policy)
    await succeed('Encrypt', { KeyId: key.id, Plaintext })
    const denied = `User: arn:aws:iam::${account}:root is not authorized to perform: kms:Encrypt on resource: ${keyArn(key.id, otherRegion)} because no resource-based policy allows the kms:Encrypt action`
    await deny('Encrypt', { KeyId: key.id, Plaintext }, denied, otherRegion)
  })
})

describe('what keys of a multi-Region key have of their own', () => {
  it('is their state, description, tags, aliases and grants', async () => {
    const key = await createPair()
    await succeedEmpty('DisableKey', { KeyId: key.id }, otherRegion)
    await succeedEmpty('UpdateKeyDescription', { KeyId: key.id, Description: 'there' }, otherRegion)
    await succeedEmpty('TagResource', { KeyId: key.id, Tags: [{ TagKey: 'a', TagValue: 'b' }] }, otherRegion)
    await createAlias(key, otherRegion)
    const grant = { KeyId: key.id, GranteePrincipal: `arn:aws:iam::${account}:root`, Operations: ['Decrypt'] }
    await succeedEmpty('EnableKey', { KeyId: key.id }, otherRegion)
    await succeed('CreateGrant', grant, otherRegion)
    await succeedEmpty('DisableKey', { KeyId: key.id }, otherRegion)
    const here = await describedIn(region, key)
    const there = await describedIn(otherRegion, key)
    assert.deepEqual([here['KeyState'], here['Description']], ['Enabled', ''])
    assert.deepEqual([there['KeyState'], there['Description']], ['Disabled', 'there'])
    assert.deepEqual((await succeed('ListResourceTags', { KeyId: key.id })).json['Tags'], [])
    assert.deepEqual((await succeed('ListAliases', { KeyId: key.id })).json['Aliases'], [])
    assert.deepEqual((await succeed('ListGrants', { KeyId: key.id })).json['Grants'], [])
    await succeed('Encrypt', { KeyId: key.id, Plaintext })
  })
})

describe('the rotation of multi-Region keys', () => {
  it('reaches replicas at once, and keeps what they know', async () => {
    const key = await createPair()
    await succeedEmpty('DisableKey', { KeyId: key.id }, otherRegion)
    await succeed('RotateKeyOnDemand', { KeyId: key.id })
    const [here, there] = [await describedIn(region, key), await describedIn(otherRegion, key)]
    assert.notEqual(here['CurrentKeyMaterialId'], key.materialId)
    assert.equal(there['CurrentKeyMaterialId'], here['CurrentKeyMaterialId'])
    assert.equal(there['KeyState'], 'Disabled', 'its state is its own')
    await succeedEmpty('EnableKey', { KeyId: key.id }, otherRegion)
    const { json } = await succeed('Encrypt', { KeyId: key.id, Plaintext })
    const { json: opened } = await succeed('Decrypt', { CiphertextBlob: json['CiphertextBlob'] }, otherRegion)
    assert.deepEqual([opened['Plaintext'], opened['KeyMaterialId']], [Plaintext, here['CurrentKeyMaterialId']])
  })

  it('is set up on the primary, and shown by all', async () => {
    const key = await createPair()
    await succeedEmpty('EnableKeyRotation', { KeyId: key.id, RotationPeriodInDays: 100 })
    const shown = async (inRegion: string) => {
      const { KeyId, ...status } = (await succeed('GetKeyRotationStatus', { KeyId: key.id }, inRegion)).json
      assert.equal(KeyId, keyArn(key.id, inRegion))
      return status
    }
    assert.equal((await shown(region))['RotationPeriodInDays'], 100)
    assert.deepEqual(await shown(otherRegion), await shown(region))
    await succeedEmpty('DisableKeyRotation', { KeyId: key.id })
    assert.deepEqual(await shown(otherRegion), { KeyRotationEnabled: false })
  })

  it('is refused on replicas', async () => {
    const key = await createPair()
    const message = notPrimary(keyArn(key.id, otherRegion))
    for (const operation of ['EnableKeyRotation', 'DisableKeyRotation', 'RotateKeyOnDemand']) {
      await refuse(operation, { KeyId: key.id }, 'UnsupportedOperationException', message, otherRegion)
    }
  })
})

describe('UpdatePrimaryRegion', () => {
  it('makes the replica the primary, and the primary a replica', async () => {
    const key = await createPair()
    await succeed('ReplicateKey', { KeyId: key.id, ReplicaRegion: thirdRegion })
    const answered = await succeedEmpty('UpdatePrimaryRegion', { KeyId: key.id, PrimaryRegion: otherRegion })
    await expectRecord(answered, {
      eventName: 'UpdatePrimaryRegion',
      readOnly: false,
      requestParameters: { keyId: key.id, primaryRegion: otherRegion },
      resources: [key.arn, keyArn(key.id, otherRegion)],
    })
    for (const [inRegion, type] of [
      [region, 'REPLICA'],
      [otherRegion, 'PRIMARY'],
      [thirdRegion, 'REPLICA'],
    ] as const) {
      const described = await describedIn(inRegion, key)
      assert.equal(described['KeyState'], 'Enabled')
      assert.deepEqual(described['MultiRegionConfiguration'], {
        MultiRegionKeyType: type,
        PrimaryKey: place(key.id, otherRegion),
        ReplicaKeys: [place(key.id, thirdRegion), place(key.id, region)],
      })
    }
    await refuse('RotateKeyOnDemand', { KeyId: key.id }, 'UnsupportedOperationException', notPrimary(key.arn))
    await succeed('RotateKeyOnDemand', { KeyId: key.id }, otherRegion)
    const [here, there] = [await describedIn(region, key), await describedIn(otherRegion, key)]
    assert.equal(here['CurrentKeyMaterialId'], there['CurrentKeyMaterialId'])
  })

  it('changes nothing when the primary is there already', async () => {
    const key = await createPair()
    await succeedEmpty('UpdatePrimaryRegion', { KeyId: key.id, PrimaryRegion: region })
    assert.equal(objectIn(await describedIn(region, key), 'MultiRegionConfiguration')['MultiRegionKeyType'], 'PRIMARY')
  })

  it('is refused without a replica there, by replicas, and of single-Region keys', async () => {
    const key = await createPair()
    const input = { KeyId: key.id, PrimaryRegion: thirdRegion }
    // unverified wording
    const missing = `The key ${key.arn} has no replica in ${thirdRegion}.`
    await refuse('UpdatePrimaryRegion', input, 'NotFoundException', missing)
    const replica = keyArn(key.id, otherRegion)
    const there = { KeyId: key.id, PrimaryRegion: otherRegion }
    await refuse('UpdatePrimaryRegion', there, 'UnsupportedOperationException', notPrimary(replica), otherRegion)
    const single = await createKey()
    const ofSingle = { KeyId: single.id, PrimaryRegion: otherRegion }
    await refuse('UpdatePrimaryRegion', ofSingle, 'UnsupportedOperationException', notPrimary(single.arn))
  })

  it('needs both keys enabled', async () => {
    const key = await createPair()
    await succeedEmpty('DisableKey', { KeyId: key.id }, otherRegion)
    const input = { KeyId: key.id, PrimaryRegion: otherRegion }
    await refuse('UpdatePrimaryRegion', input, 'DisabledException', `${keyArn(key.id, otherRegion)} is disabled.`)
    await succeedEmpty('EnableKey', { KeyId: key.id }, otherRegion)
    await succeedEmpty('DisableKey', { KeyId: key.id })
    await refuse('UpdatePrimaryRegion', input, 'DisabledException', `${key.arn} is disabled.`)
  })

  it('needs the permission of both key policies', async () => {
    const key = await createPair()
    const { json } = await succeed('GetKeyPolicy', { KeyId: key.id }, otherRegion)
    const policy: unknown = JSON.parse(textOf(json, 'Policy'))
    assert.ok(typeof policy === 'object' && policy !== null && 'Statement' in policy && Array.isArray(policy.Statement))
    const statement = { Effect: 'Deny', Principal: '*', Action: 'kms:UpdatePrimaryRegion', Resource: '*' }
    const Policy = JSON.stringify({ ...policy, Statement: [...(policy.Statement as unknown[]), statement] })
    await succeedEmpty('PutKeyPolicy', { KeyId: key.id, Policy }, otherRegion)
    const message = `User: arn:aws:iam::${account}:root is not authorized to perform: kms:UpdatePrimaryRegion on resource: ${keyArn(key.id, otherRegion)} with an explicit deny in a resource-based policy`
    const input = { KeyId: key.id, PrimaryRegion: otherRegion }
    await deny('UpdatePrimaryRegion', input, message)
  })
})

describe('the deletion of multi-Region keys', () => {
  it('makes a primary with replicas wait for theirs', async () => {
    const key = await createPair()
    const { json } = await succeed('ScheduleKeyDeletion', { KeyId: key.id, PendingWindowInDays: 7 })
    assert.deepEqual(json, { KeyId: key.arn, KeyState: 'PendingReplicaDeletion', PendingWindowInDays: 7 })
    const described = await describedIn(region, key)
    assert.deepEqual(
      [described['KeyState'], described['PendingDeletionWindowInDays'], described['DeletionDate']],
      ['PendingReplicaDeletion', 7, undefined],
    )
    await refuse('Encrypt', { KeyId: key.id, Plaintext }, 'KMSInvalidStateException', `${key.arn} is pending deletion.`)
    await succeed('Encrypt', { KeyId: key.id, Plaintext }, otherRegion)
    await succeed('CancelKeyDeletion', { KeyId: key.id })
    assert.equal((await describedIn(region, key))['KeyState'], 'Disabled')
  })

  it('is that of any key for replicas, and for a primary without', async () => {
    const key = await createPair()
    const { json } = await succeed('ScheduleKeyDeletion', { KeyId: key.id }, otherRegion)
    assert.equal(json['KeyState'], 'PendingDeletion')
    const alone = await createPrimary()
    const { json: ofPrimary } = await succeed('ScheduleKeyDeletion', { KeyId: alone.id })
    assert.deepEqual([ofPrimary['KeyState'], typeof ofPrimary['DeletionDate']], ['PendingDeletion', 'number'])
  })
})
