/** The omissions that the declaration of an operation turns into compile errors, each for the reason it is meant to have. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { before, describe, it } from 'node:test'
import ts from 'typescript'
import { root } from '../../tools/check/files.ts'

const fixture = join(root, 'test/architecture/fixtures/declarations.ts')
const marker = /^( *)\/\/ @ts-expect-error (TS\d+): (.+)$/
const lines = readFileSync(fixture, 'utf8').split('\n')
const cases = lines.flatMap((line, index) => {
  const [, , code, reason] = marker.exec(line) ?? []
  return code === undefined || reason === undefined ? [] : [{ code, reason, line: index + 1 }]
})

/** `TS2322` by the line (from 0) that the compiler complains of, with the markers turned into ordinary comments. */
function complaints(): ReadonlyMap<number, string> {
  const file = ts.readConfigFile(join(root, 'tsconfig.json'), (path) => ts.sys.readFile(path))
  const { options } = ts.parseJsonConfigFileContent(file.config, ts.sys, root)
  const host = ts.createCompilerHost(options)
  const read = host.readFile.bind(host)
  const unmarked = lines.map((line) => line.replace('@ts-expect-error', 'refused:')).join('\n')
  host.readFile = (path) => (path === fixture ? unmarked : read(path))
  host.getSourceFile = (path, target) => {
    const text = host.readFile(path)
    return text === undefined ? undefined : ts.createSourceFile(path, text, target)
  }
  const program = ts.createProgram([fixture], options, host)
  const source = program.getSourceFile(fixture)
  assert.ok(source !== undefined && dirname(source.fileName) === dirname(fixture))
  return new Map(
    program
      .getSemanticDiagnostics(source)
      .map(({ start, code }) => [source.getLineAndCharacterOfPosition(start ?? 0).line, `TS${code}`]),
  )
}

describe('the declaration of an operation', () => {
  let found: ReadonlyMap<number, string> = new Map()
  before(() => {
    found = complaints()
  })

  it('has all its cases', () => {
    assert.ok(cases.length >= 11, `${cases.length} cases`)
  })

  for (const { code, reason, line } of cases) {
    it(`is refused by the compiler: ${reason}`, () => {
      assert.equal(found.get(line), code)
    })
  }

  it('is refused for nothing else', () => {
    assert.deepEqual(
      [...found.keys()].sort((a, b) => a - b),
      cases.map(({ line }) => line),
    )
  })
})
