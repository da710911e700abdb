/** `trent serve`: from flags to a running server, and from signals to its end. */
import { constants } from 'node:os'
import { Command } from 'commander'
import { loadSettings } from '#config/load-settings.ts'
import { optionList, variableOf } from '#config/options.ts'
import { cacheDirectory } from '#server/files.ts'
import { useCompileCache } from '#loading/compile-cache.js'
import { hasLauncher, onLauncherDeath } from './launcher.ts'
import { addSettingsFlags, flagsOf } from './settings-flags.ts'

const variablesOnly = optionList.filter(({ source }) => source === 'variable').map(variableOf)
const details = `
Each option can also be set by a variable (TRENT_DATA_DIR for --data-dir) or by a key of the configuration file
(data-dir: ./data). A flag wins over a variable, a variable over the file. By variables only:
  ${variablesOnly.join(', ')}`

export function serveCommand(): Command {
  const command = new Command('serve').description('run the service')
  addSettingsFlags(command)
  command.addHelpText('after', details)
  return command.action(() => serve(command))
}

// A terminal sends Ctrl-C to every process of its foreground group, and the launcher passes on its own: one key press
// arrives twice.
const echoMs = 300

type Signal = 'SIGTERM' | 'SIGINT' | 'SIGHUP'

/** Ends the process whatever its threads are doing (server/end-process.ts). */
function endNow(code: number): void {
  import('#server/end-process.ts').then(
    ({ endProcess }) => endProcess(code),
    () => process.exit(code),
  )
}

async function serve(command: Command): Promise<void> {
  // Before a worker listens nothing is in flight, and a start may end anywhere.
  let drain = (): void => endNow(0)
  let stoppedBy: { readonly signal: Signal | undefined; readonly at: number } | undefined

  function stop(signal: Signal | undefined): void {
    const now = performance.now()
    if (stoppedBy !== undefined) {
      if (signal === undefined) return
      const isEcho = hasLauncher() && signal !== 'SIGTERM' && signal === stoppedBy.signal && now - stoppedBy.at < echoMs
      if (isEcho) return
      endNow(128 + constants.signals[signal])
      return
    }
    stoppedBy = { signal, at: now }
    drain()
  }
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, () => stop(signal))
  onLauncherDeath(() => stop(undefined))

  const settings = await loadSettings(flagsOf(command), process.env)
  useCompileCache(cacheDirectory(settings.dataDir))
  // First the threads, so that they load beside this one.
  const { WorkerPool } = await import('#server/worker-pool.ts')
  const pool = new WorkerPool(settings.workers)
  const { start } = await import('../main.ts')
  const server = await start(settings, {
    pool,
    willServe: (inOrder) => {
      drain = inOrder
    },
  })
  // Written where nobody reads any more, a line must not end the server.
  process.stdout.on('error', () => undefined)
  for (const line of server.introduction) process.stdout.write(`${line}\n`)
  process.stdout.write(`trent: ready on ${server.url}\n`)
  const { endProcess } = await import('#server/end-process.ts')
  await endProcess(await server.ended)
}
