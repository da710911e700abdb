import type { Readable, Writable } from 'node:stream'
import { SecretBytes } from '#base/secret-bytes.ts'
import { SealError } from './seal-error.ts'

/** Where a person answers: standard input and standard error unless a test says otherwise. */
export interface Terminal {
  readonly input: Readable & { isTTY?: boolean; setRawMode?(raw: boolean): unknown }
  readonly output: Writable
}

const limit = 1024
const interrupt = 0x03
const endOfInput = 0x04
const lineFeed = 0x0a
const carriageReturn = 0x0d
const erase = [0x08, 0x7f]

/** Asks `question` and reads one line without showing it. Throws SealError when there is no terminal or the person gives up. */
export function promptSecret(
  question: string,
  terminal: Terminal = { input: process.stdin, output: process.stderr },
): Promise<SecretBytes> {
  const { input, output } = terminal
  if (input.isTTY !== true || input.setRawMode === undefined) {
    return Promise.reject(
      new SealError('there is no terminal to ask for the passphrase; give it in a file or an environment variable'),
    )
  }
  const typed = Buffer.alloc(limit)
  let length = 0
  return new Promise((resolve, reject) => {
    const finish = (rest: Buffer): void => {
      input.off('data', read).off('end', gone).pause()
      input.setRawMode?.(false)
      if (rest.length > 0) input.unshift(rest)
      output.write('\n')
    }
    const refuse = (message: string, rest: Buffer): void => {
      typed.fill(0)
      finish(rest)
      reject(new SealError(message))
    }
    const gone = (): void => refuse('the terminal was closed before a passphrase was typed', Buffer.alloc(0))
    const read = (chunk: Buffer): void => {
      for (const [index, byte] of chunk.entries()) {
        const rest = chunk.subarray(index + 1)
        if (byte === interrupt || byte === endOfInput) {
          refuse('no passphrase was typed', rest)
          return
        }
        if (byte === lineFeed || byte === carriageReturn) {
          const line = Buffer.alloc(length)
          typed.copy(line)
          typed.fill(0)
          // What was pasted behind the line answers the next question.
          finish(Buffer.from(byte === carriageReturn && rest[0] === lineFeed ? rest.subarray(1) : rest))
          chunk.fill(0)
          resolve(new SecretBytes(line))
          return
        }
        if (erase.includes(byte)) length = withoutLastCharacter(typed, length)
        else if (length === limit) {
          refuse(`a passphrase has at most ${limit} bytes`, rest)
          return
        } else typed[length++] = byte
      }
      chunk.fill(0)
    }
    output.write(question)
    input.setRawMode?.(true)
    input.on('data', read).on('end', gone).resume()
  })
}

/** The length of UTF-8 text when its last character is gone. */
function withoutLastCharacter(text: Buffer, length: number): number {
  let at = length - 1
  while (at > 0 && ((text[at] ?? 0) & 0xc0) === 0x80) at -= 1
  return Math.max(at, 0)
}
