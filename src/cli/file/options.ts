import { InvalidArgumentError } from 'commander'
import type { EncryptionContext } from './materials.ts'

/** The values of the options of both commands as commander parses them. */
export interface FileOptions {
  readonly keyId?: readonly string[]
  readonly context?: EncryptionContext
  readonly output?: string
  readonly force?: boolean
  readonly json?: boolean
  readonly suite?: string
  readonly cacheMaxAge: number
  readonly cacheMaxMessages: number
  readonly cacheMaxBytes: number
  readonly endpointUrl?: string
  readonly region?: string
  readonly profile?: string
}

/** Collects `--context NAME=VALUE`. Throws InvalidArgumentError. */
export function addContextPair(pair: string, before: EncryptionContext = {}): EncryptionContext {
  const split = pair.indexOf('=')
  if (split < 1) throw new InvalidArgumentError('Write NAME=VALUE.')
  const name = pair.slice(0, split)
  // https://docs.aws.amazon.com/encryption-sdk/latest/developer-guide/concepts.html reserves this prefix.
  if (name.startsWith('aws-crypto-'))
    throw new InvalidArgumentError('Names that begin with "aws-crypto-" are reserved.')
  if (Object.hasOwn(before, name)) throw new InvalidArgumentError(`"${name}" is given twice.`)
  return Object.fromEntries([...Object.entries(before), [name, pair.slice(split + 1)]])
}

/** Collects `--key-id KEY`: an id, an ARN, or an alias. Throws InvalidArgumentError. */
export function addKeyId(keyId: string, before: readonly string[] = []): readonly string[] {
  const arn = /^arn:[^:]+:kms:[^:]+:[^:]+:(?:key|alias)\/.+$/
  const name = /^(?:alias\/.+|[^:/\s]+)$/
  if (!arn.test(keyId) && !(name.test(keyId) && !keyId.includes(':')))
    throw new InvalidArgumentError('Write a key id, a key ARN, alias/NAME, or an alias ARN.')
  return before.includes(keyId) ? before : [...before, keyId]
}

/** A whole number of at least `least`. Throws InvalidArgumentError. */
export function wholeNumber(least: number, most: number): (text: string) => number {
  return (text) => {
    const value = Number(text)
    if (!/^[0-9]+$/.test(text) || value < least || value > most)
      throw new InvalidArgumentError(`Write a whole number from ${least} to ${most}.`)
    return value
  }
}

/** An http or https URL. Throws InvalidArgumentError. */
export function webAddress(text: string): string {
  const url = URL.parse(text)
  if (url === null || (url.protocol !== 'http:' && url.protocol !== 'https:'))
    throw new InvalidArgumentError('Write a URL such as http://127.0.0.1:8736.')
  return text
}
