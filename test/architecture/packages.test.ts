/** What is installed: exact versions, no scripts at installation, no host that a lock file would tie a build to. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { textOf } from './source.ts'

interface Manifest {
  readonly dependencies: Readonly<Record<string, string>>
  readonly devDependencies: Readonly<Record<string, string>>
  readonly optionalDependencies: Readonly<Record<string, string>>
  readonly scripts: Readonly<Record<string, string>>
}
interface Lock {
  readonly packages: Readonly<Record<string, Readonly<Record<string, unknown>>>>
}

const manifest = JSON.parse(textOf('package.json')) as Manifest
const lock = JSON.parse(textOf('package-lock.json')) as Lock
const locked = Object.entries(lock.packages).filter(([path]) => path !== '')
const named = { ...manifest.dependencies, ...manifest.devDependencies, ...manifest.optionalDependencies }

describe('dependencies', () => {
  it('are named with exact versions', () => {
    assert.ok(Object.keys(named).length >= 15, 'the manifest names fewer packages than it should')
    const loose = Object.entries(named).filter(([, version]) => !/^\d+\.\d+\.\d+(-[\w.]+)?$/.test(version))
    assert.deepEqual(loose, [])
  })

  it('are locked at those versions', () => {
    for (const [name, version] of Object.entries(named)) {
      assert.equal(lock.packages[`node_modules/${name}`]?.['version'], version, name)
    }
  })

  it('are locked with a checksum and without an address', () => {
    assert.ok(locked.length >= 100, `${locked.length} packages are locked`)
    assert.deepEqual(
      locked.filter(([, entry]) => 'resolved' in entry).map(([path]) => path),
      [],
    )
    assert.deepEqual(
      locked.filter(([, entry]) => typeof entry['integrity'] !== 'string').map(([path]) => path),
      [],
    )
  })

  it('run nothing at installation', () => {
    assert.deepEqual(
      locked.filter(([, entry]) => entry['hasInstallScript'] === true).map(([path]) => path),
      [],
    )
    const own = Object.keys(manifest.scripts).filter((name) => /^(pre|post)?(install|prepare|publish|pack)/.test(name))
    assert.deepEqual(own, [])
  })

  it('pin one runtime for every platform', () => {
    assert.deepEqual([...new Set(Object.values(manifest.optionalDependencies))], ['26.10.0'])
  })
})
