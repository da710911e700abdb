/** The configuration file: YAML, one level of keys that are the names of the options. */
import { readFileSync } from 'node:fs'
import type { ConfigurationFile } from './yaml-settings.ts'

/** What stands in the file at `path`. Whether the names are known is not asked here. */
export async function readConfigurationFile(path: string, namedBy: string): Promise<ConfigurationFile> {
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : ''
    const reason = code === 'ENOENT' ? 'there is no such file' : code === 'EACCES' ? 'permission denied' : code
    return {
      entries: [],
      problems: [`${namedBy}: cannot read ${path}: ${reason}; name a YAML file that trent may read`],
    }
  }
  // Loading the parser takes longer than everything else here: only those who have a file wait for it.
  const { parseConfiguration } = await import('./yaml-settings.ts')
  return parseConfiguration(text, path)
}
