/**
 * A port that anybody else holds is refused, never shared. Workers share theirs by SO_REUSEPORT, which the kernel would also
 * grant to another process of the same user: so the port is first bound exclusively, and once the workers listen, the
 * kernel's table of listening sockets must show none on that address but ours.
 */
import { readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { createServer } from 'node:net'
import type { Address } from '#config/settings.ts'
import { ListenError } from './listen-error.ts'

/** The flag that chooses an address. */
export type ListenFlag = '--listen' | '--metrics-listen' | '--private-endpoint'

/** Binds `address` exclusively for a moment; answers it with the port it got. Throws ListenError. */
export async function probe(address: Address, flag: ListenFlag): Promise<Address> {
  // Who connects in that moment must not wait for an answer that nobody will give.
  const server = createServer((socket) => socket.destroy())
  try {
    const port = await new Promise<number>((resolve, reject) => {
      server.once('error', reject)
      server.listen({ host: address.host, port: address.port, exclusive: true }, () => {
        const bound = server.address()
        resolve(typeof bound === 'object' && bound !== null ? bound.port : address.port)
      })
    })
    return { host: address.host, port }
  } catch (error) {
    throw cannotListen(address, flag, error)
  } finally {
    server.close()
  }
}

/** What the operator is told when listening failed with `error`. */
export function cannotListen(address: Address, flag: ListenFlag, error: unknown): ListenError {
  const where = `${address.host}:${address.port}`
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  if (code === 'EADDRINUSE') {
    return new ListenError(`${where} is in use by another program: stop it, or choose another address with ${flag}`, {
      cause: error,
    })
  }
  if (code === 'EACCES') {
    return new ListenError(`${where} may not be listened on by this user: choose a port above 1023 with ${flag}`, {
      cause: error,
    })
  }
  if (code === 'EADDRNOTAVAIL' || code === 'ENOTFOUND' || code === 'EAI_AGAIN') {
    return new ListenError(`${address.host} is not an address of this machine: choose another with ${flag}`, {
      cause: error,
    })
  }
  return new ListenError(`cannot listen on ${where}: ${error instanceof Error ? error.message : String(error)}`, {
    cause: error,
  })
}

interface Listening {
  readonly local: string
  readonly inode: string
}

/** Throws ListenError when another process listens on the very address and port that this process listens on (Linux only). */
export function refuseSharedPort(address: Address, flag: ListenFlag): void {
  if (process.platform !== 'linux') return
  const own = ownSockets()
  const sockets = [...listening('/proc/self/net/tcp', address.port), ...listening('/proc/self/net/tcp6', address.port)]
  const ourAddresses = new Set(sockets.filter(({ inode }) => own.has(inode)).map(({ local }) => local))
  if (sockets.some(({ local, inode }) => !own.has(inode) && ourAddresses.has(local))) {
    throw new ListenError(
      `${address.host}:${address.port} is also listened on by another program of this user: stop it, or choose another address with ${flag}`,
    )
  }
}

// proc(5): "local_address" is the second column, "st" the fourth (0A is TCP_LISTEN), the inode the tenth.
function listening(table: string, port: number): readonly Listening[] {
  let text: string
  try {
    text = readFileSync(table, 'latin1')
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return []
    throw error
  }
  const suffix = `:${port.toString(16).toUpperCase().padStart(4, '0')}`
  return text.split('\n').flatMap((line): Listening[] => {
    const columns = line.trim().split(/\s+/)
    const [, local, , state] = columns
    const inode = columns[9]
    if (local === undefined || inode === undefined || state !== '0A' || !local.endsWith(suffix)) return []
    return [{ local, inode }]
  })
}

function ownSockets(): ReadonlySet<string> {
  const inodes = new Set<string>()
  for (const fd of readdirSync('/proc/self/fd')) {
    const inode = /^socket:\[(\d+)\]$/.exec(linkOf(fd))?.[1]
    if (inode !== undefined) inodes.add(inode)
  }
  return inodes
}

function linkOf(fd: string): string {
  try {
    return readlinkSync(`/proc/self/fd/${fd}`)
  } catch (error) {
    // Closed since the directory was read.
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return ''
    throw error
  }
}
