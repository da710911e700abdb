/** Sizes, names, comments and words of the files themselves. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import ts from 'typescript'
import { filesBelow, sourceFiles } from '../../tools/check/files.ts'
import { fewestSources, forbiddenWords, maximumLines, tables } from './rules.ts'
import { layerOf, readSources, textOf } from './source.ts'

const sources = readSources()

describe('source files', () => {
  it(`have at most ${maximumLines} lines, tables of data aside`, () => {
    const long = sources.filter(({ lines }) => lines > maximumLines).map(({ path }) => path)
    assert.deepEqual(long, Object.keys(tables))
  })

  it('have a median under 120 lines', () => {
    const sizes = sources.map(({ lines }) => lines).sort((a, b) => a - b)
    assert.ok((sizes[sizes.length >> 1] ?? Infinity) < 120, `the median is ${sizes[sizes.length >> 1]} lines`)
  })

  it('begin with what they are for', () => {
    // Files of at most one thing may leave it to that thing's own comment, which then is the first of the file.
    const silent = sources.filter(({ path }) => !/\/\*\*|\/\//.test(textOf(path))).map(({ path }) => path)
    assert.deepEqual(silent, [])
  })

  it('explain every exported name of the ports and the AWS vocabulary', () => {
    const explained = new Set(['ports', 'aws'])
    const missing = sources
      .filter(({ path }) => explained.has(layerOf(path)))
      .flatMap(({ path, tree }) => undocumented(tree).map((name) => `${path}: ${name}`))
    assert.deepEqual(missing, [])
  })
})

/** Exported declarations without a doc comment. One comment serves all overloads, and a group of constants without a gap. */
function undocumented(tree: ts.SourceFile): readonly string[] {
  const explained = new Set<string>()
  const missing: string[] = []
  let previous: ts.Statement | undefined
  for (const statement of tree.statements) {
    const names = exportedNames(statement)
    const attached =
      previous !== undefined && ts.isVariableStatement(statement) && isNextLine(previous, statement, tree)
    const follows = attached && previous !== undefined && exportedNames(previous).some((name) => explained.has(name))
    if (ts.getJSDocCommentsAndTags(statement).length > 0 || follows) for (const name of names) explained.add(name)
    else missing.push(...names)
    previous = statement
  }
  return missing.filter((name) => !explained.has(name))
}

function exportedNames(statement: ts.Statement): readonly string[] {
  const modifiers = ts.canHaveModifiers(statement) ? (ts.getModifiers(statement) ?? []) : []
  if (!modifiers.some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword)) return []
  if (ts.isVariableStatement(statement)) return statement.declarationList.declarations.map(({ name }) => name.getText())
  if (
    ts.isFunctionDeclaration(statement) ||
    ts.isClassDeclaration(statement) ||
    ts.isInterfaceDeclaration(statement) ||
    ts.isTypeAliasDeclaration(statement)
  ) {
    return [statement.name?.text ?? 'default']
  }
  return []
}

function isNextLine(first: ts.Statement, second: ts.Statement, tree: ts.SourceFile): boolean {
  const lineOf = (position: number): number => tree.getLineAndCharacterOfPosition(position).line
  return lineOf(second.getStart(tree)) === lineOf(first.getEnd()) + 1
}

describe('file names', () => {
  const all = sourceFiles()

  it('are seen whole', () => {
    assert.ok(all.length >= fewestSources, `${all.length} files were found`)
  })

  it('are in kebab case', () => {
    const wrong = all.filter((path) => {
      const [name = '', ...folders] = path.split('/').reverse()
      const isKebab = (text: string): boolean => /^[a-z0-9]+(-[a-z0-9]+)*$/.test(text)
      return !isKebab(name.replace(/((\.slow)?\.test|\.d)?\.[jt]s$/, '')) || !folders.every(isKebab)
    })
    assert.deepEqual(wrong, [])
  })

  it('name a thing, not a drawer', () => {
    const drawers = all.filter((path) => path.split(/[/.-]/).some((word) => forbiddenWords.includes(word)))
    assert.deepEqual(drawers, [])
  })
})

describe('the words of the project', () => {
  const binary = /\.(png|ico|db|gz|woff2?)$/
  const texts = filesBelow('')
    .filter((path) => !binary.test(path))
    .map((path) => ({ path, text: textOf(path) }))

  function filesNaming(pattern: RegExp, except: readonly string[] = []): readonly string[] {
    return texts.filter(({ path, text }) => !except.includes(path) && pattern.test(text)).map(({ path }) => path)
  }

  it('hold no promises for later and no silenced compiler', () => {
    const marks = new RegExp(
      ['TO' + 'DO', 'FIX' + 'ME', 'for' + ' now', '@ts-' + 'ignore', '@ts-' + 'nocheck'].join('\\b|\\b'),
    )
    assert.deepEqual(
      filesNaming(marks).filter((path) => path.endsWith('.ts')),
      [],
    )
  })

  it('hold no cast through unknown', () => {
    const cast = new RegExp('as unknown ' + 'as ')
    assert.deepEqual(
      filesNaming(cast).filter((path) => path.endsWith('.ts')),
      [],
    )
  })

  it('name no path of a developer’s machine and no registry', () => {
    const machine = new RegExp(['/wo' + 'rk/', '/ho' + 'me/\\w', '/Use' + 'rs/\\w', '/ro' + 'ot/'].join('|'))
    const registry = new RegExp(
      [
        'registry\\.npm' + 'js',
        'npm\\.pkg\\.git' + 'hub',
        'verdac' + 'cio',
        'artif' + 'actory',
        '_auth' + 'Token',
      ].join('|'),
    )
    const temporary = new RegExp('[\'"`]/tm' + 'p/')
    assert.deepEqual(filesNaming(machine), [])
    assert.deepEqual(
      filesNaming(temporary).filter((path) => path.endsWith('.ts')),
      [],
    )
    assert.deepEqual(filesNaming(registry), [])
  })
})
