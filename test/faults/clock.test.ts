/** The settable clock of the test profile, and the end of a key's waiting period. */
import assert from 'node:assert/strict'
import { it } from 'node:test'
import { account, command, launch, readAccessKey, region, withDirectory } from './program.ts'
import { createKey, KmsWire, textOf } from './wire.ts'

it('deletes a key when its waiting period is over, with its aliases, and records it', async () => {
  await withDirectory(async (directory) => {
    const server = launch({ directory, workers: 2, args: ['--test-profile'] })
    const client = new KmsWire(await server.ready, readAccessKey(directory), region)
    const gone = await createKey(client)
    const kept = await createKey(client)
    await client.call('CreateAlias', { AliasName: 'alias/gone', TargetKeyId: gone })
    const blobs = [await encrypted(client, gone), await encrypted(client, kept)]
    await client.call('ScheduleKeyDeletion', { KeyId: gone, PendingWindowInDays: 30 })
    await client.call('ScheduleKeyDeletion', { KeyId: kept, PendingWindowInDays: 30 })
    await client.call('CancelKeyDeletion', { KeyId: kept })
    await client.call('EnableKey', { KeyId: kept })

    const early = command('clock', 'advance', '29d', '--data-dir', directory)
    assert.equal(early.code, 0, early.err)
    const { KeyMetadata } = await client.call('DescribeKey', { KeyId: gone })
    assert.equal(textOf(Object.fromEntries(Object.entries(KeyMetadata ?? {})), 'KeyState'), 'PendingDeletion')

    const advanced = command('clock', 'advance', '2d', '--data-dir', directory)
    assert.equal(advanced.code, 0, advanced.err)
    assert.match(advanced.out, /deleted 1 key/)
    const arn = `arn:aws:kms:${region}:${account}:key/${gone}`
    const described = await client.send('DescribeKey', { KeyId: gone })
    assert.equal(
      described.body.toString('utf8'),
      `{"__type":"NotFoundException","message":"Key '${arn}' does not exist"}`,
    )
    assert.equal(await client.code('DescribeKey', { KeyId: 'alias/gone' }), 'NotFoundException')
    const { Aliases } = await client.call('ListAliases', {})
    assert.deepEqual(Aliases, [])
    const { Keys } = await client.call('ListKeys', {})
    assert.deepEqual(Keys, [{ KeyId: kept, KeyArn: `arn:aws:kms:${region}:${account}:key/${kept}` }])
    const refused = await client.send('Decrypt', { CiphertextBlob: blobs[0] })
    assert.equal(refused.status, 400)
    assert.equal(
      refused.body.toString('utf8'),
      '{"__type":"AccessDeniedException","Message":"The ciphertext refers to a customer master key that does not exist, does not exist in this region, or you are not allowed to access."}',
    )
    await client.call('Decrypt', { CiphertextBlob: blobs[1] })

    const records = command('audit', 'tail', '--event', 'DeleteKey', '--json', '--data-dir', directory)
    assert.equal(records.code, 0, records.err)
    const lines = records.out.trim().split('\n')
    assert.equal(lines.length, 1)
    assert.match(lines[0] ?? '', new RegExp(arn))
    assert.match(lines[0] ?? '', /"eventType":"AwsServiceEvent"/)
    client.close()
    assert.equal((await server.end('SIGTERM')).code, 0)
    assert.match(server.stderr(), /the test profile is on/)

    // The clock was the process's: the next one has the machine's time, and the key stays deleted.
    const again = launch({ directory })
    const later = new KmsWire(await again.ready, readAccessKey(directory), region)
    assert.equal(await later.code('DescribeKey', { KeyId: gone }), 'NotFoundException')
    const refusedAdvance = command('clock', 'advance', '1d', '--data-dir', directory)
    assert.notEqual(refusedAdvance.code, 0)
    assert.match(refusedAdvance.err, /test-profile/)
    later.close()
    assert.equal((await again.end('SIGTERM')).code, 0)
  })
})

async function encrypted(client: KmsWire, KeyId: string): Promise<string> {
  return textOf(await client.call('Encrypt', { KeyId, Plaintext: 'AAAA' }), 'CiphertextBlob')
}
