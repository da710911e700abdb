/** A command's end of the operators' socket. */
import { connect } from 'node:net'
import type { Socket } from 'node:net'
import { join } from 'node:path'
import { ControlError } from './control-error.ts'
import { exitCode } from './exit-code.ts'
import { maxResponseLine, parseResponse, readLines } from './protocol.ts'
import { socketPath } from './socket-path.ts'

export interface ControlReceiver {
  readonly onItem: (item: unknown) => void
  readonly onText?: (line: string) => void
}

/**
 * Has the server of the data directory carry out `command`, and passes on what it answers. 'no server' when none is running
 * there. Throws ControlError, also when the server ends before the command does.
 */
export async function callControl(
  dataDir: string,
  command: string,
  args: unknown,
  receiver: ControlReceiver,
): Promise<'no server' | void> {
  const socket = await connectTo(join(dataDir, 'control.sock'))
  if (socket === undefined) return 'no server'
  return converse(socket, `${JSON.stringify({ command, arguments: args })}\n`, receiver)
}

async function connectTo(path: string): Promise<Socket | undefined> {
  let short
  try {
    short = socketPath(path)
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined
    throw error
  }
  const socket = connect({ path: short.path })
  try {
    await new Promise<void>((resolve, reject) => {
      socket.once('connect', resolve)
      socket.once('error', reject)
    })
    return socket
  } catch (error) {
    const code = codeOf(error)
    // Refused: the socket of a server that was killed.
    if (code === 'ENOENT' || code === 'ECONNREFUSED' || code === 'ENOTDIR') return undefined
    if (code === 'EACCES' || code === 'EPERM') {
      throw new ControlError(`cannot use ${path}: permission denied; run the command as the user that runs trent`)
    }
    throw new ControlError(`cannot connect to ${path}: ${code ?? String(error)}`, exitCode.noServer)
  } finally {
    short.release()
  }
}

function converse(socket: Socket, request: string, { onItem, onText }: ControlReceiver): Promise<void> {
  return new Promise((resolve, reject) => {
    const end = (error?: ControlError): void => {
      socket.destroy()
      if (error === undefined) resolve()
      else reject(error)
    }
    const lost = 'the server ended before it had answered; look at its log'
    socket.on('error', () => end(new ControlError(lost, exitCode.noServer)))
    socket.on('close', () => end(new ControlError(lost, exitCode.noServer)))
    const broken = (): void =>
      end(new ControlError('the server answered with what is not of this protocol', exitCode.unexpected))
    readLines(
      socket,
      maxResponseLine,
      (line) => {
        const response = parseResponse(line)
        if (response === undefined) broken()
        else if ('item' in response) onItem(response.item)
        else if ('text' in response) onText?.(response.text)
        else if ('error' in response) end(new ControlError(response.error.message, response.error.exit))
        else end()
      },
      broken,
    )
    socket.write(request)
  })
}

function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined
}
