/** What `trent` exits with, after sysexits.h where that has a word for it. Documented in docs/operations.md. */
export const exitCode = {
  ok: 0,
  /** The command ran and found nothing. */
  notFound: 1,
  /** Wrong flags, variables or configuration file. */
  usage: 64,
  /** What is stored is not what was written. */
  damaged: 65,
  /** The seal can't be opened or made. */
  sealed: 66,
  /** The command needs a running server. */
  noServer: 69,
  /** An error that nobody foresaw. */
  unexpected: 70,
  /** Something can't be created, read or written. */
  cannotCreate: 73,
  /** Already running, or the port is in use. */
  busy: 75,
} as const
