/**
 * DIR/test-profile says that a directory is one of tests: a server with the test profile used it. Only such a directory takes
 * a seed from a command, and it remembers which seeds it has had.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseRegion, type Region } from '#base/brand.ts'
import { writeDurably } from '#files/durable-file.ts'
import { isMissing } from '#files/file-reason.ts'
import { isObject } from '#control/protocol.ts'
import type { Random } from '#ports/edge.ts'

export interface TestMark {
  /** The installation that it is about: what a removed one left behind says nothing of the next. */
  readonly installation: string
  /** The regions that were served last. */
  readonly regions: readonly [Region, ...Region[]]
  /** What tells the seeds apart that were applied, oldest first. */
  readonly seeds: readonly string[]
}

const markFile = (dataDir: string): string => join(dataDir, 'test-profile')

/** The mark of the directory's installation, or undefined when it has none, or none that can be read. */
export function readMark(dataDir: string, installation: string): TestMark | undefined {
  let text: string
  try {
    text = readFileSync(markFile(dataDir), 'utf8')
  } catch (error) {
    if (isMissing(error)) return undefined
    throw error
  }
  const found = parsed(text)
  if (!isObject(found) || found['installation'] !== installation) return undefined
  const [first, ...rest] = textsIn(found['regions']).flatMap((each) => parseRegion(each) ?? [])
  return first === undefined ? undefined : { installation, regions: [first, ...rest], seeds: textsIn(found['seeds']) }
}

export async function writeMark(dataDir: string, mark: TestMark, random: Random): Promise<void> {
  await writeDurably(markFile(dataDir), Buffer.from(`${JSON.stringify(mark)}\n`, 'utf8'), 0o600, random)
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function textsIn(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.filter((each) => typeof each === 'string') : []
}
