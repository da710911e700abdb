/** What a running server does for its operators. */
import type { Hierarchy } from '#crypto/key-hierarchy.ts'
import type { AnchorState } from '#storage/anchor.ts'
import { accountCommandNames, runAccountCommand, type AccountSources } from './accounts.ts'
import { millisecondsArgument } from './arguments.ts'
import { ControlError } from './control-error.ts'
import type { SeedOutcome } from '#seed/apply.ts'
import type { FaultDesk } from '#server/fault-desk.ts'
import { faultCommandNames, runFaultCommand } from './faults.ts'
import { needsKeys, type ReadingName } from './reading-names.ts'
import type { ReadingSources } from './readings.ts'
import { runReading } from './run-reading.ts'
import { importSeed } from './import-seed.ts'
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
  readonly accounts: AccountSources
  /** What the anchor remembers of database and trail. */
  anchored(this: void): AnchorState | undefined
  /** Only with the test profile: moves the clock, runs what is due then, and says what that was. */
  readonly advanceClock:
    ((milliseconds: number) => Promise<{ readonly now: string; readonly jobs: readonly string[] }>) | undefined
  /** Only with the test profile. */
  readonly faults: FaultDesk | undefined
  /** Only with the test profile: applies the seed in a file, by its absolute path. */
  readonly applySeed: ((path: string) => Promise<SeedOutcome>) | undefined
}

/** The commands by the names that clients call them by. */
export function controlCommands(dependencies: ControlDependencies): Readonly<Record<string, Command>> {
  const {
    dataDir,
    trailPath,
    database,
    hierarchy,
    seal,
    keyFile,
    drain,
    anchored,
    accounts,
    advanceClock,
    faults,
    applySeed,
  } = dependencies

  function reading(name: ReadingName): Command {
    return (args, output) => {
      drain()
      const sources: ReadingSources = {
        trailPath,
        database,
        // Only who verifies needs keys.
        hierarchy: needsKeys[name] ? hierarchy : undefined,
        anchored: needsKeys[name] ? anchored() : undefined,
      }
      return runReading(name, args, output, sources)
    }
  }

  const administration = Object.fromEntries(
    accountCommandNames.map((name): [string, Command] => [
      name,
      async (args, output) => {
        for (const item of await runAccountCommand(name, args, accounts)) await output.item(item)
      },
    ]),
  )

  const faulting = Object.fromEntries(
    faultCommandNames.map((name): [string, Command] => [
      name,
      async (args, output) => {
        for (const item of await runFaultCommand(name, args, faults)) await output.item(item)
      },
    ]),
  )

  return {
    ...administration,
    ...faulting,
    'audit tail': reading('audit tail'),
    'audit show': reading('audit show'),
    'audit verify': reading('audit verify'),
    'storage verify': reading('storage verify'),
    explain: reading('explain'),
    'who-can': reading('who-can'),
    'seal status': async (_args, output) => output.item(await sealStatus(seal, dataDir, keyFile)),
    'import-seed': async (args, output) => output.item(await importSeed(args, applySeed)),
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
