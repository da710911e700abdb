/** What is compiled once per operation: its codecs and the constant parts of its audit records. */
import { compileEncoder } from '#aws/json-encode.ts'
import type { Refusal } from '#aws/errors.ts'
import type { Members, Operation, Service } from '#aws/operation.ts'
import { encodeQueryAnswer } from '#aws/query-encode.ts'
import { compileQueryInput } from '#aws/query-decode.ts'
import { compileInput } from '#aws/validate.ts'
import { SecretBytes } from '#base/secret-bytes.ts'
import type { Change, Expectation } from '#records/change.ts'
import type { Random } from '#ports/edge.ts'
import { recorder, type Recorder } from './record.ts'
import { formOf, type IncomingRequest } from './request.ts'

export interface Prepared<P> {
  readonly operation: Operation<P, Expectation, Change>
  /** The request's members, decoded and validated. */
  read(request: IncomingRequest): Members | Refusal
  /** The body of a success; the caller owns it. */
  write(output: Members, requestId: string): Buffer
  readonly record: Recorder
  /** Whether answers hold plaintext. */
  readonly sensitive: boolean
  /** Overwrites what the request and the output hold of secrets. */
  forget(members: Members): void
}

const nothing = Buffer.alloc(0)

/** Throws TypeError when nobody could be asked whether the operation is permitted. */
export function prepare<P>(
  operation: Operation<P, Expectation, Change>,
  service: Service<P, Expectation, Change>,
  random: Random,
): Prepared<P> {
  if ((operation.permission === 'none') !== (operation.targets.length === 0)) {
    throw new TypeError(`${operation.name} must have targets, or say that it needs no permission, and not both`)
  }
  const { protocol } = service
  const secrets = Object.entries({ ...operation.input, ...operation.output })
    .filter(([, field]) => field.sensitive === true && field.kind === 'blob')
    .map(([name]) => name)
  const common = {
    operation,
    record: recorder(operation, service.eventSource, random),
    sensitive: Object.values(operation.output).some((field) => field.sensitive === true),
    forget: (members: Members) => {
      for (const name of secrets) {
        const secret = members[name]
        if (secret instanceof SecretBytes) secret.destroy()
      }
    },
  }
  if (protocol.kind === 'aws-query') {
    const read = compileQueryInput(operation.input)
    return {
      ...common,
      read: (request) => read(formOf(request)),
      write: (output, requestId) =>
        encodeQueryAnswer(operation.name, protocol.namespace, operation.output, output, requestId),
    }
  }
  const read = bodyReader(operation)
  const encode = compileEncoder(operation.output)
  const empty = Object.keys(operation.output).length === 0
  return {
    ...common,
    read,
    write: empty ? () => nothing : encode,
  }
}

/** Reads JSON bodies; one that holds plaintext is overwritten once it was read, for what is read are copies. */
function bodyReader<P>({ input }: Operation<P, Expectation, Change>): Prepared<P>['read'] {
  const read = compileInput(input)
  if (!Object.values(input).some((field) => field.sensitive === true)) return (request) => read(request.body)
  return (request) => {
    const members = read(request.body)
    request.body.fill(0)
    return members
  }
}
