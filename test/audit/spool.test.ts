import assert from 'node:assert/strict'
import { copyFileSync, readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { IntegrityError } from '#base/integrity-error.ts'
import { Spool } from '#audit/spool.ts'
import { TrailReader } from '#audit/reader.ts'
import { chainKey, openTrail, pageOf, parsed, temporaryDirectory } from './fixtures.ts'

function openSpool(directory: string, lastMovedId = 0, maxBytes = 100_000): Spool {
  return new Spool({ path: join(directory, 'spool.jsonl'), maxBytes, chainKey: chainKey(), lastMovedId })
}

function moved(spool: Spool): [number, string][] {
  const batches: [number, string][] = []
  spool.move((id, page) => batches.push([id, Buffer.from(page.bytes).toString()]))
  return batches
}

function spoolOfThree(directory: string): string {
  const spool = openSpool(directory)
  spool.append([pageOf(['{"a":1}', '{"a":2}'], 10, 20)])
  spool.append([pageOf(['{"a":3}'], 10), pageOf(['{"é":4}'], 10)])
  spool.close()
  return join(directory, 'spool.jsonl')
}

describe('the spool', () => {
  it('hands out what waits in order, once, also after it was opened again', () => {
    const directory = temporaryDirectory()
    const path = spoolOfThree(directory)
    assert.equal(statSync(path).mode & 0o777, 0o600)
    const spool = openSpool(directory)
    assert.equal(spool.waiting, 3)
    const expected = [
      [1, '{"a":1}\n{"a":2}\n'],
      [2, '{"a":3}\n'],
      [3, '{"é":4}\n'],
    ]
    assert.deepEqual(moved(spool), expected)
    assert.deepEqual(moved(spool), [])
    assert.equal(statSync(path).size, 0)
    spool.append([pageOf(['{"a":5}'], 1)])
    assert.deepEqual(moved(spool), [[4, '{"a":5}\n']])
    spool.close()
  })

  it('is made of JSON lines', () => {
    const lines = readFileSync(spoolOfThree(temporaryDirectory()), 'utf8').trimEnd().split('\n')
    assert.equal(lines.length, 7)
    for (const line of lines) assert.doesNotThrow(() => parsed(line))
  })

  it('goes on after the last batch that the trail has', () => {
    const directory = temporaryDirectory()
    spoolOfThree(directory)
    const spool = openSpool(directory, 3)
    assert.equal(spool.waiting, 0)
    spool.append([pageOf(['{"a":9}'], 1)])
    assert.deepEqual(moved(spool), [[4, '{"a":9}\n']])
    spool.close()
  })

  it('begins at the front again when the trail failed in between', () => {
    const directory = temporaryDirectory()
    spoolOfThree(directory)
    const spool = openSpool(directory)
    const seen: number[] = []
    assert.throws(() =>
      spool.move((id) => {
        seen.push(id)
        if (id === 2) throw new Error('disk')
      }),
    )
    spool.append([pageOf(['{"a":5}'], 1)])
    assert.deepEqual(
      moved(spool).map(([id]) => id),
      [1, 2, 3, 4],
    )
    assert.deepEqual(seen, [1, 2])
    spool.close()
  })

  it('is moved into the trail exactly once when the process dies before the file is emptied', () => {
    const directory = temporaryDirectory()
    const path = spoolOfThree(directory)
    copyFileSync(path, `${path}.before`)
    const trail = openTrail(directory)
    const spool = openSpool(directory, trail.lastSpoolId)
    spool.move((id, page) => trail.appendSpooled(id, page))
    spool.close()
    trail.close()
    copyFileSync(`${path}.before`, path)
    const again = openTrail(directory)
    assert.equal(again.lastSpoolId, 3)
    const second = openSpool(directory, 2)
    second.move((id, page) => again.appendSpooled(id, page))
    second.close()
    assert.equal(again.head().seq, 4)
    again.close()
    const reader = new TrailReader(join(directory, 'trail.db'))
    assert.deepEqual(
      reader.after(0, 10).records.map((each) => each.record),
      ['{"a":1}', '{"a":2}', '{"a":3}', '{"é":4}'],
    )
    reader.close()
  })

  it('cuts off a batch that was not finished, wherever it ends', () => {
    const directory = temporaryDirectory()
    const path = spoolOfThree(directory)
    const whole = readFileSync(path)
    const third = whole.lastIndexOf('{"spooled":3')
    for (let size = third; size < whole.length; size++) {
      writeFileSync(path, whole)
      truncateSync(path, size)
      const spool = openSpool(directory)
      assert.equal(spool.waiting, 2)
      assert.equal(spool.bytes, third)
      spool.close()
    }
  })

  it('refuses what was changed', () => {
    const directory = temporaryDirectory()
    const path = spoolOfThree(directory)
    const whole = readFileSync(path, 'utf8')
    const second = whole.indexOf('{"spooled":2')
    const third = whole.indexOf('{"spooled":3')
    const edits = [
      whole.replace('"a":3', '"a":4'),
      whole.replace('"minMs":10', '"minMs":11'),
      whole.replace('"spooled":3', '"spooled":4'),
      whole.slice(0, second) + whole.slice(third),
      whole.replace('{"spooled":1', '["spooled":1'),
    ]
    for (const edit of edits) {
      writeFileSync(path, edit)
      assert.throws(() => openSpool(directory), IntegrityError)
      assert.equal(readFileSync(path, 'utf8'), edit, 'nothing is thrown away')
    }
  })

  it('is bounded, and takes all of a flush or nothing', () => {
    const directory = temporaryDirectory()
    const spool = openSpool(directory, 0, 1000)
    const page = pageOf([`{"text":"${'x'.repeat(300)}"}`], 1)
    spool.append([page])
    assert.throws(() => spool.append([page, page]), /the spool .*spool\.jsonl is full \(\d+ of at most 1000 bytes\)/)
    spool.append([page])
    assert.equal(spool.waiting, 2)
    spool.close()
    assert.equal(statSync(join(directory, 'spool.jsonl')).size <= 1000, true)
  })
})
