/** The audit record of one request, from what its operation declared and how it ended. */
import { errorRow, type Refusal } from '#aws/errors.ts'
import type { AuditedResource, Members, Operation, RequestFacts } from '#aws/operation.ts'
import type { AccountId, Region } from '#base/brand.ts'
import { memberText, membersText, type Element, type ElementStructure } from '#cloudtrail/elements.ts'
import {
  errorText,
  operationText,
  placeText,
  recordText,
  resourceText,
  secondText,
  type PlaceText,
} from '#cloudtrail/record.ts'
import type { InjectedFault } from '#ports/faults.ts'
import type { Credential } from '#ports/identities.ts'
import type { Change, Expectation } from '#records/change.ts'
import type { Judgement } from './authorize.ts'
import { judgementText } from './judgement-text.ts'
import type { IncomingRequest } from './request.ts'

/** How far a request came: what its record can say. */
export interface Progress {
  input: Members | undefined
  /** The targets resolved so far, by name. */
  readonly targets: Record<string, unknown>
  /** What was decided about them, in the order of the decisions. */
  readonly judgements: Judgement[]
  /** With the test profile: what this request met, once that was asked. */
  fault?: InjectedFault | 'none' | undefined
}

export interface Ending {
  readonly refused: Refusal | undefined
  readonly output: Members | undefined
  /** The record's `eventID`. */
  readonly eventId: string
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
export function recorder<P>(operation: Operation<P, Expectation, Change>, eventSource: string): Recorder {
  const constant = operationText(eventSource, operation.name, operation.audit.readOnly)
  const { audit } = operation
  const timeText = secondText()
  const places = new Map<string, PlaceText>()
  let last: { readonly region: Region; readonly account: AccountId; readonly text: PlaceText } | undefined
  const placeOf = (region: Region, account: AccountId): PlaceText => {
    if (last?.region !== region || last.account !== account)
      last = { region, account, text: placeNamed(region, account) }
    return last.text
  }
  const placeNamed = (region: Region, account: AccountId): PlaceText => {
    const name = `${region}/${account}`
    const known = places.get(name)
    if (known !== undefined) return known
    const made = placeText(region, account)
    places.set(name, made)
    return made
  }
  return (request, credential, facts, { input, targets, judgements, fault }, { refused, output, eventId }) =>
    recordText({
      operation: constant,
      place: placeOf(facts.region, facts.account),
      userIdentity: credential.userIdentity,
      time: timeText(facts.now),
      client: request.client,
      error: refused === undefined ? '' : errorText(errorRow(refused.code).auditCode ?? refused.code, refused.message),
      requestParameters: input === undefined ? 'null' : shown(audit.request, input, audit.requestExtra(input, targets)),
      responseElements: output === undefined ? 'null' : shown(audit.response, output, audit.responseExtra(targets)),
      additionalEventData: additionalText(
        output === undefined ? undefined : audit.additional(targets, output),
        judgements,
        fault === undefined || fault === 'none' ? undefined : fault.text,
      ),
      requestId: facts.requestId,
      eventId,
      resources: resourcesText(operation, targets, output),
      tlsDetails: request.tlsDetails,
    })
}

// CloudTrail keeps 28 KB of additional data; what operations add of their own is short.
const authorizationBytes = 26_000

/** The operation's own additional data, the fault that was injected, and how each target was authorized. */
function additionalText(
  additional: Members | undefined,
  judgements: readonly Judgement[],
  fault: string | undefined,
): string | undefined {
  const declared = additional === undefined ? '' : membersText(elements(additional))
  const own = fault === undefined ? declared : `${declared === '' ? '' : `${declared},`}"injectedFaults":${fault}`
  if (judgements.length === 0) return own === '' ? undefined : `{${own}}`
  const each = authorizationBytes / judgements.length
  const texts = judgements.map((judgement) => judgementText(judgement, each))
  return `{${own === '' ? '' : `${own},`}"authorization":[${texts.join(',')}]}`
}

/** The members of `names` that are present, then those of `extra`; null when the operation shows nothing. */
function shown(names: readonly string[], members: Members, extra: Members | undefined): string {
  if (names.length === 0) return textOf(extra) ?? 'null'
  let text = extra === undefined ? '' : membersText(elements(extra))
  for (const name of names) {
    const member = members[name]
    // What is shown otherwise than it was sent is shown once.
    if (member === undefined || (extra !== undefined && Object.hasOwn(extra, name))) continue
    text += `${text === '' ? '' : ','}${memberText(name, element(member))}`
  }
  return `{${text}}`
}

function textOf(members: Members | undefined): string | undefined {
  return members === undefined ? undefined : `{${membersText(elements(members))}}`
}

// A declaration names public members only, and a decoded public member is an Element: its type was erased, not its kind.
function element(member: unknown): Element {
  return member as Element
}

function elements(members: Members): ElementStructure {
  return members as ElementStructure
}

function resourcesText<P>(
  operation: Operation<P, Expectation, Change>,
  resolved: Members,
  output: Members | undefined,
): string | undefined {
  let text = ''
  const add = (audited: AuditedResource | undefined): void => {
    if (audited === undefined) return
    text += (text === '' ? '[' : ',') + resourceText(audited.account, audited.type, audited.arn)
  }
  for (const target of operation.targets) {
    const resource = resolved[target.name]
    if (resource !== undefined) add(target.audited(resource))
  }
  if (output !== undefined) add(operation.audit.created(resolved, output))
  return text === '' ? undefined : `${text}]`
}
