/** The server's end of the operators' socket. */
import { chmodSync, lstatSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import type { Socket } from 'node:net'
import { ControlError } from './control-error.ts'
import { exitCode } from './exit-code.ts'
import { maxRequestLine, parseRequest, readLines } from './protocol.ts'
import type { ControlRequest, ControlResponse } from './protocol.ts'
import { socketPath } from './socket-path.ts'

/** How a command answers. The promises resolve when the client has room for more; they reject when it has gone. */
export interface CommandOutput {
  item(value: unknown): Promise<void>
  text(line: string): Promise<void>
  /** Aborted when the client has gone or the server stops. */
  readonly signal: AbortSignal
}

/** Carries out one command; what it throws is told to the client, a ControlError with its exit code. */
export type Command = (args: unknown, output: CommandOutput) => Promise<void>

export type LoadCommands = () => Promise<Readonly<Record<string, Command>>>

type Report = (what: string, error: unknown) => void

export interface ControlServerOptions {
  /** DIR/control.sock. The caller holds the directory's lock: a socket that is there was left behind. */
  readonly path: string
  /** What it can do by the names that clients call it by, loaded with the first request. */
  readonly commands: LoadCommands
  /** An error that nobody foresaw, to be logged. */
  readonly report?: Report
}

export interface ControlServer {
  /** Ends all commands and removes the socket. */
  close(): Promise<void>
}

const maxClients = 32
const requestTimeoutMs = 10_000

/** Listens at `path`, for its owner only. */
export async function createControlServer(options: ControlServerOptions): Promise<ControlServer> {
  const { commands, path, report = () => undefined } = options
  removeStale(path)
  const stopping = new AbortController()
  const sockets = new Set<Socket>()
  const server = createServer({ allowHalfOpen: false }, (socket) => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
    serve(socket, commands, stopping.signal, report)
  })
  server.maxConnections = maxClients
  const short = socketPath(path)
  try {
    await listenPrivately(server, short.path)
  } catch (error) {
    short.release()
    throw new ControlError(`cannot listen on ${path}: ${reason(error)}`, exitCode.cannotCreate)
  }
  // Not what keeps the process alive.
  server.unref()
  server.on('error', (error) => report('the control socket failed', error))
  return {
    close: () => {
      stopping.abort(new Error('the server is stopping'))
      for (const socket of sockets) socket.destroy()
      return new Promise((resolve) =>
        // Removes the socket's file, by the descriptor that is released only then.
        server.close(() => {
          short.release()
          resolve()
        }),
      )
    },
  }
}

function listenPrivately(server: ReturnType<typeof createServer>, path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    // Bound within the call: nobody else can connect before the mode is right.
    const before = process.umask(0o077)
    try {
      server.listen({ path }, () => {
        server.off('error', reject)
        resolve()
      })
      if (server.listening) chmodSync(path, 0o600)
    } finally {
      process.umask(before)
    }
  })
}

function removeStale(path: string): void {
  const found = lstatSync(path, { throwIfNoEntry: false })
  if (found === undefined) return
  if (!found.isSocket()) {
    throw new ControlError(`${path} is in the way and no socket; move it elsewhere`, exitCode.cannotCreate)
  }
  rmSync(path)
}

function serve(socket: Socket, commands: LoadCommands, stopping: AbortSignal, report: Report): void {
  const gone = new AbortController()
  const timeout = setTimeout(() => socket.destroy(), requestTimeoutMs)
  socket.on('close', () => {
    clearTimeout(timeout)
    gone.abort(new Error('the client has gone'))
  })
  // 'close' follows, and is all that matters.
  socket.on('error', () => undefined)
  let asked = false
  const refuse = (message: string): void => {
    socket.end(encode({ error: { message, exit: exitCode.unexpected } }))
  }
  readLines(
    socket,
    maxRequestLine,
    (line) => {
      if (asked) return
      asked = true
      clearTimeout(timeout)
      const request = parseRequest(line)
      if (request === undefined) {
        refuse('the request is not one of this protocol')
        return
      }
      commands().then(
        (known) => {
          const command = Object.hasOwn(known, request.command) ? known[request.command] : undefined
          if (command === undefined) refuse(`the running server does not know the command ${request.command}`)
          else answer(socket, command, request, AbortSignal.any([gone.signal, stopping]), report)
        },
        (error: unknown) => {
          report('the commands could not be loaded', error)
          refuse(reason(error))
        },
      )
    },
    () => refuse('the request is too long'),
  )
}

function answer(socket: Socket, command: Command, request: ControlRequest, signal: AbortSignal, report: Report): void {
  const output: CommandOutput = {
    item: (item) => send(socket, { item }, signal),
    text: (text) => send(socket, { text }, signal),
    signal,
  }
  command(request.arguments, output).then(
    () => socket.end(encode({ done: true })),
    (error: unknown) => {
      if (signal.aborted) {
        socket.destroy()
        return
      }
      const known = error instanceof ControlError
      if (!known) report(`the command ${request.command} failed`, error)
      socket.end(encode({ error: { message: reason(error), exit: known ? error.exit : exitCode.unexpected } }))
    },
  )
}

const encode = (response: ControlResponse): string => `${JSON.stringify(response)}\n`

/** Waits while the client has not read what was sent: whatever the size of the answer, memory is bounded. */
function send(socket: Socket, response: ControlResponse, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.reject(abortReason(signal))
  if (socket.write(encode(response))) return Promise.resolve()
  return new Promise((resolve, reject) => {
    const settle = (): void => {
      socket.off('drain', settle)
      signal.removeEventListener('abort', settle)
      if (signal.aborted) reject(abortReason(signal))
      else resolve()
    }
    socket.on('drain', settle)
    signal.addEventListener('abort', settle)
  })
}

function abortReason(signal: AbortSignal): Error {
  return signal.reason instanceof Error ? signal.reason : new Error('aborted')
}

function reason(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
