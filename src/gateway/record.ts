/** The audit record of one request, from what its operation declared and how it ended. */
import { errorRow, type Refusal } from '#aws/errors.ts'
import type { AuditedResource, Members, Operation, RequestFacts } from '#aws/operation.ts'
import type { AccountId, Region } from '#base/brand.ts'
import { elementText, type ElementStructure } from '#cloudtrail/elements.ts'
import { errorText, operationText, placeText, recordText, secondText, type PlaceText } from '#cloudtrail/record.ts'
import type { Random } from '#ports/edge.ts'
import type { Credential } from '#ports/identities.ts'
import type { Change, Expectation } from '#records/change.ts'
import type { IncomingRequest } from './request.ts'

/** How far a request came: what its record can say. */
export interface Progress {
  input: Members | undefined
  /** The targets resolved so far, by name. */
  readonly targets: Record<string, unknown>
}

export interface Ending {
  readonly refused: Refusal | undefined
  readonly output: Members | undefined
}

/** Makes the record text of one request. */
export type Recorder = (
  request: IncomingRequest,
  credential: Credential,
  facts: RequestFacts,
  progress: Progress,
  ending: Ending,
) => string

/** A recorder for `operation`, with what is the same in all its records prepared. */
export function recorder<P>(
  operation: Operation<P, Expectation, Change>,
  eventSource: string,
  random: Random,
): Recorder {
  const constant = operationText(eventSource, operation.name, operation.audit.readOnly)
  const { audit } = operation
  const timeText = secondText()
  const places = new Map<string, PlaceText>()
  const placeOf = (region: Region, account: AccountId): PlaceText => {
    const name = `${region}/${account}`
    const known = places.get(name)
    if (known !== undefined) return known
    const made = placeText(region, account)
    places.set(name, made)
    return made
  }
  return (request, credential, facts, { input, targets }, { refused, output }) =>
    recordText({
      operation: constant,
      place: placeOf(facts.region, facts.account),
      userIdentity: credential.userIdentity,
      time: timeText(facts.now),
      client: request.client,
      error: refused === undefined ? '' : errorText(errorRow(refused.code).auditCode ?? refused.code, refused.message),
      requestParameters: input === undefined ? 'null' : shown(audit.request, input, audit.requestExtra(input, targets)),
      responseElements: output === undefined ? 'null' : shown(audit.response, output, audit.responseExtra(targets)),
      additionalEventData: output === undefined ? undefined : textOf(audit.additional(targets, output)),
      requestId: facts.requestId,
      eventId: random.uuid(),
      resources: resourcesText(operation, targets, output),
      tlsDetails: request.tlsDetails,
    })
}

function shown(names: readonly string[], members: Members, extra: Members | undefined): string {
  return textOf(pick(names, members, extra)) ?? 'null'
}

function textOf(members: Members | undefined): string | undefined {
  // The declaration names public members only, and a decoded public member is an Element: its type was erased, not its kind.
  return members === undefined ? undefined : elementText(members as ElementStructure)
}

function pick(names: readonly string[], members: Members, extra: Members | undefined): Members | undefined {
  if (names.length === 0) return extra
  const picked: Record<string, unknown> = {}
  for (const name of names) {
    if (members[name] !== undefined) picked[name] = members[name]
  }
  return extra === undefined ? picked : { ...picked, ...extra }
}

function resourcesText<P>(
  operation: Operation<P, Expectation, Change>,
  resolved: Members,
  output: Members | undefined,
): string | undefined {
  let text = ''
  const add = (audited: AuditedResource | undefined): void => {
    if (audited === undefined) return
    // ARNs, account ids and type names hold nothing that JSON escapes.
    const { account, type, arn } = audited
    text += `${text === '' ? '[' : ','}{"accountId":"${account}","type":"${type}","ARN":"${arn}"}`
  }
  for (const target of operation.targets) {
    const resource = resolved[target.name]
    if (resource !== undefined) add(target.audited(resource))
  }
  if (output !== undefined) add(operation.audit.created(resolved, output))
  return text === '' ? undefined : `${text}]`
}
