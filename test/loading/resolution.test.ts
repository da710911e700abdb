/** Which modules are found by their place, and that package.json says the same. */
import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { describe, it } from 'node:test'
import { ownModule } from '#loading/resolution.js'
import { readSources } from '../architecture/source.ts'

const src = new URL('../../src/', import.meta.url).href

describe('the modules of this program', () => {
  it('are found by their place, from its own modules alone', () => {
    const from = `${src}kms/key/target.ts`
    assert.equal(ownModule('./state.ts', from), `${src}kms/key/state.ts`)
    assert.equal(ownModule('../../system.ts', from), `${src}system.ts`)
    assert.equal(ownModule('#aws/shape.ts', from), `${src}aws/shape.ts`)
    for (const [specifier, parent] of [
      ['lru-cache', from],
      ['node:crypto', from],
      ['#loading/compile-cache.js', from],
      ['./esm/index.js', new URL('../../node_modules/lru-cache/dist/index.js', import.meta.url).href],
      ['#aws/shape.ts', new URL('../support/server.ts', import.meta.url).href],
      ['./state.ts', undefined],
    ] as const) {
      assert.equal(ownModule(specifier, parent), undefined, specifier)
    }
  })

  it('are where the rules of Node.js would find them', () => {
    const manifest: unknown = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'))
    assert.ok(typeof manifest === 'object' && manifest !== null && 'imports' in manifest)
    const aliases = Object.entries(manifest.imports ?? {})
    assert.ok(aliases.length > 20)
    for (const [alias, target] of aliases) {
      assert.equal(target, `./src/${alias.slice(1)}`)
    }
    let found = 0
    for (const { path, imports } of readSources()) {
      const parent = new URL(`../../${path}`, import.meta.url).href
      for (const { specifier } of imports) {
        const own = ownModule(specifier, parent)
        if (own === undefined) continue
        assert.ok(existsSync(new URL(own)), `${path} imports ${specifier}`)
        found += 1
      }
    }
    assert.ok(found > 1000, `${found} imports`)
  })
})
