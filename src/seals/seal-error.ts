/** The installation can't be sealed or unsealed. The message says what is wrong, where, and what an operator can do. */
export class SealError extends Error {
  constructor(message: string) {
    super(message)
    this.name = 'SealError'
  }
}
