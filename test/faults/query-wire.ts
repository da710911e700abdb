/** A client of IAM and STS over one connection, beside KmsWire. */
import { type AccessKey, region } from './program.ts'
import { requestBytes, Signer, Wire, type WireAnswer } from './wire.ts'

export type Parameters = Readonly<Record<string, string>>
export type QueryService = 'iam' | 'sts'

const versions: Readonly<Record<QueryService, string>> = { iam: '2010-05-08', sts: '2011-06-15' }
const contentType = 'application/x-www-form-urlencoded; charset=utf-8'

/** The form of a request. */
export function formOf(service: QueryService, action: string, parameters: Parameters): Buffer {
  return Buffer.from(new URLSearchParams({ Action: action, Version: versions[service], ...parameters }).toString())
}

/** A whole request, signed by `signer`, which must be one of `service`. */
export function queryRequest(signer: Signer, service: QueryService, action: string, parameters: Parameters): Buffer {
  const body = formOf(service, action, parameters)
  return requestBytes('POST', '/', signer.headers('POST', '/', { 'content-type': contentType }, body), body)
}

/** The signers of one access key. */
export type Signers = Readonly<Record<QueryService | 'kms', Signer>>

export function signersOf(url: string, key: AccessKey): Signers {
  const { host } = new URL(url)
  const signer = (service: string): Signer => new Signer({ key, host, region, service })
  return { kms: signer('kms'), iam: signer('iam'), sts: signer('sts') }
}

export class QueryWire {
  readonly #url: string
  readonly #signers: Signers
  #wire: Wire | undefined

  constructor(url: string, key: AccessKey) {
    this.#url = url
    this.#signers = signersOf(url, key)
  }

  async send(service: QueryService, action: string, parameters: Parameters): Promise<WireAnswer> {
    if (this.#wire?.usable !== true) this.#wire = await Wire.open(this.#url)
    return this.#wire.exchange(queryRequest(this.#signers[service], service, action, parameters))
  }

  /** The XML of a success; throws what the server refused with. */
  async call(service: QueryService, action: string, parameters: Parameters): Promise<string> {
    return successText(action, await this.send(service, action, parameters))
  }

  close(): void {
    this.#wire?.destroy()
    this.#wire = undefined
  }
}

export function successText(action: string, { status, body }: WireAnswer): string {
  const text = body.toString('utf8')
  if (status !== 200) throw new Error(`${action}: ${status} ${text}`)
  return text
}

/** The text of the first element of that name. */
export function elementText(xml: string, name: string): string {
  const found = new RegExp(`<${name}>([^<]*)</${name}>`).exec(xml)?.[1]
  if (found === undefined) throw new Error(`the answer has no ${name}`)
  return found
}

/** The credentials in an answer of CreateAccessKey or of STS. */
export function credentialsIn(xml: string): AccessKey {
  const token = /<SessionToken>([^<]*)<\/SessionToken>/.exec(xml)?.[1]
  return {
    accessKeyId: elementText(xml, 'AccessKeyId'),
    secretAccessKey: elementText(xml, 'SecretAccessKey'),
    ...(token === undefined ? {} : { sessionToken: token }),
  }
}

/** A policy with these statements. */
export const policyText = (...Statement: readonly object[]): string =>
  JSON.stringify({ Version: '2012-10-17', Statement })

/** A policy that allows some actions on everything. */
export const allowing = (...Action: readonly string[]): string => policyText({ Effect: 'Allow', Action, Resource: '*' })
