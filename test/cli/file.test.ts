import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { chmodSync, mkdirSync, readFileSync, statSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs'
import { describe, it } from 'node:test'
import * as sdk from '@aws-crypto/client-node'
import { connect } from '#cli/file/connection.ts'
import { decryptionMaterials, encryptionMaterials } from '#cli/file/materials.ts'
import { filesBelow, openBench } from './file-support.ts'
import type { Bench } from './file-support.ts'

/** A tree with small, empty and larger files; returns their names. */
function plantTree(bench: Bench, root: string, count: number): string[] {
  mkdirSync(bench.at(`${root}/deep/deeper`), { recursive: true })
  const names = Array.from({ length: count }, (_, index) => (index % 2 === 0 ? `f${index}` : `deep/deeper/f${index}`))
  names.forEach((name, index) => writeFileSync(bench.at(`${root}/${name}`), randomBytes(index * 1000)))
  writeFileSync(bench.at(`${root}/large`), randomBytes(300_000))
  return [...names, 'large']
}

describe('trent file', () => {
  for (const suite of ['signed', 'unsigned'])
    it(`gives a file back byte for byte with its permissions, ${suite}`, async () => {
      await using bench = await openBench()
      const plaintext = randomBytes(200_000)
      writeFileSync(bench.at('data'), plaintext)
      chmodSync(bench.at('data'), 0o4640)
      const encrypted = await bench.run('encrypt', 'data', '--key-id', bench.kms.keyArns[0]!, '--suite', suite)
      assert.deepEqual(encrypted, {
        code: 0,
        signal: null,
        stdout: '',
        stderr: '1 file encrypted (195.3 KiB, 1 KMS request)\n',
      })
      assert.equal(statSync(bench.at('data.encrypted')).mode & 0o7777, 0o640)
      assert.equal(readFileSync(bench.at('data.encrypted')).includes(plaintext.subarray(0, 32)), false)
      assert.equal((await bench.run('decrypt', 'data.encrypted', '--output', 'back')).code, 0)
      assert.deepEqual(readFileSync(bench.at('back')), plaintext)
      assert.equal(statSync(bench.at('back')).mode & 0o7777, 0o640)
    })

  it('encrypts files of every size around a frame', async () => {
    await using bench = await openBench()
    mkdirSync(bench.at('in'))
    const sizes = [0, 1, 15, 16, 32_767, 32_768, 32_769, 65_535, 65_536, 65_537, 98_304]
    for (const size of sizes) writeFileSync(bench.at(`in/${size}`), randomBytes(size))
    assert.equal((await bench.run('encrypt', 'in', '--key-id', 'alias/files', '--output', 'out')).code, 0)
    assert.equal((await bench.run('decrypt', 'out/in', '--output', 'back')).code, 0)
    for (const size of sizes)
      assert.deepEqual(readFileSync(bench.at(`back/in/${size}`)), readFileSync(bench.at(`in/${size}`)), String(size))
  })

  it('gives a directory tree back with fewer KMS requests than files', async () => {
    await using bench = await openBench()
    const names = plantTree(bench, 'tree', 40)
    const context = ['--context', 'project=x', '--context', 'owner=y=z']
    assert.equal(
      (await bench.run('encrypt', 'tree', '--key-id', 'alias/files', '--output', 'vault', ...context)).code,
      0,
    )
    assert.deepEqual([...bench.kms.calls], [['GenerateDataKey', 1]])
    assert.deepEqual(filesBelow(bench.at('vault')), names.map((name) => `tree/${name}.encrypted`).sort())
    const back = await bench.run('decrypt', 'vault/tree', '--output', 'back', ...context)
    assert.deepEqual([back.code, back.stderr], [0, '41 files decrypted (1.1 MiB, 1 KMS request)\n'])
    assert.equal(bench.kms.calls.get('Decrypt'), 1)
    for (const name of names)
      assert.deepEqual(readFileSync(bench.at(`back/tree/${name}`)), readFileSync(bench.at(`tree/${name}`)), name)
  })

  it('uses a data key for no more files or bytes than told', async () => {
    await using bench = await openBench()
    plantTree(bench, 'tree', 10)
    const encrypt = async (name: string, ...limit: string[]): Promise<number | undefined> => {
      bench.kms.calls.clear()
      const result = await bench.run('encrypt', 'tree', '--key-id', 'alias/files', '--output', name, ...limit)
      assert.equal(result.code, 0, result.stderr)
      return bench.kms.calls.get('GenerateDataKey')
    }
    assert.equal(await encrypt('a', '--cache-max-messages', '4'), 3)
    assert.equal(await encrypt('b', '--cache-max-age', '0'), 11)
    assert.equal(await encrypt('c', '--cache-max-bytes', '100000'), 2)
  })

  it('writes beside the files, leaves what is encrypted alone, and skips links', async () => {
    await using bench = await openBench()
    plantTree(bench, 'tree', 2)
    symlinkSync('f0', bench.at('tree/link'))
    const first = await bench.run('encrypt', 'tree', '--key-id', 'alias/files')
    assert.equal(first.code, 0)
    assert.match(
      first.stderr,
      /^trent file encrypt: tree\/link: skipped: a symbolic link\n3 files encrypted .*1 skipped\n$/,
    )
    const again = await bench.run('encrypt', 'tree', '--key-id', 'alias/files', '--force')
    assert.equal(again.code, 0)
    assert.deepEqual(
      filesBelow(bench.at('tree')),
      ['deep/deeper/f1', 'deep/deeper/f1.encrypted', 'f0', 'f0.encrypted', 'large', 'large.encrypted', 'link'].sort(),
    )
    const named = await bench.run('encrypt', 'tree/link', '--key-id', 'alias/files')
    assert.equal(named.code, 1)
    assert.match(named.stderr, /tree\/link: a symbolic link: name the file that it leads to/)
  })

  it('refuses to overwrite unless told to, and never writes onto its own input', async () => {
    await using bench = await openBench()
    writeFileSync(bench.at('data'), 'one')
    writeFileSync(bench.at('data.encrypted'), 'precious')
    const refused = await bench.run('encrypt', 'data', '--key-id', 'alias/files')
    assert.equal(refused.code, 1)
    assert.match(refused.stderr, /data: data\.encrypted exists already: pass --force/)
    assert.equal(readFileSync(bench.at('data.encrypted'), 'utf8'), 'precious')
    assert.equal(bench.kms.calls.size, 0)
    assert.equal((await bench.run('encrypt', 'data', '--key-id', 'alias/files', '--force')).code, 0)
    const self = await bench.run('encrypt', 'data', '--key-id', 'alias/files', '--force', '--output', './data')
    assert.equal(self.code, 1)
    assert.equal(readFileSync(bench.at('data'), 'utf8'), 'one')
  })

  it('does not let two inputs of one name overwrite each other', async () => {
    await using bench = await openBench()
    for (const name of ['a', 'b']) {
      mkdirSync(bench.at(name))
      writeFileSync(bench.at(`${name}/same`), name)
    }
    const result = await bench.run(
      'encrypt',
      'a/same',
      'b/same',
      '--key-id',
      'alias/files',
      '--output',
      'out',
      '--force',
    )
    assert.equal(result.code, 1)
    assert.match(result.stderr, /b\/same: this run has already written out\/same\.encrypted/)
  })

  it('goes on after a file that fails, and tells each in JSON', async () => {
    await using bench = await openBench()
    writeFileSync(bench.at('good'), 'hello')
    const result = await bench.run('encrypt', 'missing', 'good', '--key-id', 'alias/files', '--json')
    assert.equal(result.code, 1)
    assert.equal(result.stderr, '')
    assert.deepEqual(
      result.stdout
        .trim()
        .split('\n')
        .map((line): unknown => JSON.parse(line)),
      [
        {
          status: 'failed',
          source: 'missing',
          error: { code: 'ENOENT', message: 'no such file or directory (missing)' },
        },
        { status: 'done', source: 'good', target: 'good.encrypted', bytes: 5, keyIds: [bench.kms.keyArns[0]] },
      ],
    )
  })

  it('decrypts with the keys that --key-id names only', async () => {
    await using bench = await openBench()
    writeFileSync(bench.at('data'), 'hello')
    const [first, second] = bench.kms.keyArns
    assert.equal((await bench.run('encrypt', 'data', '--key-id', first!)).code, 0)
    const other = await bench.run('decrypt', 'data.encrypted', '--key-id', second!, '--output', 'x')
    assert.equal(other.code, 1)
    assert.match(other.stderr, new RegExp(`it was encrypted under ${first!}, which --key-id does not name`))
    assert.equal(bench.kms.calls.get('Decrypt'), undefined)
    assert.equal((await bench.run('decrypt', 'data.encrypted', '--key-id', 'alias/files', '--output', 'x')).code, 0)
    assert.equal(bench.kms.calls.get('DescribeKey'), 1)
  })

  it('encrypts so that any of several keys decrypts', async () => {
    await using bench = await openBench()
    writeFileSync(bench.at('data'), 'hello')
    const [first, second] = bench.kms.keyArns
    assert.equal((await bench.run('encrypt', 'data', '--key-id', first!, '--key-id', second!)).code, 0)
    for (const [index, key] of [first!, second!].entries())
      assert.equal((await bench.run('decrypt', 'data.encrypted', '--key-id', key, '--output', `x${index}`)).code, 0)
  })

  it('reads and writes what the AWS Encryption SDK does', async () => {
    await using bench = await openBench()
    const credentials = { AWS_ACCESS_KEY_ID: 'x', AWS_SECRET_ACCESS_KEY: 'x' }
    Object.assign(process.env, credentials)
    const kms = await connect(sdk, { endpointUrl: bench.kms.url, region: 'us-east-1' }, {})
    const limits = { maxAge: 0, maxMessages: 1, maxBytes: 1 }
    const keys = encryptionMaterials(sdk, kms, [bench.kms.keyArns[0]!], limits)
    const plaintext = randomBytes(20_000)
    const { encrypt, decrypt } = sdk.buildClient()
    const { result } = await encrypt(keys, plaintext, { encryptionContext: { a: 'b' } })
    writeFileSync(bench.at('theirs.encrypted'), result)
    assert.equal((await bench.run('decrypt', 'theirs.encrypted', '--context', 'a=b')).code, 0)
    assert.deepEqual(readFileSync(bench.at('theirs')), plaintext)
    assert.equal(
      (await bench.run('encrypt', 'theirs', '--key-id', 'alias/files', '--context', 'c=d', '--force')).code,
      0,
    )
    const ours = await decrypt(
      decryptionMaterials(sdk, kms, [], {}, limits),
      readFileSync(bench.at('theirs.encrypted')),
    )
    kms.close()
    assert.deepEqual(ours.plaintext, plaintext)
    assert.equal(ours.messageHeader.encryptionContext['c'], 'd')
  })

  it('refuses a file whose encryption context lacks a pair, before asking KMS', async () => {
    await using bench = await openBench()
    writeFileSync(bench.at('data'), 'hello')
    assert.equal((await bench.run('encrypt', 'data', '--key-id', 'alias/files', '--context', 'a=1')).code, 0)
    for (const pair of ['a=2', 'b=1', '__proto__=1', 'toString=x']) {
      const result = await bench.run('decrypt', 'data.encrypted', '--context', pair, '--output', 'x')
      assert.equal(result.code, 1)
      assert.match(result.stderr, /its encryption context has (?:no|another value for) /)
    }
    assert.equal(bench.kms.calls.get('Decrypt'), undefined)
    assert.deepEqual(filesBelow(bench.directory), ['data', 'data.encrypted'])
  })

  it('says what is wrong with the key, the endpoint, the region and the credentials', async () => {
    await using bench = await openBench()
    writeFileSync(bench.at('data'), 'hello')
    const missing = '99999999-2222-3333-4444-555555555555'
    const cases: [Record<string, string>, string, RegExp][] = [
      [{}, missing, /data: KMS refused: NotFoundException: Key '9{8}-.*' does not exist; check --key-id, --region/],
      [
        { AWS_ENDPOINT_URL_KMS: 'http://127.0.0.1:1' },
        missing,
        /cannot reach KMS \(connect ECONNREFUSED 127.0.0.1:1\): check --endpoint/,
      ],
      [{ AWS_REGION: '' }, missing, /no region: pass --region/],
      [{ AWS_ACCESS_KEY_ID: '' }, missing, /no AWS credentials: set AWS_PROFILE/],
    ]
    for (const [environment, keyId, expected] of cases) {
      const result = await bench.runWith(environment, 'encrypt', 'data', '--key-id', keyId)
      assert.equal(result.code, 1)
      assert.match(result.stderr, expected)
      assert.equal(result.stderr.split('\n').length, 3)
    }
    const decrypt = await bench.run('decrypt', 'data', '--key-id', missing)
    assert.equal(decrypt.code, 1)
    assert.match(decrypt.stderr, /^trent file decrypt: cannot find the key 9{8}-.*NotFoundException.*\n$/)
    assert.deepEqual(filesBelow(bench.directory), ['data'])
  })

  it('reads endpoint, region and credentials from the AWS files', async () => {
    await using bench = await openBench()
    writeFileSync(bench.at('data'), 'hello')
    writeFileSync(bench.at('config'), `[profile p]\nregion = us-east-1\nendpoint_url = ${bench.kms.url}\n`)
    writeFileSync(bench.at('credentials'), '[p]\naws_access_key_id = AKIAEXAMPLE\naws_secret_access_key = x\n')
    const environment = {
      AWS_REGION: '',
      AWS_ENDPOINT_URL_KMS: '',
      AWS_CONFIG_FILE: bench.at('config'),
      AWS_SHARED_CREDENTIALS_FILE: bench.at('credentials'),
    }
    const result = await bench.runWith(environment, 'encrypt', 'data', '--key-id', 'alias/files', '--profile', 'p')
    assert.deepEqual([result.code, result.stderr], [0, '1 file encrypted (5 bytes, 1 KMS request)\n'])
  })

  it('ends with 2 on wrong usage and 0 after help', async () => {
    await using bench = await openBench()
    writeFileSync(bench.at('data'), 'hello')
    for (const args of [
      [],
      ['encrypt'],
      ['encrypt', 'data'],
      ['encrypt', 'data', '--key-id', 'not:an:arn'],
      ['encrypt', 'data', '--key-id', 'alias/files', '--context', 'novalue'],
      ['encrypt', 'data', '--key-id', 'alias/files', '--context', 'a=1', '--context', 'a=2'],
      ['encrypt', 'data', '--key-id', 'alias/files', '--context', 'aws-crypto-public-key=x'],
      ['encrypt', 'data', '--key-id', 'alias/files', '--cache-max-messages', '0'],
      ['encrypt', 'data', '--key-id', 'alias/files', '--suite', 'none'],
      ['decrypt', 'data', '--endpoint-url', 'ftp://x'],
      ['shred', 'data'],
    ])
      assert.equal((await bench.run(...args)).code, 2, args.join(' '))
    assert.equal((await bench.run('encrypt', '--help')).code, 0)
    assert.deepEqual(filesBelow(bench.directory), ['data'])
  })

  it('refuses what is no encrypted file, and names the way out', async () => {
    await using bench = await openBench()
    writeFileSync(bench.at('text.encrypted'), 'just some text')
    writeFileSync(bench.at('empty.encrypted'), '')
    writeFileSync(bench.at('old.encrypted'), Buffer.concat([Buffer.from([1, 0x80, 0x03, 0x78]), randomBytes(500)]))
    writeFileSync(bench.at('data'), 'x')
    truncateSync(bench.at('data'), 0)
    const result = await bench.run('decrypt', 'text.encrypted', 'empty.encrypted', 'old.encrypted', 'data')
    assert.equal(result.code, 1)
    const lines = result.stderr.split('\n')
    assert.match(lines[0]!, /text\.encrypted: not a file that "trent file encrypt" or an AWS Encryption SDK wrote/)
    assert.match(lines[1]!, /empty\.encrypted: the encrypted file is damaged or was changed \(its end is missing\)/)
    assert.match(lines[2]!, /old\.encrypted: it was written without key commitment/)
    assert.match(lines[3]!, /data: its name does not end in \.encrypted: name the decrypted file with --output/)
  })
})
