/** A thread that runs one reading command for a running server, whose own thread has to go on writing. */
import { once } from 'node:events'
import { parentPort, workerData } from 'node:worker_threads'
import type { MessagePort } from 'node:worker_threads'
import { importHierarchy } from '#crypto/key-hierarchy.ts'
import type { AnchorState } from '#storage/anchor.ts'
import { ControlError } from './control-error.ts'
import { exitCode } from './exit-code.ts'
import { readings } from './readings.ts'
import type { ReadingName } from './reading-names.ts'

/** What the thread is started with. */
export interface ReadingStart {
  readonly name: ReadingName
  readonly arguments: unknown
  readonly trailPath: string
  readonly database: string
  /** From `exportForThread`; undefined when the command needs no keys. */
  readonly hierarchy: SharedArrayBuffer | undefined
  readonly anchored: AnchorState | undefined
}

/** The thread waits for a message after each item. */
export type FromReading =
  | { readonly kind: 'item'; readonly item: unknown }
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'done' }
  | { readonly kind: 'failed'; readonly message: string; readonly exit: number }

async function run(port: MessagePort, start: ReadingStart): Promise<void> {
  const post = async (message: FromReading): Promise<void> => {
    port.postMessage(message)
    await once(port, 'message')
  }
  const hierarchy = start.hierarchy && importHierarchy(start.hierarchy)
  const output = {
    item: (item: unknown) => post({ kind: 'item', item }),
    text: (text: string) => post({ kind: 'text', text }),
    // The server ends the whole thread.
    signal: new AbortController().signal,
  }
  let last: FromReading = { kind: 'done' }
  try {
    const { trailPath, database, anchored } = start
    await readings[start.name](start.arguments, output, { trailPath, database, hierarchy, anchored })
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error)
    last = { kind: 'failed', message, exit: error instanceof ControlError ? error.exit : exitCode.unexpected }
  }
  port.postMessage(last)
}

if (parentPort !== null) await run(parentPort, workerData as ReadingStart)
