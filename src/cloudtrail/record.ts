/**
 * The text of a CloudTrail record ("CloudTrail record contents for management, data, and network activity events"). It is
 * put together from fragments that are made once (for an operation, a credential, a connection), because building and
 * serializing an object for each request costs several times as much. The text never contains a raw line feed.
 */
import type { AccountId, Region } from '#base/brand.ts'
import { quoted } from '#base/json-text.ts'
import { inOnePiece } from '#base/one-piece.ts'
import { withinBytes, omitted, truncated } from './record-limits.ts'

/** What is the same in all records of one operation. */
export interface OperationText {
  readonly head: string
  readonly tail: string
  /** The fronts of its latest records, by `client`: within a second those of a client are the same. */
  readonly fronts: Map<string, Front>
}
/** What is the same in all records of one account in one region. */
export interface PlaceText {
  readonly region: string
  readonly tail: string
}
/** A record up to its `userAgent`, and what it was made of. */
interface Front {
  readonly userIdentity: string
  readonly time: string
  readonly place: PlaceText
  readonly text: string
}

const mostFronts = 64

/** The parts of one record. All but ids and `time` are JSON text, or fragments made by the functions below. */
export interface RecordParts {
  /** The `userIdentity` element. */
  readonly userIdentity: string
  /** When the request completed: see `secondText`. */
  readonly time: string
  readonly operation: OperationText
  readonly place: PlaceText
  /** See `clientText`. */
  readonly client: string
  /** See `errorText`; '' when the request succeeded. */
  readonly error: string
  readonly requestParameters: string
  readonly responseElements: string
  readonly additionalEventData: string | undefined
  readonly requestId: string
  readonly eventId: string
  /** See `resourcesText`; undefined when no key is known. */
  readonly resources: string | undefined
  readonly tlsDetails: string | undefined
}

const limits = {
  requestParameters: 102_400,
  responseElements: 102_400,
  additionalEventData: 28_672,
  userAgent: 1024,
  error: 1024,
  record: 262_144,
}

export function operationText(eventSource: string, eventName: string, readOnly: boolean): OperationText {
  return {
    head: `,"eventSource":${JSON.stringify(eventSource)},"eventName":${JSON.stringify(eventName)}`,
    tail: `,"readOnly":${readOnly}`,
    fronts: new Map(),
  }
}

export function placeText(region: Region, account: AccountId): PlaceText {
  const tail = `,"eventType":"AwsApiCall","managementEvent":true,"recipientAccountId":"${account}","eventCategory":"Management"`
  return { region: `,"awsRegion":"${region}"`, tail: inOnePiece(tail) }
}

/** Where the request came from; the caller keeps it for as long as the connection sends the same. User agents are cut at 1 KB. */
export function clientText(sourceIp: string, userAgent: string | undefined): string {
  const address = `,"sourceIPAddress":${JSON.stringify(sourceIp)}`
  if (userAgent === undefined) return address
  return `${address},"userAgent":${JSON.stringify(truncated(userAgent, limits.userAgent))}`
}

/** Why the request failed; both are cut at 1 KB. */
export function errorText(code: string, message: string | undefined): string {
  const name = `,"errorCode":${JSON.stringify(truncated(code, limits.error))}`
  if (message === undefined) return name
  return `${name},"errorMessage":${JSON.stringify(truncated(message, limits.error))}`
}

/** One entry of the `resources` element. */
export function resourceText(account: string, type: string, arn: string): string {
  return `{"accountId":${quoted(account)},"type":${quoted(type)},"ARN":${quoted(arn)}}`
}

/** The `resources` element for KMS keys, in the order given (ReEncrypt: source, then destination). */
export function resourcesText(keys: readonly { readonly account: string; readonly arn: string }[]): string {
  return `[${keys.map(({ account, arn }) => resourceText(account, 'AWS::KMS::Key', arn)).join(',')}]`
}

/** A function that renders epoch milliseconds as `2026-11-21T10:04:00Z` and remembers the second that it rendered last. */
export function secondText(): (milliseconds: number) => string {
  let second = Number.NaN
  let text = ''
  return (milliseconds) => {
    const current = Math.floor(milliseconds / 1000)
    if (current !== second) {
      second = current
      text = `${new Date(current * 1000).toISOString().slice(0, 19)}Z`
    }
    return text
  }
}

