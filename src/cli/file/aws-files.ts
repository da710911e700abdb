import { readFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { errorCode } from './error-code.ts'
import { FileError } from './errors.ts'

/** The environment variables, as `process.env` has them, without empty ones. */
export type Environment = Readonly<Record<string, string | undefined>>

/**
 * The certificates to trust instead of the system's, in PEM: from `AWS_CA_BUNDLE` or from `ca_bundle` of the profile.
 * The AWS CLI and boto3 read these, the AWS SDK for JavaScript does not.
 * Throws FileError `ca-bundle` when the file cannot be read.
 */
export async function trustedCertificates(environment: Environment): Promise<string | undefined> {
  const path = environment['AWS_CA_BUNDLE'] ?? (await profileSetting(environment, 'ca_bundle'))
  if (path === undefined) return undefined
  try {
    return await readFile(path.startsWith('~/') ? join(homedir(), path.slice(2)) : path, 'utf8')
  } catch (error) {
    throw new FileError(
      'ca-bundle',
      `cannot read the CA bundle ${path} (${errorCode(error) ?? 'error'}): check AWS_CA_BUNDLE or ca_bundle in the AWS config file`,
      error,
    )
  }
}

/** A top-level setting of the chosen profile in the AWS config file, or undefined. */
async function profileSetting(environment: Environment, name: string): Promise<string | undefined> {
  const path = environment['AWS_CONFIG_FILE'] ?? join(homedir(), '.aws', 'config')
  let text: string
  try {
    text = await readFile(path, 'utf8')
  } catch (error) {
    // Without a config file there is no setting; the SDK reports what it misses itself.
    if (errorCode(error) === 'ENOENT' || errorCode(error) === 'EACCES' || errorCode(error) === 'EISDIR')
      return undefined
    throw error
  }
  return settingOf(text, environment['AWS_PROFILE'] ?? 'default', name)
}

/**
 * The value of `name` for `profile` in the text of an AWS config file: sections `[default]` and `[profile NAME]`, comments
 * from `#` or `;`, and indented lines belong to the setting above them.
 * https://docs.aws.amazon.com/sdkref/latest/guide/file-format.html
 */
export function settingOf(text: string, profile: string, name: string): string | undefined {
  let inside = false
  let found: string | undefined
  for (const line of text.split(/\r?\n/)) {
    const section = /^\s*\[\s*(.*?)\s*\]/.exec(line)?.[1]
    if (section !== undefined) inside = section.replace(/^profile\s+/, '') === profile || section === profile
    else if (inside && !/^(?:\s|#|;)/.test(line)) {
      const [, key, value] = /^([^=]+?)\s*=\s*(.*?)(?:\s+[#;].*)?$/.exec(line) ?? []
      if (key === name && value !== undefined && value !== '') found = value
    }
  }
  return found
}
