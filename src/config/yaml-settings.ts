/** Reading YAML as settings, with the place of each. */
import { isMap, isScalar, isSeq, LineCounter, parseAllDocuments } from 'yaml'
import type { Document, Node } from 'yaml'

export interface FileEntry {
  readonly name: string
  /** More than one for a list. */
  readonly texts: readonly string[]
  /** `FILE:LINE:COLUMN` of its key. */
  readonly where: string
}

export interface ConfigurationFile {
  readonly entries: readonly FileEntry[]
  readonly problems: readonly string[]
}

/** What stands in `text`, the content of `path`. Whether the names are known is not asked here. */
export function parseConfiguration(text: string, path: string): ConfigurationFile {
  const lineCounter = new LineCounter()
  const place = (offset: number): string => {
    const { line, col } = lineCounter.linePos(offset)
    return `${path}:${line}:${col}`
  }
  const documents = parseAllDocuments(text, { lineCounter, prettyErrors: false })
  const [document, second] = 'empty' in documents ? [] : documents
  if (document === undefined) return { entries: [], problems: [] }
  if (second !== undefined) {
    return {
      entries: [],
      problems: [`${place(second.range[0])}: a second YAML document; put all settings into the first`],
    }
  }
  const faults = [...document.errors, ...document.warnings]
  if (faults.length > 0) {
    return {
      entries: [],
      problems: faults.map(({ pos, message }) => `${place(pos[0])}: this is not YAML: ${message}`),
    }
  }
  const { contents } = document
  if (contents === null || (isScalar(contents) && contents.value === null)) return { entries: [], problems: [] }
  if (!isMap<Node, Node | null>(contents)) {
    return {
      entries: [],
      problems: [`${place(contents.range[0])}: settings are lines such as "listen: 127.0.0.1:8736"`],
    }
  }
  const entries: FileEntry[] = []
  const problems: string[] = []
  for (const { key, value } of contents.items) {
    const where = place(key.range[0])
    const name = textOf(document, key)
    if (name === undefined) {
      problems.push(`${where}: a setting has a plain name; write lines such as "listen: 127.0.0.1:8736"`)
      continue
    }
    const texts = textsOf(document, value)
    if (texts === undefined)
      problems.push(`${where}: ${name} is neither a value nor a list of values; write ${name}: VALUE`)
    else if (texts.length === 0) problems.push(`${where}: ${name} has no value; write one, or remove the line`)
    else entries.push({ name, texts, where })
  }
  return { entries, problems }
}

function textsOf(document: Document.Parsed, value: Node | null): readonly string[] | undefined {
  const node = value !== null && 'resolve' in value ? value.resolve(document) : value
  if (node === null || (isScalar(node) && node.value === null)) return []
  if (!isSeq<Node>(node)) {
    const text = node === undefined ? undefined : textOf(document, node)
    return text === undefined ? undefined : [text]
  }
  const texts = node.items.map((item) => textOf(document, item))
  return texts.every((text) => text !== undefined) ? texts : undefined
}

/** The text as it was written: the account id 012345678901 is no number. */
function textOf(document: Document.Parsed, node: Node): string | undefined {
  const resolved = 'resolve' in node ? node.resolve(document) : node
  if (!isScalar(resolved) || resolved.value === null) return undefined
  return typeof resolved.value === 'string' ? resolved.value : resolved.source
}
