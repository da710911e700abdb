/** Starting a thread for one reading command, and passing on what it answers. */
import { startThread } from '#loading/start-thread.ts'
import { ControlError } from './control-error.ts'
import { exitCode } from './exit-code.ts'
import type { FromReading, ReadingStart } from './reading-thread.ts'
import type { ReadingName } from './reading-names.ts'
import type { ReadingSources } from './readings.ts'
import type { CommandOutput } from './server.ts'

// Far more than a page of the trail needs; a reader that needs more ends, the server goes on.
const maxHeapMb = 512

/** Resolves when the command is done; its thread is gone then, and the keys that it was given are overwritten. */
export async function runReading(
  name: ReadingName,
  args: unknown,
  output: CommandOutput,
  sources: ReadingSources,
): Promise<void> {
  const { trailPath, database, hierarchy, anchored } = sources
  const keys = hierarchy?.exportForThread()
  const start: ReadingStart = { name, arguments: args, trailPath, database, hierarchy: keys, anchored }
  const worker = startThread(new URL('./reading-thread.ts', import.meta.url), {
    workerData: start,
    env: {},
    resourceLimits: { maxOldGenerationSizeMb: maxHeapMb },
  })
  let stop = (): void => undefined
  try {
    await new Promise<void>((resolve, reject) => {
      const pass = (sent: Promise<void>): void => {
        sent.then(() => worker.postMessage('next'), reject)
      }
      worker.on('message', (message: FromReading) => {
        if (message.kind === 'item') pass(output.item(message.item))
        else if (message.kind === 'text') pass(output.text(message.text))
        else if (message.kind === 'done') resolve()
        else reject(new ControlError(message.message, message.exit))
      })
      worker.on('error', reject)
      worker.on('exit', () => reject(new ControlError('the command ended early', exitCode.unexpected)))
      stop = () => reject(new ControlError('the command was ended', exitCode.noServer))
      output.signal.addEventListener('abort', stop)
      if (output.signal.aborted) stop()
    })
  } finally {
    output.signal.removeEventListener('abort', stop)
    await worker.terminate()
    // Where the thread ended before it took them.
    if (keys !== undefined) Buffer.from(keys).fill(0)
  }
}
