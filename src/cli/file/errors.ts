/** Why one file was not encrypted or decrypted, in words for the person at the terminal: what is wrong and what to do. */
export class FileError extends Error {
  override readonly name = 'FileError'
  /** A short stable word for programs that read `--json`. */
  readonly code: string

  constructor(code: string, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause })
    this.code = code
  }
}
