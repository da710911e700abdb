/** YAML (and JSON, which is a part of it) as a tree in which everything knows its place in the file. */
import { isMap, isScalar, isSeq, LineCounter, parseAllDocuments } from 'yaml'
import type { Node } from 'yaml'

/** What stands at one place; `at` is the offset in the text. */
export type Tree =
  /** `text` as it was written, so that the account id 012345678901 is no number; `value` as YAML understands it. */
  | {
      readonly kind: 'text'
      readonly at: number
      readonly text: string
      readonly value: string | number | boolean
    }
  | { readonly kind: 'nothing'; readonly at: number }
  | { readonly kind: 'list'; readonly at: number; readonly items: readonly Tree[] }
  | { readonly kind: 'map'; readonly at: number; readonly entries: readonly TreeEntry[] }

export interface TreeEntry {
  readonly name: string
  readonly at: number
  readonly value: Tree
}

export interface TreeFile {
  /** Undefined when it could not be read: the problems say why. */
  readonly tree: Tree | undefined
  readonly problems: readonly string[]
  /** `FILE:LINE:COLUMN` of an offset. */
  place(at: number): string
}

// More is a mistake, and a recursion.
const deepest = 32

/** Reads `text`, the content of the file at `path`. */
export function readTree(text: string, path: string): TreeFile {
  const lineCounter = new LineCounter()
  const place = (at: number): string => {
    const { line, col } = lineCounter.linePos(at)
    return `${path}:${line}:${col}`
  }
  const failed = (...problems: readonly string[]): TreeFile => ({ tree: undefined, problems, place })
  const documents = parseAllDocuments(text, { lineCounter, prettyErrors: false })
  const [document, second] = 'empty' in documents ? [] : documents
  if (document === undefined) return { tree: { kind: 'nothing', at: 0 }, problems: [], place }
  if (second !== undefined) return failed(`${place(second.range[0])}: a second YAML document; put all into the first`)
  const faults = [...document.errors, ...document.warnings]
  if (faults.length > 0) {
    return failed(...faults.map(({ pos, message }) => `${place(pos[0])}: this is not YAML: ${message}`))
  }
  const problems: string[] = []

  function treeOf(node: Node | null, near: number, depth: number): Tree {
    const at = node?.range?.[0] ?? near
    if (node === null) return { kind: 'nothing', at }
    if (depth > deepest) {
      problems.push(`${place(at)}: more than ${deepest} levels; write it flatter`)
      return { kind: 'nothing', at }
    }
    if (isMap<Node, Node | null>(node)) {
      const entries: TreeEntry[] = []
      for (const { key, value } of node.items) {
        const keyAt = key.range?.[0] ?? at
        if (isScalar(key) && key.value !== null) {
          entries.push({ name: textOf(key.value, key.source), at: keyAt, value: treeOf(value, keyAt, depth + 1) })
        } else problems.push(`${place(keyAt)}: a name is missing; write lines such as "name: value"`)
      }
      return { kind: 'map', at, entries }
    }
    if (isSeq<Node>(node)) return { kind: 'list', at, items: node.items.map((item) => treeOf(item, at, depth + 1)) }
    if (!isScalar(node)) {
      problems.push(`${place(at)}: a reference to another place (*); write the value itself`)
      return { kind: 'nothing', at }
    }
    const { value, source } = node
    if (value === null) return { kind: 'nothing', at }
    const understood = typeof value === 'number' || typeof value === 'boolean' ? value : textOf(value, source)
    return { kind: 'text', at, text: textOf(value, source), value: understood }
  }

  const tree = treeOf(document.contents, 0, 0)
  return problems.length > 0 ? failed(...problems) : { tree, problems, place }
}

function textOf(value: unknown, source: string | undefined): string {
  return typeof value === 'string' ? value : (source ?? String(value))
}

/** The value of a tree as JSON has it. */
export function plainValue(tree: Tree): unknown {
  switch (tree.kind) {
    case 'text':
      return tree.value
    case 'nothing':
      return null
    case 'list':
      return tree.items.map(plainValue)
    case 'map':
      return Object.fromEntries(tree.entries.map(({ name, value }) => [name, plainValue(value)]))
  }
}