/** The record of an API call, at most 256 KB. Parts beyond CloudTrail's limits are replaced by a marker that says so. */
export function recordText(parts: RecordParts): string {
  const { additionalEventData } = parts
  const text = assemble(
    parts,
    withinBytes(parts.requestParameters, limits.requestParameters),
    withinBytes(parts.responseElements, limits.responseElements),
    additionalEventData && withinBytes(additionalEventData, limits.additionalEventData),
    parts.resources,
  )
  // A code unit is at most three bytes of UTF-8.
  if (text.length * 3 <= limits.record || Buffer.byteLength(text) <= limits.record) return text
  const { requestParameters, responseElements, resources } = parts
  return assemble(
    parts,
    omitted(Buffer.byteLength(requestParameters)),
    omitted(Buffer.byteLength(responseElements)),
    additionalEventData && omitted(Buffer.byteLength(additionalEventData)),
    resources && withinBytes(resources, limits.additionalEventData, '[]'),
  )
}

function assemble(
  parts: RecordParts,
  requestParameters: string,
  responseElements: string,
  additional: string | undefined,
  resources: string | undefined,
): string {
  const { operation, place } = parts
  const more = additional === undefined ? '' : `,"additionalEventData":${additional}`
  const keys = resources === undefined ? '' : `,"resources":${resources}`
  const tls = parts.tlsDetails === undefined ? '' : `,"tlsDetails":${parts.tlsDetails}`
  return `${frontOf(parts)}${parts.error},"requestParameters":${requestParameters},"responseElements":${responseElements}${more},"requestID":"${parts.requestId}","eventID":"${parts.eventId}"${operation.tail}${keys}${place.tail}${tls}}`
}

function frontOf({ userIdentity, time, operation, place, client }: RecordParts): string {
  const { fronts } = operation
  const known = fronts.get(client)
  if (known?.time === time && known.userIdentity === userIdentity && known.place === place) return known.text
  const text = inOnePiece(
    `{"eventVersion":"1.11","userIdentity":${userIdentity},"eventTime":"${time}"${operation.head}${place.region}${client}`,
  )
  if (fronts.size >= mostFronts) fronts.clear()
  fronts.set(client, { userIdentity, time, place, text })
  return text
}

/** Something that the service did by itself. */
export interface ServiceEvent {
  /** `CreateKey` (of a service's key, of a replica), `SynchronizeMultiRegionKey`, `DeleteKey`, `RotateKey`, `DeleteExpiredKeyMaterial`. */
  readonly eventName: string
  readonly region: Region
  readonly account: AccountId
  /** The ARN of the key. */
  readonly arn: string
  readonly time: string
  readonly eventId: string
  /** JSON text; undefined where the event has no details (DeleteKey). */
  readonly serviceEventDetails: string | undefined
}

/** The AwsServiceEvent record of `event`: nobody's request, so no request id and no caller but AWS itself. */
export function serviceEventText(event: ServiceEvent): string {
  const { account, region, arn } = event
  const details = event.serviceEventDetails === undefined ? '' : `,"serviceEventDetails":${event.serviceEventDetails}`
  return `{"eventVersion":"1.11","userIdentity":{"accountId":"${account}","invokedBy":"AWS Internal"},"eventTime":"${event.time}","eventSource":"kms.amazonaws.com","eventName":${JSON.stringify(event.eventName)},"awsRegion":"${region}","sourceIPAddress":"AWS Internal","userAgent":"AWS Internal","requestParameters":null,"responseElements":null,"eventID":"${event.eventId}","readOnly":false,"resources":${resourcesText([{ account, arn }])},"eventType":"AwsServiceEvent","managementEvent":true,"recipientAccountId":"${account}"${details},"eventCategory":"Management"}`
}

/** Something that an operator did to the installation, by a command on its machine. */
export interface OperatorEvent {
  /** e.g. `CreateAccount` */
  readonly eventName: string
  /** Default: of what is done to accounts. */
  readonly eventSource?: string
  readonly region: Region
  readonly account: AccountId
  readonly time: string
  readonly eventId: string
  /** JSON text without secrets. */
  readonly requestParameters: string
}

/** The record of `event`: no API call, so it has no request id, and who it was only the machine's own log can say. */
export function operatorEventText(event: OperatorEvent): string {
  const { account, region, eventSource = 'organizations.amazonaws.com' } = event
  return `{"eventVersion":"1.11","userIdentity":{"type":"AWSService","accountId":"${account}","invokedBy":"operator"},"eventTime":"${event.time}","eventSource":"${eventSource}","eventName":${JSON.stringify(event.eventName)},"awsRegion":"${region}","sourceIPAddress":"operator","userAgent":"trent","requestParameters":${event.requestParameters},"responseElements":null,"eventID":"${event.eventId}","readOnly":false,"eventType":"AwsServiceEvent","managementEvent":true,"recipientAccountId":"${account}","eventCategory":"Management"}`
}
