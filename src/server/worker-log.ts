import { createRequire } from 'node:module'
import type { Settings } from '#config/settings.ts'
import type { Logger } from './log.ts'
import type * as log from './log.ts'

const levels = ['debug', 'info', 'warn', 'error'] as const
type Level = (typeof levels)[number]
type Write = (facts: object, message: string) => void

/** The log of a worker. */
export type WorkerLog = Readonly<Record<Level, Write>>

/**
 * As `createLog`. Most workers never write a line, so what writes them is loaded with the first: it is a tenth of what a
 * worker loads.
 */
export function createWorkerLog(least: Settings['logLevel'], bindings: Readonly<Record<string, unknown>>): WorkerLog {
  let made: Logger | undefined
  const writer = (level: Level): Write =>
    levels.indexOf(level) < levels.indexOf(least)
      ? () => undefined
      : (facts, message) => (made ??= load().createLog(least, bindings))[level](facts, message)
  return { debug: writer('debug'), info: writer('info'), warn: writer('warn'), error: writer('error') }
}

// At once, not by import(): what is logged before a crash has to be there after it.
function load(): typeof log {
  const loaded: unknown = createRequire(import.meta.url)('./log.ts')
  return loaded as typeof log
}
