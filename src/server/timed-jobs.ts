/** The jobs on keys by the clock, one after the other. A start doesn't wait for them to be loaded. */
import { createSoftwareKeyStore } from '#keystores/software/key-store.ts'
import type { Clock, Random } from '#ports/edge.ts'
import { systemKeyPairs } from '../system.ts'
import { describeError } from './describe-error.ts'
import { createExpiryJob } from './expiry-job.ts'
import type { OpenInstallation } from './installation.ts'
import { createDeletionJob } from './jobs.ts'
import type { Logger } from './log.ts'
import { createRotationJob } from './rotation-job.ts'
import type { Writer } from './writer.ts'

export interface JobParts {
  readonly installation: Pick<OpenInstallation, 'reader' | 'hierarchy'>
  readonly writer: Writer
  readonly clock: Clock
  readonly random: Random
  readonly log: Logger
}

/** Runs all that is due, and says what was done, a line each. */
export type RunJobs = () => Promise<readonly string[]>

export function createTimedJobs({ installation, writer, clock, random, log }: JobParts): RunJobs {
  const { hierarchy, reader: storage } = installation
  const report = (what: string, error: unknown): void => log.error({ error: describeError(error) }, what)
  const common = { storage, writer, clock, random, report }
  const deletion = createDeletionJob(common)
  const expiry = createExpiryJob(common)
  const keyStore = createSoftwareKeyStore({ hierarchy, random, keyPairs: systemKeyPairs })
  const rotation = createRotationJob({ ...common, keyStore })
  return async () => {
    const deleted = await deletion.run()
    if (deleted > 0) log.info({ deleted }, 'keys were deleted at the end of their waiting period')
    const expired = await expiry.run()
    if (expired > 0) log.info({ expired }, 'imported key materials were deleted because they had expired')
    const rotated = await rotation.run()
    if (rotated > 0) log.info({ rotated }, 'keys were rotated')
    return [
      ...(deleted > 0 ? [`deleted ${deleted} key${deleted === 1 ? '' : 's'}`] : []),
      ...(expired > 0 ? [`deleted ${expired} expired key material${expired === 1 ? '' : 's'}`] : []),
      ...(rotated > 0 ? [`rotated ${rotated} key${rotated === 1 ? '' : 's'}`] : []),
    ]
  }
}
