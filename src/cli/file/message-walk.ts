import { FileError } from './errors.ts'

/**
 * Follows the framing of an AWS Encryption SDK message (version 2, the committing suites) ahead of the library that decrypts
 * it, and refuses what the library would not refuse well: it throws some framing errors outside of its streams, buffers
 * whole frames of any announced size, and collects and ignores whatever follows the last frame of an unsigned message.
 * https://docs.aws.amazon.com/encryption-sdk/latest/developer-guide/message-format.html
 *
 * It authenticates nothing: that stays with the library.
 */
export interface MessageWalk {
  /** Takes the next bytes of the message before the library gets them. Throws FileError `not-encrypted` or `damaged`. */
  accept(chunk: Buffer): void
  /** The message ended. Throws FileError `damaged` when more was due. */
  end(): void
}

/** The signing and the unsigned suite with key commitment. */
const signingSuite = 0x0578
const unsignedSuite = 0x0478
/** Headers and frames are buffered, so these bound the memory of a decryption. Our own frames are far smaller. */
const maxHeaderLength = 1 << 20
const maxFrameLength = 16 << 20
/** A DER-encoded P-384 signature has at most 104 bytes. */
const maxSignatureLength = 256
const maxDataKeys = 32
const lastFrame = 0xffffffff
const tagLength = 16
const frameHeaderLength = 4 + 12
const lastFrameHeaderLength = 4 + 4 + 12 + 4

const damaged = (what: string): FileError =>
  new FileError('damaged', `the encrypted file is damaged or was changed (${what}): restore it from a good copy`)

interface Header {
  readonly length: number
  readonly frameLength: number
  readonly signed: boolean
}

export function walkMessage(): MessageWalk {
  let phase: 'header' | 'frame' | 'content' | 'last content' | 'signature' | 'done' = 'header'
  let header: Header | undefined
  // The bytes of an element whose length is not known yet, across chunks.
  let pending: Buffer = Buffer.alloc(0)
  let skip = 0
  let sequence = 0

  /** The first `length` bytes of what is pending, or undefined when there are not as many. */
  const peek = (length: number): Buffer | undefined => (pending.length < length ? undefined : pending)
  const drop = (length: number): void => {
    pending = pending.subarray(length)
  }

  /** One step forward; false when it needs more bytes. */
  function step(): boolean {
    if (phase === 'content' || phase === 'last content') {
      const taken = Math.min(skip, pending.length)
      skip -= taken
      drop(taken)
      if (skip > 0) return false
      phase = phase === 'content' ? 'frame' : header?.signed === true ? 'signature' : 'done'
      return true
    }
    if (phase === 'header') {
      header = readHeader(pending)
      if (header === undefined) return false
      drop(header.length)
      phase = 'frame'
      return true
    }
    if (phase === 'frame') return readFrame(header?.frameLength ?? 0)
    if (phase === 'signature') {
      const bytes = peek(2)
      if (bytes === undefined) return false
      const length = bytes.readUInt16BE(0)
      if (length === 0 || length > maxSignatureLength) throw damaged('no signature at its end')
      if (peek(2 + length) === undefined) return false
      drop(2 + length)
      phase = 'done'
      return true
    }
    if (pending.length > 0) throw damaged('there is more after its end')
    return false
  }

  function readFrame(frameLength: number): boolean {
    const bytes = peek(frameHeaderLength)
    if (bytes === undefined) return false
    const first = bytes.readUInt32BE(0)
    const last = first === lastFrame
    if (last && peek(lastFrameHeaderLength) === undefined) return false
    sequence += 1
    if ((last ? bytes.readUInt32BE(4) : first) !== sequence) throw damaged('a part is missing or out of order')
    const content = last ? bytes.readUInt32BE(20) : frameLength
    if (content > frameLength) throw damaged('a part is longer than announced')
    drop(last ? lastFrameHeaderLength : frameHeaderLength)
    skip = content + tagLength
    phase = last ? 'last content' : 'content'
    return true
  }

  return {
    accept(chunk) {
      pending = pending.length === 0 ? chunk : Buffer.concat([pending, chunk])
      while (step());
      // A view would keep the caller's chunk alive, and the next concat would copy it whole.
      if (pending.length > 0) pending = Buffer.from(pending)
    },
    end() {
      if (phase !== 'done') throw damaged('its end is missing')
    },
  }
}

/** The lengths in the header that `bytes` begins with, or undefined when it is not all there yet. */
function readHeader(bytes: Buffer): Header | undefined {
  if (bytes.length > 0) checkFormat(bytes)
  if (bytes.length > maxHeaderLength) throw damaged('its header is too long')
  let at = 3 + 32
  /** Moves behind a field with a 16-bit length before it; false when it is not all there. */
  const field = (): boolean => {
    if (bytes.length < at + 2) return false
    at += 2 + bytes.readUInt16BE(at)
    return bytes.length >= at
  }
  if (!field() || bytes.length < at + 2) return undefined
  const keys = bytes.readUInt16BE(at)
  if (keys === 0 || keys > maxDataKeys) throw damaged(`${keys} encrypted data keys, 1 to ${maxDataKeys} are accepted`)
  at += 2
  for (let index = 0; index < keys * 3; index++) if (!field()) return undefined
  const length = at + 1 + 4 + 32 + tagLength
  if (bytes.length < length) return undefined
  if (bytes[at] !== 2)
    throw new FileError('unsupported', 'the message is not framed: decrypt it with the program that wrote it')
  const frameLength = bytes.readUInt32BE(at + 1)
  if (frameLength === 0 || frameLength > maxFrameLength)
    throw new FileError(
      'unsupported',
      `its frames have ${frameLength} bytes, up to ${maxFrameLength} are accepted: decrypt it with the program that wrote it`,
    )
  return { length, frameLength, signed: bytes.readUInt16BE(1) === signingSuite }
}

function checkFormat(bytes: Buffer): void {
  if (bytes[0] === 1 && (bytes.length < 2 || bytes[1] === 0x80))
    throw new FileError(
      'no-commitment',
      'it was written without key commitment, which is not accepted: encrypt it again with a committing algorithm suite',
    )
  const suite = bytes.length < 3 ? undefined : bytes.readUInt16BE(1)
  if (bytes[0] !== 2 || (suite !== undefined && suite !== signingSuite && suite !== unsignedSuite))
    throw new FileError('not-encrypted', 'not a file that "trent file encrypt" or an AWS Encryption SDK wrote')
}
