/** What is stored is not what was written: an edited, swapped or rolled back row, a broken chain. Fails closed, is alarmed. */
export class IntegrityError extends Error {
  constructor(message: string) {
    super(message)
    this.name = 'IntegrityError'
  }
}
