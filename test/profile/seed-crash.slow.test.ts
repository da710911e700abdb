/**
 * A server that is killed while it seeds leaves all of the seed or none. The kills close in on the moment of the commit: one that
 * left nothing is followed by a later one, one that left all by an earlier one. Until both were seen, each is further away by
 * half, because a busy machine may take any time.
 */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { launch } from '../faults/program.ts'
import { allRecords } from '../support/audit.ts'
import { run } from '../support/programs.ts'
import { cleanEnvironment, startServer, temporaryDirectory } from '../support/server.ts'
import { countKeys, seedOf } from './large-seed.ts'

const program = fileURLToPath(new URL('../../bin/trent', import.meta.url))
const kills = 6
const count = 1000

it(`is killed while it seeds, up to ${kills} times: all of the seed is there, or nothing; the next start has all`, async () => {
  const found = { nothing: 0, all: 0 }
  let early: number | undefined
  let late: number | undefined
  for (let round = 0; round < kills && (round < 3 || found.nothing === 0 || found.all === 0); round += 1) {
    const directory = temporaryDirectory()
    const data = join(directory, 'data')
    const args = ['--test-profile', '--seed', seedOf(directory, count)]
    // The installation is there before, so that only the seed is killed.
    const before = launch({ directory: data, args: ['--test-profile'] })
    await before.ready
    await before.end('SIGTERM')
    const after = between(early, late) ?? before.readyAfterMs() * 1.5
    const killed = launch({ directory: data, args })
    await sleep(after)
    await killed.end('SIGKILL')
    const verified = await run([process.execPath, program, 'storage', 'verify', '--data-dir', data], cleanEnvironment())
    assert.equal(verified.code, 0, `after ${after} ms: ${verified.stdout}${verified.stderr}`)
    const plain = await startServer({ directory: data, testProfile: true })
    const keys = await countKeys(plain)
    await plain.stop()
    assert.ok(keys === 0 || keys === count, `after ${after} ms: ${keys} keys`)
    console.log(`killed after ${Math.round(after)} ms: ${keys} keys`)
    if (keys === 0) {
      found.nothing += 1
      early = after
    } else {
      found.all += 1
      late = after
    }
    const again = await startServer({ directory: data, testProfile: true, args: args.slice(1) })
    assert.equal(await countKeys(again), count)
    await again.stop()
    const created = allRecords(data).filter((record) => record.includes('"eventName":"CreateKey"'))
    assert.equal(created.length, count)
  }
  assert.ok(found.nothing > 0 && found.all > 0, 'kills fell on both sides of the commit')
})

/** Milliseconds to wait for the kill: between the latest that was too early and the earliest that was too late. */
function between(early: number | undefined, late: number | undefined): number | undefined {
  if (early !== undefined && late !== undefined) return (early + late) / 2
  if (early !== undefined) return early * 1.5
  return late === undefined ? undefined : late / 1.5
}
