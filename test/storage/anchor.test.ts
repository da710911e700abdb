import assert from 'node:assert/strict'
import { closeSync, fstatSync, openSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { HmacKey } from '#crypto/hmac.ts'
import { AnchorError, checkAnchor, openAnchor } from '#storage/anchor.ts'
import type { AnchorState } from '#storage/anchor.ts'
import { temporaryDirectory } from './fixtures.ts'

const key = new HmacKey('sha256', Buffer.alloc(32, 3))

function state(revision: number, trailSequence = revision): AnchorState {
  const digits = revision.toString(16)
  return { revision, headDigest: digits.padStart(64, '0'), trailSequence, trailHash: digits.padStart(64, 'f') }
}

describe('the anchor', () => {
  it('is there before the database is, and remembers the last of many states', (t) => {
    const path = join(temporaryDirectory(t), 'anchor')
    const anchor = openAnchor(path, key, 'new')
    assert.equal(anchor.state.revision, 0)
    for (let revision = 1; revision <= 7; revision++) {
      anchor.write(state(revision))
      const reopened = openAnchor(path, key, 'existing')
      assert.deepEqual(reopened.state, state(revision))
      reopened.close()
    }
    anchor.write(state(7, 12))
    anchor.close()
    const reopened = openAnchor(path, key, 'existing')
    assert.deepEqual(reopened.state, state(7, 12))
    reopened.close()
  })

  it('can be read by its owner only, and does not grow', (t) => {
    const path = join(temporaryDirectory(t), 'anchor')
    const anchor = openAnchor(path, key, 'new')
    const { size, mode } = statSync(path)
    if (process.platform !== 'win32') assert.equal(mode & 0o777, 0o600)
    for (let revision = 1; revision < 10; revision++) anchor.write(state(revision))
    anchor.close()
    assert.equal(statSync(path).size, size)
  })

  it('falls back to the state before when a write was cut short', (t) => {
    const path = join(temporaryDirectory(t), 'anchor')
    const anchor = openAnchor(path, key, 'new')
    anchor.write(state(5))
    anchor.write(state(6))
    anchor.close()
    const whole = readFileSync(path)
    for (let at = 0; at < 120; at += 7) {
      for (const slot of [0, 4096]) {
        const torn = Buffer.from(whole)
        torn.fill(0, slot + at, slot + 120)
        writeFileSync(path, torn)
        const reopened = openAnchor(path, key, 'existing')
        const { revision } = reopened.state
        assert.equal(revision, whole.readBigUInt64BE(slot + 8) === 6n ? 5 : 6)
        // And goes on without harming the good slot.
        reopened.write(state(7))
        reopened.close()
        const again = openAnchor(path, key, 'existing')
        assert.equal(again.state.revision, 7)
        again.close()
      }
    }
  })

  it('is not believed when any byte of both slots was changed, or the key is another', (t) => {
    const path = join(temporaryDirectory(t), 'anchor')
    const anchor = openAnchor(path, key, 'new')
    anchor.write(state(5))
    anchor.write(state(5))
    anchor.close()
    const whole = readFileSync(path)
    for (let at = 0; at < 120; at++) {
      const edited = Buffer.from(whole)
      for (const slot of [0, 4096]) edited[slot + at] = (edited[slot + at] ?? 0) ^ 1
      writeFileSync(path, edited)
      assert.throws(
        () => openAnchor(path, key, 'existing'),
        (error) =>
          error instanceof AnchorError && error.message.includes('is damaged or belongs to another installation'),
      )
    }
    writeFileSync(path, whole)
    const other = new HmacKey('sha256', Buffer.alloc(32, 4))
    assert.throws(() => openAnchor(path, other, 'existing'), AnchorError)
    writeFileSync(path, '')
    assert.throws(() => openAnchor(path, key, 'existing'), AnchorError)
  })

  it('must be there when a database is', (t) => {
    const path = join(temporaryDirectory(t), 'anchor')
    assert.throws(
      () => openAnchor(path, key, 'existing'),
      (error) =>
        error instanceof AnchorError &&
        error.message ===
          `The anchor ${path} is missing, so it cannot be told whether the database is the latest one or an old copy. Put the file back; if it is lost, an operator has to confirm that the database is the right one.`,
    )
    assert.throws(() => statSync(path), { code: 'ENOENT' })
  })

  it('is not used for a new database when it belongs to one that is gone', (t) => {
    const path = join(temporaryDirectory(t), 'anchor')
    const anchor = openAnchor(path, key, 'new')
    anchor.close()
    // A first start that ended before the database was made is repeated.
    const again = openAnchor(path, key, 'new')
    again.write(state(3))
    again.close()
    assert.throws(
      () => openAnchor(path, key, 'new'),
      (error) => error instanceof AnchorError && error.message.includes('at revision 3, but there is no database'),
    )
  })

  it('refuses to be written once it is closed, and harms no file that got its descriptor', (t) => {
    const dir = temporaryDirectory(t)
    const anchor = openAnchor(join(dir, 'anchor'), key, 'new')
    anchor.close()
    const other = openSync(join(dir, 'other'), 'w+')
    t.after(() => closeSync(other))
    assert.throws(() => anchor.write(state(1)), { name: 'AnchorError', message: 'The anchor is closed.' })
    anchor.close()
    assert.equal(fstatSync(other).size, 0)
  })

  it('says what is wrong when it can not be created', (t) => {
    const dir = temporaryDirectory(t)
    rmSync(dir, { recursive: true })
    assert.throws(
      () => openAnchor(join(dir, 'anchor'), key, 'new'),
      (error) => error instanceof AnchorError && error.message.includes('cannot be opened or created (ENOENT)'),
    )
  })

  it('accepts its own database and later ones, nothing else', () => {
    checkAnchor(state(5), { revision: 5, digest: state(5).headDigest })
    checkAnchor(state(5), { revision: 6, digest: 'any' })
    assert.throws(
      () => checkAnchor(state(5), { revision: 4, digest: state(4).headDigest }),
      (error) =>
        error instanceof AnchorError &&
        error.message.startsWith(
          'The database is older than its anchor: it was rolled back or restored from a backup (database revision 4, anchor revision 5).',
        ),
    )
    assert.throws(
      () => checkAnchor(state(5), { revision: 5, digest: state(4).headDigest }),
      (error) =>
        error instanceof AnchorError &&
        error.message.startsWith('The database is not the one that its anchor describes: both are at revision 5'),
    )
  })
})
