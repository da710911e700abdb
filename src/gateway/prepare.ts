/** What is compiled once per operation: its codecs and the constant parts of its audit records. */
import { compileEncoder } from '#aws/json-encode.ts'
import type { Refusal } from '#aws/errors.ts'
import type { Members, NamedTarget, Operation, Service } from '#aws/operation.ts'
import { compileQueryAnswer } from '#aws/query-encode.ts'
import { compileQueryInput } from '#aws/query-decode.ts'
import { holdsSecrets } from '#aws/shape.ts'
import { compileInput, destroySecrets } from '#aws/validate.ts'
import type { Change, Expectation } from '#records/change.ts'
import { recorder, type Recorder } from './record.ts'
import { formOf, type IncomingRequest } from './request.ts'

export interface Prepared<P> {
  readonly operation: Operation<P, Expectation, Change>
  /** The targets that a success of the operation uses. */
  readonly usedTargets: readonly NamedTarget<P, Expectation>[]
  /** The request's members, decoded and validated. */
  read(request: IncomingRequest): Members | Refusal
  /** The body of a success; the caller owns it, and a sensitive one is a Buffer. */
  write(output: Members, requestId: string): Buffer | string
  readonly record: Recorder
  /** Whether answers hold plaintext. */
  readonly sensitive: boolean
  /** Overwrites what the request and the output hold of secrets. */
  forget(members: Members): void
}

/** Throws TypeError when nobody could be asked whether the operation is permitted. */
export function prepare<P>(
  operation: Operation<P, Expectation, Change>,
  service: Service<P, Expectation, Change>,
): Prepared<P> {
  if ((operation.permission === 'none') !== (operation.targets.length === 0)) {
    throw new TypeError(`${operation.name} must have targets, or say that it needs no permission, and not both`)
  }
  const { protocol } = service
  const secrets = Object.entries({ ...operation.input, ...operation.output })
    .filter(([, field]) => holdsSecrets(field))
    .map(([name]) => name)
  const common = {
    operation,
    usedTargets: operation.targets.filter(({ countsAsUse }) => countsAsUse === true),
    record: recorder(operation, service.eventSource),
    sensitive: Object.values(operation.output).some(holdsSecrets),
    forget: (members: Members) => {
      for (const name of secrets) destroySecrets(members[name])
    },
  }
  if (protocol.kind === 'aws-query') {
    const read = compileQueryInput(operation.input)
    return {
      ...common,
      read: (request) => read(formOf(request)),
      write: compileQueryAnswer(operation.name, protocol.namespace, operation.output),
    }
  }
  const read = bodyReader(operation)
  const encode = compileEncoder(operation.output)
  const empty = Object.keys(operation.output).length === 0
  return {
    ...common,
    read,
    write: empty ? () => '' : encode,
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
