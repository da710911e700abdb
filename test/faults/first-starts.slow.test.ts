/** Many first starts at once leave one installation. */
import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { it } from 'node:test'
import { DatabaseSync } from 'node:sqlite'
import { addKeys, requireWhole } from './filled.ts'
import { launch, readAccessKey, region, withDirectory } from './program.ts'
import { KmsWire } from './wire.ts'

const starters = 100

it(`leaves one installation and one root key when ${starters} first starts begin at once`, async () => {
  await withDirectory(async (directory) => {
    // Each of them needs less memory than Node would take where there is much of it.
    const runner = [process.execPath, '--max-old-space-size=64', '--max-semi-space-size=1']
    const all = Array.from({ length: starters }, () => launch({ directory, runner }))
    const outcomes = await Promise.all(
      all.map((each) =>
        Promise.race([
          each.ready.then(
            () => 'ready' as const,
            () => 'ended' as const,
          ),
          each.ended.then(() => 'ended' as const),
        ]),
      ),
    )
    const winners = all.filter((_, index) => outcomes[index] === 'ready')
    const [winner] = winners
    assert.ok(winner !== undefined && winners.length === 1, `${winners.length} servers are ready`)
    for (const each of all) {
      if (each === winner) continue
      assert.deepEqual(await each.ended, { code: 75, signal: null }, each.stderr())
      assert.match(each.stderr(), /The data directory .* is in use by another process/)
    }
    const client = new KmsWire(await winner.ready, readAccessKey(directory), region)
    const filled = await addKeys(client, 2)
    client.close()
    assert.equal((await winner.end('SIGTERM')).code, 0)
    const db = new DatabaseSync(join(directory, 'keys.db'), { readOnly: true })
    const count = (table: string): unknown => db.prepare(`SELECT count(*) AS count FROM ${table}`).get()?.['count']
    for (const table of ['installation', 'domain_key', 'account', 'access_key']) assert.equal(count(table), 1, table)
    const id = db.prepare('SELECT id FROM installation').get()?.['id']
    db.close()
    const seal: unknown = JSON.parse(readFileSync(join(directory, 'seal.json'), 'utf8'))
    assert.ok(JSON.stringify(seal).includes(String(id)))
    const left = readdirSync(directory).filter((name) => /\.tmp$|\.new$/.test(name))
    assert.deepEqual(left, [], 'unfinished files')
    await requireWhole({ directory }, filled)
  })
})
