import { closeSync, openSync, readFileSync, writeSync } from 'node:fs'

const chunkBytes = 4 << 20

/**
 * Writes a recording: `count` raw requests, each after its length in four big-endian bytes. The load generators play one from
 * its begin to its end, so that a request that was recorded once is sent once.
 */
export function writeRecording(path: string, count: number, request: (index: number) => string): void {
  const file = openSync(path, 'w', 0o600)
  try {
    const chunk = Buffer.allocUnsafe(chunkBytes)
    let used = 0
    for (let index = 0; index < count; index++) {
      const text = request(index)
      if (used + 4 + text.length > chunkBytes) {
        writeAll(file, chunk.subarray(0, used))
        used = 0
      }
      used = chunk.writeUInt32BE(text.length, used)
      used += chunk.write(text, used, 'latin1')
    }
    writeAll(file, chunk.subarray(0, used))
  } finally {
    closeSync(file)
  }
}

function writeAll(file: number, bytes: Buffer): void {
  for (let offset = 0; offset < bytes.length;) offset += writeSync(file, bytes, offset)
}

/** The requests of the recording at `path`, as views of one buffer. */
export function readRecording(path: string): Buffer[] {
  const bytes = readFileSync(path)
  const requests: Buffer[] = []
  for (let offset = 0; offset < bytes.length;) {
    const end = offset + 4 + bytes.readUInt32BE(offset)
    requests.push(bytes.subarray(offset + 4, end))
    offset = end
  }
  return requests
}
