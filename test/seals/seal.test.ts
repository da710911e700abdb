import assert from 'node:assert/strict'
import { createHash, randomBytes } from 'node:crypto'
import { chmod, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import { inspect } from 'node:util'
import type { Random } from '#ports/edge.ts'
import { sameDisk } from '#seals/key-file.ts'
import type { Argon2Cost, PassphraseSource } from '#seals/passphrase.ts'
import { createSeal, unseal } from '#seals/seal.ts'
import type { SealSources } from '#seals/seal.ts'
import { SealError } from '#seals/seal-error.ts'
import { flipped, random } from '../crypto/key-fixtures.ts'

const folders: string[] = []
after(async () => {
  for (const folder of folders) await rm(folder, { recursive: true })
})

/** As little work as argon2id can do. */
const cheap: Argon2Cost = { memory: 8, passes: 1, parallelism: 1 }

interface Place {
  readonly dataDir: string
  readonly descriptor: string
  readonly keyFile: string
  readonly sources: SealSources
}

async function newPlace(passphrase = 'correct horse'): Promise<Place> {
  const dataDir = await mkdtemp(join(tmpdir(), 'trent-seal-'))
  folders.push(dataDir)
  const keyFile = join(dataDir, 'seal.key')
  const path = join(dataDir, 'passphrase')
  await writeFile(path, `${passphrase}\n`, { mode: 0o400 })
  const sources: SealSources = { keyFile, passphrase: { kind: 'file', path } }
  return { dataDir, descriptor: join(dataDir, 'seal.json'), keyFile, sources }
}

async function newSeal(type: 'key-file' | 'passphrase', installationId = 'inst-1'): Promise<Place & { root: Buffer }> {
  const place = await newPlace()
  const { dataDir, sources } = place
  const created = await createSeal({ dataDir, installationId, type, sources, random, cost: cheap }, cheap)
  return { ...place, root: created.root.insecureSecretAccess() }
}

const opened = async ({ dataDir, sources }: Place): Promise<Buffer> =>
  (await unseal(dataDir, sources, cheap))!.root.insecureSecretAccess()

const refused = (place: Place, message: RegExp): Promise<void> =>
  assert.rejects(unseal(place.dataDir, place.sources, cheap), (error: unknown) => {
    assert.ok(error instanceof SealError, inspect(error))
    assert.match(error.message, message)
    return true
  })

/** The descriptor with members changed and the checksum made right again, as an attacker would. */
async function edit(place: Place, change: (content: Record<string, unknown>) => void): Promise<void> {
  const content = JSON.parse(await readFile(place.descriptor, 'utf8')) as Record<string, unknown>
  change(content)
  delete content['checksum']
  const checksum = createHash('sha256').update(JSON.stringify(content)).digest('hex')
  await writeFile(place.descriptor, `${JSON.stringify({ ...content, checksum }, undefined, 2)}\n`)
}

for (const type of ['key-file', 'passphrase'] as const) {
  describe(`a ${type} seal`, () => {
    it('gives back the root key, and says what it is', async () => {
      const seal = await newSeal(type)
      const unsealed = await unseal(seal.dataDir, seal.sources, cheap)
      assert.deepEqual(unsealed!.root.insecureSecretAccess(), seal.root)
      assert.equal(seal.root.length, 32)
      const { installationId, generation } = unsealed!
      assert.deepEqual(
        { installationId, type: unsealed!.type, generation },
        { installationId: 'inst-1', type, generation: 1 },
      )
    })

    it('is not made twice', async () => {
      const { dataDir, sources, descriptor } = await newSeal(type)
      const before = await readFile(descriptor, 'utf8')
      const again = createSeal({ dataDir, installationId: 'inst-2', type, sources, random, cost: cheap }, cheap)
      await assert.rejects(again, { name: 'SealError', message: `there is a seal already: ${descriptor}` })
      assert.equal(await readFile(descriptor, 'utf8'), before)
    })

    it('is noticed when any byte of its descriptor is changed', async () => {
      const seal = await newSeal(type)
      const bytes = await readFile(seal.descriptor)
      for (let index = 0; index < bytes.length; index += 1) {
        await writeFile(seal.descriptor, flipped(bytes, index, 1 << (index % 8)))
        await refused(
          seal,
          /the seal descriptor .*seal\.json (is damaged|has version [0-9]+, written by a newer trent)/,
        )
      }
      await writeFile(seal.descriptor, bytes)
      assert.deepEqual(await opened(seal), seal.root)
    })

    it('is noticed when its descriptor is cut short or no descriptor at all', async () => {
      const seal = await newSeal(type)
      const text = await readFile(seal.descriptor, 'utf8')
      const others = [
        '',
        '{}',
        '[]',
        'null',
        '1',
        text.slice(0, -1),
        text.slice(0, 100),
        `${text}\n`,
        text.replace('1', '"1"'),
      ]
      for (const other of others) {
        await writeFile(seal.descriptor, other)
        await refused(seal, /is damaged; restore it from a backup of the data directory/)
      }
    })

    it('does not open when a member of its descriptor was changed with care', async () => {
      const changes: ((content: Record<string, unknown>) => void)[] = [
        (content) => (content['version'] = 0),
        (content) => (content['installationId'] = 'inst-2'),
        (content) => (content['type'] = type === 'key-file' ? 'passphrase' : 'key-file'),
        (content) => (content['type'] = 'pkcs11'),
        (content) => (content['generation'] = 2),
        (content) => (content['wrappedRoot'] = randomBytes(60).toString('base64')),
        (content) => (content['wrappedRoot'] = ''),
        (content) => (content['keyCheck'] = '00'.repeat(32)),
        (content) => (content['keyCheck'] = ''),
        (content) => delete content['keyCheck'],
        (content) => (content['more'] = 1),
      ]
      for (const change of changes) {
        const seal = await newSeal(type)
        await edit(seal, change)
        await refused(seal, /./)
      }
    })

    it('says so when a newer program wrote the descriptor', async () => {
      const seal = await newSeal(type)
      await edit(seal, (content) => (content['version'] = 2))
      await refused(seal, /has version 2, written by a newer trent; this one knows version 1/)
    })

    it('says so when the root key in it is not the one it was made with', async () => {
      const seal = await newSeal(type)
      await edit(seal, (content) => (content['keyCheck'] = '00'.repeat(32)))
      await refused(seal, /the root key in the seal descriptor .* is not the one of this installation \(inst-1\)/)
    })

    it('keeps root key, passphrase and key out of the descriptor', async () => {
      const seal = await newSeal(type)
      const text = await readFile(seal.descriptor, 'utf8')
      assert.ok(!text.includes(seal.root.toString('hex')) && !text.includes(seal.root.toString('base64')))
      assert.ok(!text.includes('correct horse'))
    })

    it('leaves files that only their owner may read, and no temporary ones', async () => {
      const seal = await newSeal(type)
      const names = (await readdir(seal.dataDir)).sort()
      assert.deepEqual(
        names,
        type === 'key-file' ? ['passphrase', 'seal.json', 'seal.key'] : ['passphrase', 'seal.json'],
      )
      assert.equal((await stat(seal.descriptor)).mode & 0o777, 0o600)
      if (type === 'key-file') assert.equal((await stat(seal.keyFile)).mode & 0o777, 0o400)
    })
  })
}

describe('no seal', () => {
  it('is told from a broken one', async () => {
    const { dataDir, sources } = await newPlace()
    assert.equal(await unseal(dataDir, sources), undefined)
  })
})

describe('a key file', () => {
  it('holds 64 hex digits and a line feed', async () => {
    const { keyFile } = await newSeal('key-file')
    assert.match(await readFile(keyFile, 'utf8'), /^[0-9a-f]{64}\n$/)
  })

  it('that is there already is used, in either case and with any line end', async () => {
    const digits = randomBytes(32).toString('hex')
    const place = await newPlace()
    const { dataDir, sources, keyFile } = place
    await writeFile(keyFile, digits.toUpperCase(), { mode: 0o400 })
    const created = await createSeal({ dataDir, installationId: 'inst-1', type: 'key-file', sources, random })
    for (const text of [digits, `${digits}\n`, `${digits}\r\n`]) {
      await rm(keyFile)
      await writeFile(keyFile, text, { mode: 0o400 })
      assert.deepEqual(await opened(place), created.root.insecureSecretAccess())
    }
  })

  it('that is missing, is another one, or was damaged is named with what to do', async () => {
    const seal = await newSeal('key-file')
    const replace = async (text: string | Buffer): Promise<void> => {
      await rm(seal.keyFile, { force: true })
      await writeFile(seal.keyFile, text, { mode: 0o600 })
    }
    await replace(`${'0'.repeat(64)}\n`)
    await refused(seal, /^the key file .*seal\.key is not the one of this installation \(inst-1\)$/)
    await replace(randomBytes(32))
    await refused(
      seal,
      /has the wrong size, 32 bytes; it must hold 64 hex digits and nothing else, as `openssl rand -hex 32`/,
    )
    await replace(`${'0'.repeat(64)}\n\n`)
    await refused(seal, /has the wrong size, 66 bytes/)
    await replace('')
    await refused(seal, /has the wrong size, 0 bytes/)
    await replace('0'.repeat(2000))
    await refused(seal, /is too large: 2000 bytes, at most 1024/)
    for (const character of ['g', '/', ':', '@', '`', ' ', '\0']) {
      await replace(`${'0'.repeat(63)}${character}`)
      await refused(seal, /the key file .*seal\.key is damaged/)
    }
    await rm(seal.keyFile)
    await refused(
      seal,
      /^cannot read the key file .*seal\.key: there is no such file; without it nothing here can be decrypted/,
    )
    const directory = { ...seal, sources: { ...seal.sources, keyFile: seal.dataDir } }
    await chmod(seal.dataDir, 0o700)
    await refused(directory, /is not a regular file/)
  })

  it('is refused when others may read or write it', { skip: process.platform === 'win32' }, async () => {
    const seal = await newSeal('key-file')
    for (const mode of [0o440, 0o404, 0o644, 0o620, 0o602]) {
      await chmod(seal.keyFile, mode)
      await refused(
        seal,
        new RegExp(`is open to other users \\(mode 0${mode.toString(8)}\\); run: chmod 0400 .*seal\\.key$`),
      )
    }
    await chmod(seal.keyFile, 0o600)
    assert.deepEqual(await opened(seal), seal.root)
  })

  it('opens only the installation that it was used for, even with the same bytes', async () => {
    const [one, two] = [await newSeal('key-file', 'inst-1'), await newSeal('key-file', 'inst-2')]
    await refused({ ...one, sources: two.sources }, /is not the one of this installation \(inst-1\)/)
  })

  it('that cannot be written fails with a reason and without a seal', async () => {
    const { dataDir, sources, descriptor } = await newPlace()
    const keyFile = join(dataDir, 'missing', 'seal.key')
    const made = createSeal({
      dataDir,
      installationId: 'i',
      type: 'key-file',
      sources: { ...sources, keyFile },
      random,
    })
    await assert.rejects(
      made,
      /cannot write the key file .*seal\.key: there is no such file; make its directory writable/,
    )
    await assert.rejects(stat(descriptor), { code: 'ENOENT' })
  })

  it('is known to be on the same disk as the data', async () => {
    const { dataDir, keyFile } = await newSeal('key-file')
    assert.equal(await sameDisk(dataDir, keyFile), true)
  })

  it('is known to be on another disk', { skip: process.platform !== 'linux' }, async () => {
    const { dataDir } = await newSeal('key-file')
    assert.equal(await sameDisk(dataDir, '/proc/version'), false)
  })
})

describe('a passphrase seal', () => {
  const withPassphrase = (place: Place, passphrase: PassphraseSource): Place => ({
    ...place,
    sources: { ...place.sources, passphrase },
  })

  it('does not open with another passphrase, and the error shows neither', async () => {
    const seal = await newSeal('passphrase')
    const other = await newPlace('incorrect horse')
    const wrong = { ...seal, sources: other.sources }
    await refused(wrong, /^the passphrase is wrong$/)
    const error: unknown = await unseal(wrong.dataDir, wrong.sources, cheap).catch((caught: unknown) => caught)
    assert.ok(!inspect(error, { depth: 10 }).includes('correct horse'))
    await refused({ ...seal, sources: (await newPlace('Correct horse')).sources }, /^the passphrase is wrong$/)
    await refused({ ...seal, sources: (await newPlace('correct horse ')).sources }, /^the passphrase is wrong$/)
  })

  it('does not open with a changed salt or other work', async () => {
    const changes: ((argon2id: Record<string, unknown>) => void)[] = [
      (argon2id) => (argon2id['salt'] = randomBytes(16).toString('base64')),
      (argon2id) => (argon2id['memory'] = 16),
      (argon2id) => (argon2id['passes'] = 2),
    ]
    for (const change of changes) {
      const seal = await newSeal('passphrase')
      await edit(seal, (content) => {
        const { argon2id } = content['parameters'] as { argon2id: Record<string, unknown> }
        change(argon2id)
      })
      await refused(seal, /^the passphrase is wrong$/)
    }
  })

  it('is neither made nor opened with less than 64 MiB and 3 passes', async () => {
    const { dataDir, sources } = await newPlace()
    const costs = [
      { memory: 64 * 1024 - 1, passes: 3, parallelism: 1 },
      { memory: 64 * 1024, passes: 2, parallelism: 1 },
      { memory: 64 * 1024, passes: 3, parallelism: 0 },
      { memory: 5 * 1024 * 1024, passes: 3, parallelism: 1 },
      { memory: 64 * 1024.5, passes: 3, parallelism: 1.5 },
    ]
    for (const cost of costs) {
      const made = createSeal({ dataDir, installationId: 'i', type: 'passphrase', sources, random, cost })
      await assert.rejects(
        made,
        /^SealError: argon2id with .* is refused: at least 65536 KiB and 3 passes, at most 4 GiB$/,
      )
    }
    const seal = await newSeal('passphrase')
    await assert.rejects(unseal(seal.dataDir, seal.sources), /^SealError: argon2id with 8 KiB, 1 passes .* is refused/)
  })

  it('uses 256 MiB, 3 passes and 4 lanes unless told otherwise', async () => {
    const { dataDir, sources, descriptor } = await newPlace()
    const { root } = await createSeal({ dataDir, installationId: 'i', type: 'passphrase', sources, random })
    const content = JSON.parse(await readFile(descriptor, 'utf8')) as { parameters: { argon2id: object } }
    const { salt, ...cost } = content.parameters.argon2id as Argon2Cost & { salt: string }
    assert.deepEqual(cost, { memory: 262144, passes: 3, parallelism: 4 })
    assert.equal(Buffer.from(salt, 'base64').length, 16)
    const unsealed = await unseal(dataDir, sources)
    assert.deepEqual(unsealed!.root.insecureSecretAccess(), root.insecureSecretAccess())
  })

  it('refuses a new passphrase of fewer than 8 bytes, and an empty one to open with', async () => {
    const { dataDir, sources } = await newPlace('1234567')
    const made = createSeal({ dataDir, installationId: 'i', type: 'passphrase', sources, random, cost: cheap }, cheap)
    await assert.rejects(made, /^SealError: a passphrase has at least 8 bytes$/)
    const seal = await newSeal('passphrase')
    await refused({ ...seal, sources: (await newPlace('')).sources }, /^the passphrase is empty$/)
  })

  it('takes the passphrase from an environment variable and removes it there', async () => {
    const seal = await newSeal('passphrase')
    const fromVariable = withPassphrase(seal, { kind: 'environment', variable: 'TRENT_TEST_PASSPHRASE' })
    process.env['TRENT_TEST_PASSPHRASE'] = 'correct horse'
    assert.deepEqual(await opened(fromVariable), seal.root)
    assert.equal(process.env['TRENT_TEST_PASSPHRASE'], undefined)
    await refused(fromVariable, /^the environment variable TRENT_TEST_PASSPHRASE with the passphrase is not set$/)
  })

  it('names a passphrase file that is missing or open to others', async () => {
    const seal = await newSeal('passphrase')
    const path = join(seal.dataDir, 'other')
    const fromFile = withPassphrase(seal, { kind: 'file', path })
    await refused(fromFile, /^cannot read the passphrase file .*other: there is no such file$/)
    if (process.platform === 'win32') return
    await writeFile(path, 'correct horse')
    await chmod(path, 0o644)
    await refused(
      fromFile,
      /^the passphrase file .*other is open to other users \(mode 0644\); run: chmod 0400 .*other$/,
    )
  })
})

describe('a seal that could not be written', () => {
  it('leaves nothing half done', { skip: process.platform === 'win32' }, async () => {
    const { dataDir, sources } = await newPlace()
    // The temporary file's name is taken: somebody is in the way after the key file was written.
    const broken: Random = { ...random, bytes: (size) => (size === 8 ? Buffer.alloc(8) : random.bytes(size)) }
    await writeFile(join(dataDir, 'seal.json.0000000000000000.tmp'), '')
    const made = createSeal({ dataDir, installationId: 'i', type: 'key-file', sources, random: broken })
    await assert.rejects(made, /^SealError: cannot write the seal descriptor .*seal\.json: EEXIST$/)
    await rm(join(dataDir, 'seal.json.0000000000000000.tmp'))
    assert.equal(await unseal(dataDir, sources), undefined)
    const created = await createSeal({ dataDir, installationId: 'i', type: 'key-file', sources, random })
    const unsealed = await unseal(dataDir, sources)
    assert.deepEqual(unsealed!.root.insecureSecretAccess(), created.root.insecureSecretAccess())
  })
})
