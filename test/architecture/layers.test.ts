/** Who imports whom. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import manifest from '../../package.json' with { type: 'json' }
import { fewestSources, importExceptions, layers } from './rules.ts'
import { layerOf, readSources, unitOf, type Import, type Source } from './source.ts'

const sources = readSources()

/** `path: said` for every import that `judge` has something to say about. */
function complaints(judge: (source: Source, imported: Import) => string | undefined): readonly string[] {
  return sources.flatMap((source) =>
    source.imports.flatMap((imported) => {
      const said = judge(source, imported)
      return said === undefined ? [] : [`${source.path}: ${said}`]
    }),
  )
}

const isExcepted = (file: string, target: string): boolean =>
  importExceptions.some((exception) => exception.file === file && exception.target === target)

/** Does the table allow `from` to import `target`? Exceptions aside. */
function allows(from: string, target: string): boolean {
  const [own, other] = [layerOf(from), layerOf(target)]
  if (own !== other) return layers[own]?.layers.includes(other) === true
  // Back ends of one port don't know one another; what they share lies in their parent folder.
  const [unit, otherUnit] = [unitOf(from), unitOf(target)]
  return unit === otherUnit || otherUnit === own
}

describe('the layers', () => {
  it('are seen whole', () => {
    assert.ok(sources.length >= fewestSources, `${sources.length} source files were found`)
    const imports = sources.reduce((sum, source) => sum + source.imports.length, 0)
    assert.ok(imports >= 3 * sources.length, `only ${imports} imports were found in ${sources.length} files`)
  })

  it('are all in the table, and the table names no other', () => {
    assert.deepEqual([...new Set(sources.map(({ path }) => layerOf(path)))].sort(), Object.keys(layers).sort())
  })

  it('are imported from upwards only', () => {
    for (const [name, { rank, layers: others }] of Object.entries(layers)) {
      if (rank === 6) continue
      for (const other of others) {
        const otherRank = layers[other]?.rank ?? Infinity
        const pure =
          (name === 'aws' && other === 'policy') || ((name === 'aws' || name === 'records') && other === 'crypto')
        const withAws = rank === 1 && other === 'aws'
        assert.ok(otherRank < rank || pure || withAws, `${name} (rank ${rank}) may import ${other} (rank ${otherRank})`)
      }
    }
  })

  it('import what the table allows', () => {
    assert.deepEqual(
      complaints(({ path }, { target }) =>
        target === undefined || allows(path, target) || isExcepted(path, target) ? undefined : `imports ${target}`,
      ),
      [],
    )
  })

  it('need every exception', () => {
    const needed = new Set(
      sources.flatMap(({ path, imports }) =>
        imports.flatMap(({ target }) => (target === undefined || allows(path, target) ? [] : [`${path} ${target}`])),
      ),
    )
    assert.deepEqual(
      importExceptions.filter(({ file, target }) => !needed.has(`${file} ${target}`)),
      [],
    )
  })

  it('take only types from below into ports, and ports are only types', () => {
    assert.deepEqual(
      complaints(({ path }, { specifier, typeOnly }) =>
        layerOf(path) === 'ports' && !typeOnly ? `imports ${specifier} at run time` : undefined,
      ),
      [],
    )
    assert.deepEqual(
      complaints((_, { target, typeOnly, specifier }) =>
        target !== undefined && layerOf(target) === 'ports' && !typeOnly
          ? `imports ${specifier} at run time`
          : undefined,
      ),
      [],
    )
  })

  it("take Node's modules and packages where the table has them", () => {
    assert.deepEqual(
      complaints(({ path }, { specifier, target }) => {
        if (target !== undefined) return undefined
        const layer = layers[layerOf(path)]
        const allowed = specifier.startsWith('node:') ? layer?.node : layer?.packages
        return allowed?.includes(specifier) === true ? undefined : `imports ${specifier}`
      }),
      [],
    )
  })

  it('use every runtime dependency, each from one layer', () => {
    const owned = Object.values(layers).flatMap(({ packages }) => packages)
    assert.deepEqual(owned.toSorted(), Object.keys(manifest.dependencies).sort())
    const imported = new Set(sources.flatMap(({ imports }) => imports.map(({ specifier }) => specifier)))
    assert.deepEqual(
      owned.filter((name) => !imported.has(name)),
      [],
    )
  })

  it('import their own files by relative paths and others by #layer', () => {
    assert.deepEqual(
      complaints(({ path }, { specifier, target }) => {
        if (target === undefined) return undefined
        // Files in src itself have no alias.
        const own =
          layerOf(path) === layerOf(target) || layerOf(target).endsWith('.ts') || layerOf(path).endsWith('.ts')
        const aliased = layerOf(path) !== layerOf(target) && !layerOf(target).endsWith('.ts')
        if (specifier.startsWith('#')) return aliased ? undefined : `${specifier} lies in its own layer`
        return own ? undefined : `${specifier} lies in another layer`
      }),
      [],
    )
  })

  it('name files that exist, with their extension', () => {
    const known = new Set(sources.map(({ path }) => path))
    assert.deepEqual(
      complaints((_, { specifier, target }) =>
        target === undefined || known.has(target) ? undefined : `${specifier} is no source file`,
      ),
      [],
    )
  })

  it('have no cycles, types included', () => {
    assert.deepEqual(cycles(), [])
  })

  it('have an alias each in package.json', () => {
    const aliases = Object.keys(manifest.imports).map((alias) => alias.slice(1, -2))
    const folders = Object.keys(layers).filter((name) => !name.endsWith('.ts'))
    assert.deepEqual(aliases.sort(), folders.sort())
  })
})

/** Every cycle that a depth-first walk closes, as `a -> b -> a`. */
function cycles(): readonly string[] {
  const targets = new Map(sources.map(({ path, imports }) => [path, imports.flatMap(({ target }) => target ?? [])]))
  const done = new Set<string>()
  const path: string[] = []
  const found: string[] = []
  const visit = (file: string): void => {
    const at = path.indexOf(file)
    if (at >= 0) {
      found.push([...path.slice(at), file].join(' -> '))
      return
    }
    if (done.has(file)) return
    path.push(file)
    for (const target of targets.get(file) ?? []) visit(target)
    path.pop()
    done.add(file)
  }
  for (const { path: start } of sources) visit(start)
  return found
}
