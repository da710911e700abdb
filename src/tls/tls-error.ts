/** Certificate and key can't be used for HTTPS. The message says which file, what is wrong and what to do. */
export class TlsError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = 'TlsError'
  }
}
