import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { ConfigError } from '#config/config-error.ts'
import { loadSettings } from '#config/load-settings.ts'
import type { Machine } from '#config/options.ts'
import type { Environment, Flags } from '#config/sources.ts'

export const machine: Machine = { cwd: '/srv', cores: 4, platform: 'linux', interactive: false }

/** The problems of a start with these settings; none when it is all right. */
export async function problemsOf(
  flags: Flags,
  environment: Environment = {},
  on = machine,
): Promise<readonly string[]> {
  try {
    await loadSettings(flags, environment, on)
    return []
  } catch (error) {
    if (error instanceof ConfigError) return error.problems
    throw error
  }
}

/** A configuration file that is removed at the end of the test. */
export function configurationFile(t: TestContext, text: string): string {
  const dir = mkdtempSync(join(tmpdir(), 'trent-config-'))
  t.after(() => rmSync(dir, { recursive: true, force: true }))
  const path = join(dir, 'trent.yaml')
  writeFileSync(path, text)
  return path
}
