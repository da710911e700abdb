/** What kept the database from doing its work; what an operator has to do differs by kind. */
export type StorageFault =
  'missing' | 'exists' | 'not ours' | 'newer' | 'damaged' | 'read-only' | 'full' | 'busy' | 'unreachable' | 'failed'

/** The database could not do what was asked. The message says what, where and what to do; nothing was stored. */
export class StorageError extends Error {
  readonly fault: StorageFault

  constructor(fault: StorageFault, message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = 'StorageError'
    this.fault = fault
  }
}
