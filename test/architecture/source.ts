/** The project's own sources as the architecture tests see them: parsed, so that a word in a comment or text counts for nothing. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join, posix } from 'node:path'
import ts from 'typescript'
import { filesBelow, root } from '../../tools/check/files.ts'

/** The content of a file of the repository. */
export function textOf(path: string): string {
  return readFileSync(join(root, path), 'utf8')
}

export interface Import {
  /** As written. */
  readonly specifier: string
  /** The file it names, relative to the repository; undefined for packages and Node's modules. */
  readonly target: string | undefined
  readonly typeOnly: boolean
}

export interface Source {
  readonly path: string
  readonly lines: number
  readonly imports: readonly Import[]
  readonly tree: ts.SourceFile
}

/** All files of src, parsed. */
export function readSources(): readonly Source[] {
  return filesBelow('src')
    .filter((path) => /\.[jt]s$/.test(path))
    .map(parse)
}

function parse(path: string): Source {
  const text = textOf(path)
  const tree = ts.createSourceFile(path, text, ts.ScriptTarget.ESNext, true)
  return { path, lines: text.split('\n').length - 1, imports: importsOf(tree, path), tree }
}

/** Calls `visit` with every node of the tree. */
export function walk(node: ts.Node, visit: (node: ts.Node) => void): void {
  visit(node)
  node.forEachChild((child) => walk(child, visit))
}

/** Is there a node that `matches`? */
export function find(node: ts.Node, matches: (node: ts.Node) => boolean): boolean {
  return matches(node) || node.forEachChild((child) => find(child, matches) || undefined) === true
}

/** Static imports, re-exports, `process.getBuiltinModule()`, `import()` and `import('…')` types, and `new URL('…', import.meta.url)`, which starts threads. */
function importsOf(tree: ts.SourceFile, path: string): readonly Import[] {
  const found: Import[] = []
  const add = (specifier: ts.Node | undefined, typeOnly: boolean): void => {
    if (specifier === undefined || !ts.isStringLiteral(specifier)) return
    found.push({ specifier: specifier.text, target: targetOf(specifier.text, path), typeOnly })
  }
  walk(tree, (node) => {
    if (ts.isImportDeclaration(node)) add(node.moduleSpecifier, isTypeOnly(node))
    else if (ts.isExportDeclaration(node)) add(node.moduleSpecifier, node.isTypeOnly)
    else if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)) add(node.argument.literal, true)
    else if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword) {
      add(node.arguments[0], false)
    } else if (ts.isCallExpression(node) && node.expression.getText(tree) === 'process.getBuiltinModule') {
      add(node.arguments[0], false)
    } else if (ts.isNewExpression(node) && node.expression.getText(tree) === 'URL') {
      const [first, base] = node.arguments ?? []
      if (base?.getText(tree) === 'import.meta.url' && /\.[jt]s'/.test(first?.getText(tree) ?? '')) add(first, false)
    }
  })
  return found
}

/** `import type …`, or named imports that are all marked `type`. */
function isTypeOnly({ importClause }: ts.ImportDeclaration): boolean {
  if (importClause === undefined) return false
  if (importClause.phaseModifier === ts.SyntaxKind.TypeKeyword) return true
  const { name, namedBindings } = importClause
  return (
    name === undefined &&
    namedBindings !== undefined &&
    ts.isNamedImports(namedBindings) &&
    namedBindings.elements.every((element) => element.isTypeOnly)
  )
}

function targetOf(specifier: string, from: string): string | undefined {
  if (specifier.startsWith('.')) return posix.normalize(posix.join(posix.dirname(from), specifier))
  if (specifier.startsWith('#')) return `src/${specifier.slice(1)}`
  return undefined
}

/** The first folder below src, or the file's name for files that lie in src itself. */
export function layerOf(path: string): string {
  const part = path.split('/')[1]
  assert.ok(part !== undefined, `${path} is not below src`)
  return part
}

/** The back end's folder for folders that hold several back ends: `storage/sqlite`; else the layer. */
export function unitOf(path: string): string {
  const parts = path.split('/')
  const layer = layerOf(path)
  return ['keystores', 'storage'].includes(layer) && parts.length > 3 ? `${layer}/${parts[2] ?? ''}` : layer
}
