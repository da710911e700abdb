/** Logs: JSON lines on standard error. Nothing of a request's content is ever an argument here. */
import { pino, type Logger } from 'pino'

export type { Logger }

/** Written synchronously: what was logged before a crash is there after it. */
export function createLog(level: string, bindings: Readonly<Record<string, unknown>>): Logger {
  const destination = pino.destination({ fd: 2, sync: true })
  return pino({ level, base: bindings, timestamp: pino.stdTimeFunctions.isoTime }, destination)
}
