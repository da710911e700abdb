/** A disk that runs full, under a start and under a running server, with both policies for the audit trail. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { TrailReader } from '#audit/reader.ts'
import { addKeys, copyDirectory, fill, requireKeys, requireWhole } from './filled.ts'
import {
  command,
  failedStart,
  killAll,
  launch,
  makeDirectory,
  readAccessKey,
  region,
  removeDirectory,
} from './program.ts'
import { createKey, errorCode, KmsWire, textOf } from './wire.ts'

const skip = canMount() ? false : 'needs the right to mount a tmpfs: run as root'

/** Runs `work` in a directory of a file system of its own. */
async function onDisk(size: string, work: (directory: string, disk: string) => Promise<void>): Promise<void> {
  const disk = makeDirectory()
  assert.equal(spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${size},mode=0700`, 'tmpfs', disk]).status, 0)
  try {
    const directory = join(disk, 'data')
    mkdirSync(directory, { mode: 0o700 })
    await work(directory, disk)
  } finally {
    await killAll()
    spawnSync('umount', ['--lazy', disk])
    removeDirectory(disk)
  }
}

function canMount(): boolean {
  const directory = makeDirectory()
  const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', directory]).status === 0
  if (mounted) spawnSync('umount', [directory])
  removeDirectory(directory)
  return mounted
}

/** Writes a file of at most `bytes` bytes: what there is room for. Answers how to remove it. */
function fillUp(disk: string, bytes: number): () => void {
  const path = join(disk, 'filler')
  let written = 0
  // In pieces of a page, so that not a page is left.
  try {
    for (let size = 1 << 20; size >= 4096; size >>= 1) {
      for (;;) {
        if (written + size > bytes) break
        try {
          writeFileSync(path, Buffer.alloc(size), { flag: 'a' })
          written += size
        } catch (error) {
          if (!(error instanceof Error && 'code' in error && error.code === 'ENOSPC')) throw error
          break
        }
      }
    }
  } finally {
    assert.ok(written > 0)
  }
  return () => rmSync(path)
}

/** Asks until the answer is a success; answers all refusals' codes. */
async function untilServed(client: KmsWire, KeyId: string | undefined): Promise<void> {
  const limit = performance.now() + 15_000
  for (;;) {
    if ((await client.code('Encrypt', { KeyId, Plaintext: 'AAAA' })) === 'success') return
    assert.ok(performance.now() < limit, 'the server did not recover')
    await sleep(100)
  }
}

function requireRecords(directory: string, ids: readonly string[]): void {
  const reader = new TrailReader(join(directory, 'trail.db'))
  try {
    for (const id of ids) assert.equal(reader.show(id).length, 1, `the records of ${id}`)
  } finally {
    reader.close()
  }
}

describe('a full disk', { skip }, () => {
  const floorless = ['--audit-min-free', '0']

  it('keeps a first start from succeeding, in words, and the next one makes the installation', async () => {
    await onDisk('64k', async (directory, disk) => {
      const end = await failedStart({ directory })
      assert.equal(end.code, 73, end.stderr)
      assert.match(end.stderr, /no space|disk is full|ENOSPC/i)
      assert.equal(spawnSync('mount', ['-o', 'remount,size=64m', disk]).status, 0)
      const filled = await fill({ directory, args: floorless })
      await requireWhole({ directory, args: floorless }, filled)
    })
  })

  it('keeps a later start from succeeding, in words, and harms nothing', async () => {
    await onDisk('24m', async (directory, disk) => {
      const original = makeDirectory()
      const filled = await fill({ directory: original })
      copyDirectory(original, directory)
      removeDirectory(original)
      const release = fillUp(disk, Infinity)
      const end = await failedStart({ directory, args: floorless })
      assert.equal(end.code, 73, end.stderr)
      assert.match(end.stderr, /no space|disk is full|ENOSPC|reading or writing failed/i)
      release()
      await requireWhole({ directory, args: floorless }, filled)
    })
  })

  it('has every request refused while its record cannot be stored, and nothing else lost', async () => {
    await onDisk('64m', async (directory, disk) => {
      const server = launch({ directory, workers: 2, args: floorless })
      const client = new KmsWire(await server.ready, readAccessKey(directory), region)
      const filled = await addKeys(client, 2)
      const told = new Map<string, string>()
      const acknowledged: string[] = []
      const release = fillUp(disk, Infinity)
      let refused = 0
      // What is left of the log's last pages may take a few more.
      for (let index = 0; index < 400; index += 1) {
        const change = index % 4 === 0
        const Description = `told ${index}`
        const answer = change
          ? await client.send('UpdateKeyDescription', { KeyId: filled.keys[0], Description })
          : await client.send('GenerateDataKey', { KeyId: filled.keys[1], KeySpec: 'AES_256' })
        if (answer.status === 200) {
          acknowledged.push(answer.headers.get('x-amzn-requestid') ?? '')
          if (change) told.set('description', Description)
        } else {
          refused += 1
          assert.equal(answer.status, 500)
          assert.equal(errorCode(answer), 'KMSInternalException')
          assert.doesNotMatch(answer.body.toString('utf8'), /Plaintext|disk|trail/)
        }
      }
      assert.ok(refused > 100, `only ${refused} requests were refused`)
      assert.equal(server.child.exitCode, null)
      release()
      await untilServed(client, filled.keys[1])
      const { KeyMetadata } = await client.call('DescribeKey', { KeyId: filled.keys[0] })
      const described = textOf(Object.fromEntries(Object.entries(KeyMetadata ?? {})), 'Description')
      assert.equal(described, told.get('description') ?? 'number 0')
      client.close()
      assert.equal((await server.end('SIGTERM')).code, 0)
      requireRecords(directory, acknowledged)
      assert.equal(command('audit', 'verify', '--data-dir', directory).code, 0)
      assert.equal(command('storage', 'verify', '--data-dir', directory).code, 0)
      await requireWhole({ directory, args: floorless }, filled)
    })
  })

  it('is noticed before it is full: by the floor of free space, also in the readiness', async () => {
    await onDisk('64m', async (directory, disk) => {
      const server = launch({ directory, args: ['--audit-min-free', '16MiB'] })
      const url = await server.ready
      const client = new KmsWire(url, readAccessKey(directory), region)
      const filled = await addKeys(client, 1)
      const release = fillUp(disk, 54 << 20)
      await sleep(2500)
      assert.equal((await fetch(`${url}/health/ready`)).status, 503)
      assert.equal((await fetch(`${url}/health/live`)).status, 200)
      assert.equal(await client.code('Encrypt', { KeyId: filled.keys[0], Plaintext: 'AAAA' }), 'KMSInternalException')
      assert.equal(await client.code('CreateKey', {}), 'KMSInternalException')
      release()
      await untilServed(client, filled.keys[0])
      await sleep(1200)
      assert.equal((await fetch(`${url}/health/ready`)).status, 200)
      await requireKeys(client, filled)
      client.close()
      assert.equal((await server.end('SIGTERM')).code, 0)
      assert.match(server.stderr(), /the audit trail refuses records/)
    })
  })

  it('is bridged by the spool, if so configured, until that is full as well; its records move to the trail', async () => {
    await onDisk('64m', async (directory, disk) => {
      const args = ['--audit-min-free', '16MiB', '--audit-on-failure', 'spool', '--audit-spool-size', '100kB']
      const server = launch({ directory, args })
      const client = new KmsWire(await server.ready, readAccessKey(directory), region)
      const filled = await addKeys(client, 1)
      const acknowledged: string[] = []
      const send = async (operation: string, body: object): Promise<string> => {
        const answer = await client.send(operation, body)
        if (answer.status === 200) acknowledged.push(answer.headers.get('x-amzn-requestid') ?? '')
        return errorCode(answer) ?? 'success'
      }
      const release = fillUp(disk, 54 << 20)
      await sleep(2500)
      const use = { KeyId: filled.keys[0], Plaintext: 'AAAA' }
      for (let index = 0; index < 20; index += 1) assert.equal(await send('Encrypt', use), 'success')
      assert.equal(await send('CreateKey', {}), 'success')
      const spool = join(directory, 'spool.jsonl')
      assert.ok(statSync(spool).size > 10_000)
      let outcome = 'success'
      for (let index = 0; index < 500 && outcome === 'success'; index += 1) outcome = await send('Encrypt', use)
      assert.equal(outcome, 'KMSInternalException')
      assert.ok(statSync(spool).size <= 100_000)
      assert.equal(await send('CreateKey', {}), 'KMSInternalException')
      release()
      await untilServed(client, filled.keys[0])
      assert.equal(statSync(spool).size, 0)
      const last = await createKey(client)
      client.close()
      assert.equal((await server.end('SIGTERM')).code, 0)
      requireRecords(directory, acknowledged)
      assert.equal(command('audit', 'verify', '--data-dir', directory).code, 0)
      await requireWhole({ directory, args }, { keys: [...filled.keys, last], blobs: filled.blobs })
    })
  })
})
