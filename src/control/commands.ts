/** What a running server does for its operators. */
import type { Hierarchy } from '#crypto/key-hierarchy.ts'
import type { AnchorState } from '#storage/anchor.ts'
import { millisecondsArgument } from './arguments.ts'
import { ControlError } from './control-error.ts'
import type { ReadingName, ReadingSources } from './readings.ts'
import { runReading } from './run-reading.ts'
import { sealStatus } from './seal-status.ts'
import type { SealIdentity } from './seal-status.ts'
import type { Command } from './server.ts'

export interface ControlDependencies {
  readonly dataDir: string
  readonly trailPath: string
  /** The keys' database. */
  readonly database: string
  readonly hierarchy: Hierarchy
  readonly seal: SealIdentity
  /** Undefined where the seal is no key file. */
  readonly keyFile: string | undefined
  /** Moves what waits in the outbox to the trail, so that a reader sees every acknowledged operation. */
  drain(this: void): void
  /** What the anchor remembers of database and trail. */
  anchored(this: void): AnchorState | undefined
  /** Only with the test profile: moves the clock, runs what is due then, and says what that was. */
  readonly advanceClock:
    ((milliseconds: number) => Promise<{ readonly now: string; readonly jobs: readonly string[] }>) | undefined
}

/** The commands by the names that clients call them by. */
export function controlCommands(dependencies: ControlDependencies): Readonly<Record<string, Command>> {
  const { dataDir, trailPath, database, hierarchy, seal, keyFile, drain, anchored, advanceClock } = dependencies

  function reading(name: ReadingName, verifies: boolean): Command {
    return (args, output) => {
      drain()
      const sources: ReadingSources = {
        trailPath,
        database,
        // Only who verifies needs keys.
        hierarchy: verifies ? hierarchy : undefined,
        anchored: verifies ? anchored() : undefined,
      }
      return runReading(name, args, output, sources)
    }
  }

  return {
    'audit tail': reading('audit tail', false),
    'audit show': reading('audit show', false),
    'audit verify': reading('audit verify', true),
    'storage verify': reading('storage verify', true),
    'seal status': async (_args, output) => output.item(await sealStatus(seal, dataDir, keyFile)),
    'clock advance': async (args, output) => {
      const milliseconds = millisecondsArgument(args)
      if (advanceClock === undefined) {
        throw new ControlError(
          'the clock of this server is the real one and stays so; only a server that was started with --test-profile has one that can be advanced',
        )
      }
      await output.item(await advanceClock(milliseconds))
    },
  }
}
