/** `import-seed`: a seed for an installation that is there already. */
import { isAbsolute } from 'node:path'
import { ConfigError } from '#config/config-error.ts'
import type { SeedOutcome } from '#seed/apply.ts'
import { ControlError } from './control-error.ts'
import { exitCode } from './exit-code.ts'
import { isObject } from './protocol.ts'

/** Applies the seed that the arguments name; `apply` is undefined without the test profile. Throws ControlError. */
export async function importSeed(
  args: unknown,
  apply: ((path: string) => Promise<SeedOutcome>) | undefined,
): Promise<SeedOutcome> {
  if (apply === undefined) {
    throw new ControlError('this server takes no seed; only one that was started with --test-profile does')
  }
  const { path } = isObject(args) ? args : {}
  if (typeof path !== 'string' || !isAbsolute(path))
    throw new ControlError('the argument path must be an absolute path')
  try {
    return await apply(path)
  } catch (error) {
    if (error instanceof ConfigError) throw new ControlError(error.message, exitCode.usage)
    throw error
  }
}
